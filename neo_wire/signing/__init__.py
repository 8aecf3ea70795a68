"""AWS request signing, usable without the rest of the library.

Pure functions over `HttpRequest`: sign it in its headers (`sign`) or in its query (`presign`), check a signature
(`verify`), or see how one came about (`explain`). The module `sigv4a` signs for several regions at once, `x509` with a
certificate; both need the extra `neo-wire[crypto]`.
"""

from neo_wire.signing.authorization import Authorization, Refusal, read_authorization
from neo_wire.signing.canonical import (
    NEVER_SIGNED,
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_request,
    payload_hash,
)
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.explain import Explanation, explain
from neo_wire.signing.presign import PresignedRequest, presign
from neo_wire.signing.sigv4 import (
    ALGORITHM,
    S3,
    UNSIGNED_PAYLOAD,
    Scope,
    SigningOptions,
    hmac_signer,
    long_date,
    sign,
    signing_key,
    string_to_sign,
)
from neo_wire.signing.sigv4a import forget_keys
from neo_wire.signing.verify import Verification, verify

__all__ = [
    "ALGORITHM",
    "NEVER_SIGNED",
    "S3",
    "UNSIGNED_PAYLOAD",
    "Authorization",
    "Credentials",
    "Explanation",
    "PresignedRequest",
    "Refusal",
    "Scope",
    "SigningOptions",
    "Verification",
    "canonical_headers",
    "canonical_path",
    "canonical_query",
    "canonical_request",
    "explain",
    "forget_keys",
    "hmac_signer",
    "long_date",
    "payload_hash",
    "presign",
    "read_authorization",
    "sign",
    "signing_key",
    "string_to_sign",
    "verify",
]
