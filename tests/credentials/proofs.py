"""A verifier of proofs of possession (RFC 9449) for tests, written apart from what makes them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


class NotAProof(Exception):
    """What was sent proves nothing."""


def read_proof(proof: str) -> tuple[dict[str, Any], dict[str, Any], EllipticCurvePublicKey]:
    """Header, payload and public key of a proof whose signature is right."""
    parts = proof.split(".")
    if len(parts) != 3 or any("=" in part for part in parts):
        raise NotAProof("not three parts without padding")
    try:
        header, payload, signature = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
        head, body = json.loads(header), json.loads(payload)
    except ValueError as error:
        raise NotAProof("no JSON") from error
    if json.dumps(head, separators=(",", ":")).encode() != header or b" " in payload:
        raise NotAProof("not compact")
    jwk = head["jwk"]
    if (head["typ"], head["alg"], jwk["kty"], jwk["crv"], len(signature)) != ("dpop+jwt", "ES256", "EC", "P-256", 64):
        raise NotAProof("another kind")
    if set(jwk) != {"kty", "crv", "x", "y"}:
        raise NotAProof("another member, which may be private")
    x, y = (urlsafe_b64decode(jwk[name] + "=") for name in ("x", "y"))
    if (len(x), len(y)) != (32, 32):
        raise NotAProof("coordinates of another length")
    point = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
    public = point.public_key()
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), ".".join(parts[:2]).encode(), ECDSA(SHA256()))
    except InvalidSignature as error:
        raise NotAProof("another signature") from error
    return head, body, public
