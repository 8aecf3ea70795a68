"""Signature version 4A: one signature that is good in several regions, by ECDSA over P-256.

The key pair is derived from the secret access key, so the service, which knows that too, can verify. The credential
scope has no region; the regions stand in X-Amz-Region-Set. Needs the package `cryptography`, from `neo-wire[crypto]`.

Source: IAM user guide, "AWS Signature Version 4 for API requests", section SigV4A; the key derivation is the
counter mode of NIST SP 800-108, with the constants of aws-c-auth's key_derivation.c.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest
from neo_wire.signing import sigv4
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.presigning import PresignedRequest, authorize_query
from neo_wire.signing.private_keys import require_cryptography
from neo_wire.signing.sigv4 import DEFAULT, TERMINATOR, Scope, SigningOptions, authorize, long_date
from neo_wire.values import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

ALGORITHM: Final = "AWS4-ECDSA-P256-SHA256"

_ORDER_LESS_TWO: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC63254F  # n - 2 of P-256
_REGION_PATTERN: Final = re.compile(r"[a-zA-Z0-9*-]{1,63}")


@frozen(eq=False, repr=False)
class KeyPair(Value):
    """The key pair that belongs to an AWS key pair; its secret half is never shown."""

    private_key: EllipticCurvePrivateKey = field(repr=False)
    public_key: EllipticCurvePublicKey = field(repr=False)


def derive_key_pair(access_key_id: str, secret_access_key: str) -> KeyPair:
    """Derive the key pair; it depends on no date, region or service, and the last few are kept.

    Raises:
        MissingExtra: `cryptography` is not installed.
        SigningError: no counter gives a key, which happens once in 2**8128 pairs.
    """
    require_cryptography("SigV4A")
    return _derived(access_key_id, secret_access_key)


@lru_cache(maxsize=8)
def _derived(access_key_id: str, secret_access_key: str) -> KeyPair:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    private_key = derive_private_key(_private_value(access_key_id, secret_access_key), SECP256R1())
    return KeyPair(private_key, private_key.public_key())


def _private_value(access_key_id: str, secret_access_key: str) -> int:
    key = f"AWS4A{secret_access_key}".encode()
    label = ALGORITHM.encode() + b"\0" + access_key_id.encode()
    for counter in range(1, 255):
        message = b"\0\0\0\1" + label + bytes([counter]) + (256).to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(key, message, "sha256"), "big")
        if candidate <= _ORDER_LESS_TWO:
            return candidate + 1
    raise SigningError(f"no SigV4A key can be derived for the access key id {access_key_id!r}; use another key pair")


def forget_keys() -> None:
    """Drop all keys that are kept for the next request, those of SigV4 too, for instance when a client is closed."""
    _derived.cache_clear()
    sigv4.forget_keys()


def region_set(regions: str | Iterable[str]) -> str:
    """The value of X-Amz-Region-Set: the regions joined by commas, in the order given.

    Args:
        regions: such as `["us-east-1", "eu-west-*"]`, `"us-east-1,us-west-2"`, or `"*"` for all.

    Raises:
        SigningError: there is none, or one is no region and no pattern of regions.
    """
    items = [item.strip(" \t") for item in (regions.split(",") if isinstance(regions, str) else regions)]
    if not items:
        raise SigningError("the region set is empty; give regions such as us-east-1, or * for all")
    if wrong := [item for item in items if not _REGION_PATTERN.fullmatch(item)]:
        listed = ", ".join(map(repr, wrong))
        raise SigningError(f"the region set has {listed} in it; give regions such as us-east-1, or * for all")
    return ",".join(items)


def credential_scope(short_date: str, service: str) -> str:
    """The scope of a SigV4A signature on one day, such as `20260101/s3/aws4_request`: it has no region."""
    return f"{short_date}/{service}/{TERMINATOR}"


def sign(
    request: HttpRequest,
    credentials: Credentials,
    scope: Scope,
    at: datetime,
    options: SigningOptions = DEFAULT,
    *,
    regions: str | Iterable[str] | None = None,
) -> HttpRequest:
    """The request with Host, X-Amz-Date, X-Amz-Region-Set, Authorization and, where needed, token and payload hash.

    The same as `sigv4.sign` but for the algorithm. ECDSA takes a random nonce: no two signatures are equal.

    Args:
        request: its body whole, unless `options.payload` stands for it.
        credentials: the key pair, and its session token.
        scope: the service, and the region that stands for the region set when that is not given.
        at: the time of signing, aware.
        options: what of the signing differs between services.
        regions: what the signature is good for, as in `region_set`; None for the region of the scope.

    Raises:
        MissingExtra: `cryptography` is not installed.
        SigningError: the time is naive, a region is none, or the method, a header or the URL cannot be sent as it is.
    """
    key_pair = derive_key_pair(credentials.access_key_id, credentials.secret_access_key)
    date = long_date(at)
    return authorize(
        request,
        date,
        algorithm=ALGORITHM,
        credential=credentials.access_key_id,
        credential_scope=credential_scope(date[:8], scope.service),
        signer=lambda to_sign: signature(to_sign, key_pair),
        session_token=credentials.session_token,
        added=(("X-Amz-Region-Set", region_set(scope.region if regions is None else regions)),),
        options=options,
    )


def presign(
    request: HttpRequest,
    credentials: Credentials,
    scope: Scope,
    at: datetime,
    *,
    expires: int | timedelta = 3600,
    options: SigningOptions = DEFAULT,
    regions: str | Iterable[str] | None = None,
) -> PresignedRequest:
    """Sign a request in its query, as `signing.presign` does, but for several regions.

    Args:
        request: what will be sent; what an earlier signature left is taken off.
        credentials: the key pair, and its session token.
        scope: the service, and the region that stands for the region set when that is not given.
        at: the time of signing, aware.
        expires: for how many seconds it is good, 1 to 604800; cut to what the credentials have left.
        options: what of the signing differs between services; with `S3` the body is not signed.
        regions: what the signature is good for, as in `region_set`; None for the region of the scope.

    Raises:
        MissingExtra: `cryptography` is not installed.
        SigningError: the time is naive, a region is none, `expires` is out of bounds, the credentials have expired, or
            the method, a header or the URL cannot be sent as it is.
    """
    key_pair = derive_key_pair(credentials.access_key_id, credentials.secret_access_key)
    return authorize_query(
        request,
        credentials,
        at,
        expires=expires,
        algorithm=ALGORITHM,
        credential_scope=credential_scope(long_date(at)[:8], scope.service),
        signer=lambda to_sign: signature(to_sign, key_pair),
        added=(("X-Amz-Region-Set", region_set(scope.region if regions is None else regions)),),
        options=options,
    )


def signature(string_to_sign: str, key_pair: KeyPair) -> str:
    """The signature, in hex: ECDSA over the SHA-256 of the string to sign, in ASN.1 DER."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    return key_pair.private_key.sign(string_to_sign.encode(), ECDSA(SHA256())).hex()


def is_signature(signature: str, string_to_sign: str, public_key: EllipticCurvePublicKey) -> bool:
    """Whether the private half of this key made the signature, given in hex, of the string to sign."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        der = bytes.fromhex(signature)
        public_key.verify(der, string_to_sign.encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return der.hex() == signature  # fromhex reads capitals and spaces too, which no signer writes
