from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode

import pytest
from awscrt.crypto import EC, ECRawSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from neo_wire.credentials.dpop import dpop_proof, proof_key
from neo_wire.errors import SigningError
from neo_wire.http import Url
from tests.credentials.proofs import NotAProof, read_proof
from tests.credentials.servers import START

URL = Url.parse("https://eu-west-1.signin.aws.amazon.com/v1/token?query=1")


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Ed25519PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS#8", "SEC1"])
def test_a_proof_says_what_is_sent_and_is_signed(form: PrivateFormat) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    header, payload, public = read_proof(dpop_proof(proof_key(pem(key, form)), "POST", URL, START, "an-id"))
    assert list(header) == ["typ", "alg", "jwk"]
    assert list(payload.items()) == [
        ("htm", "POST"),
        ("htu", "https://eu-west-1.signin.aws.amazon.com/v1/token"),
        ("iat", int(START.timestamp())),
        ("jti", "an-id"),
    ]
    assert public.public_numbers() == key.public_key().public_numbers()


@pytest.mark.parametrize("number", [43, 379])
def test_coordinates_keep_their_leading_zeros(number: int) -> None:
    key = ec.derive_private_key(number, ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    assert min(numbers.x, numbers.y) < 2**248, "the key was chosen for a short coordinate"
    _, _, public = read_proof(dpop_proof(key, "POST", URL, START, "an-id"))
    assert public.public_numbers() == numbers


def test_the_verifier_of_these_tests_can_say_no() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    head, payload, signature = dpop_proof(key, "POST", URL, START, "an-id").split(".")
    for tampered in (
        f"{head}.{payload[:-4]}AAAA.{signature}",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload}",
    ):
        with pytest.raises(NotAProof):
            read_proof(tampered)


def test_the_library_that_botocore_uses_finds_the_signature_right() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    proof = dpop_proof(key, "POST", URL, START, "an-id")
    statement, _, signature = proof.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    theirs = EC.new_key_from_der_data(der)
    encoded = EC.encode_raw_signature(ECRawSignature(r=raw[:32], s=raw[32:]))
    assert theirs.verify(hashlib.sha256(statement.encode()).digest(), encoded)
    assert not theirs.verify(hashlib.sha256(proof.encode()).digest(), encoded)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pem(ec.derive_private_key(9, ec.SECP384R1()), PrivateFormat.PKCS8), "not an elliptic curve key on P-256"),
        (pem(rsa.generate_private_key(65537, 2048), PrivateFormat.PKCS8), "not an elliptic curve key on P-256"),
        (pem(Ed25519PrivateKey.generate(), PrivateFormat.PKCS8), "only RSA and elliptic curve keys"),
        ("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "damaged"),
        ("", "empty"),
        ("hidden \ud800", "damaged"),
    ],
    ids=["P-384", "RSA", "Ed25519", "damaged", "empty", "no text"],
)
def test_another_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(SigningError, match=said) as raised:
        proof_key(text)
    assert "hidden" not in str(raised.value)
