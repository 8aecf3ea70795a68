"""Proofs of possession (DPoP): that whoever sends a token has the private key that it was given out for.

Source: RFC 9449, OAuth 2.0 Demonstrating Proof of Possession; RFC 7518 section 3.4, ES256.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING

from neo_wire.errors import SigningError
from neo_wire.http import Url
from neo_wire.signing.private_keys import load_private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def proof_key(pem: str) -> EllipticCurvePrivateKey:
    """The private key that signs proofs.

    Args:
        pem: PKCS#8 or SEC1, not encrypted.

    Raises:
        SigningError: it is none, or no elliptic curve key on P-256.
        MissingExtra: `cryptography` is not installed.
    """
    key = load_private_key(pem.encode(errors="replace"))
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise SigningError("the private key is not an elliptic curve key on P-256, which proofs are signed with")
    return key


def dpop_proof(key: EllipticCurvePrivateKey, method: str, url: Url, at: datetime, proof_id: str) -> str:
    """The value of the DPoP header: a signed statement that this request comes from the owner of the key.

    Args:
        key: on the curve P-256.
        method: of the request.
        url: of the request; its query is no part of a proof.
        at: when the proof is made.
        proof_id: never used before; a proof is good for one request.

    Source: RFC 9449 section 4.2.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    public = key.public_key().public_numbers()
    x, y = (_base64url(coordinate.to_bytes(32, "big")) for coordinate in (public.x, public.y))
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "x": x, "y": y, "crv": "P-256"}}
    payload = {"htm": method, "htu": url.origin + url.path, "iat": int(at.timestamp()), "jti": proof_id}
    statement = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload))
    r, s = decode_dss_signature(key.sign(statement.encode(), ECDSA(SHA256())))
    return f"{statement}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
