from neo_wire.signing.authorization import Authorization as Authorization
from neo_wire.signing.authorization import Refusal as Refusal
from neo_wire.signing.authorization import read_authorization as read_authorization
from neo_wire.signing.canonical import NEVER_SIGNED as NEVER_SIGNED
from neo_wire.signing.canonical import canonical_headers as canonical_headers
from neo_wire.signing.canonical import canonical_path as canonical_path
from neo_wire.signing.canonical import canonical_query as canonical_query
from neo_wire.signing.canonical import canonical_request as canonical_request
from neo_wire.signing.canonical import payload_hash as payload_hash
from neo_wire.signing.credentials import Credentials as Credentials
from neo_wire.signing.explanation import Explanation as Explanation
from neo_wire.signing.explanation import explain as explain
from neo_wire.signing.presigning import PresignedRequest as PresignedRequest
from neo_wire.signing.presigning import presign as presign
from neo_wire.signing.sigv4 import ALGORITHM as ALGORITHM
from neo_wire.signing.sigv4 import S3 as S3
from neo_wire.signing.sigv4 import UNSIGNED_PAYLOAD as UNSIGNED_PAYLOAD
from neo_wire.signing.sigv4 import Scope as Scope
from neo_wire.signing.sigv4 import SigningOptions as SigningOptions
from neo_wire.signing.sigv4 import hmac_signer as hmac_signer
from neo_wire.signing.sigv4 import long_date as long_date
from neo_wire.signing.sigv4 import sign as sign
from neo_wire.signing.sigv4 import signing_key as signing_key
from neo_wire.signing.sigv4 import string_to_sign as string_to_sign
from neo_wire.signing.sigv4a import forget_keys as forget_keys
from neo_wire.signing.verification import Verification as Verification
from neo_wire.signing.verification import verify as verify

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
