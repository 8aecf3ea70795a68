"""Key files of every form that `cryptography` and OpenSSL write; each fault is one clear error."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import MissingExtra, SigningError
from neo_wire.signing import private_keys
from neo_wire.signing.private_keys import PrivateKey, load_certificates, load_pkcs12, load_private_key

PASSWORD = "correct horse ünd so"
PEM_FORMS = [
    (PrivateFormat.PKCS8, False),
    (PrivateFormat.PKCS8, True),
    (PrivateFormat.TraditionalOpenSSL, False),
    (PrivateFormat.TraditionalOpenSSL, True),
]
DER_FORMS = PEM_FORMS[:3]


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=["rsa", "P-256", "P-384", "P-521"])
def key(request: pytest.FixtureRequest, rsa_key: rsa.RSAPrivateKey) -> PrivateKey:
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    return rsa_key if request.param == "rsa" else ec.generate_private_key(curves[request.param])


def dump(key: PrivateKey, encoding: Encoding, form: PrivateFormat, encrypted: bool = False) -> bytes:
    lock: KeySerializationEncryption = BestAvailableEncryption(PASSWORD.encode()) if encrypted else NoEncryption()
    return key.private_bytes(encoding, form, lock)


def public_bytes(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate(
    name: str, key: PrivateKey, issuer: str = "root", issuer_key: PrivateKey | None = None
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
        .sign(issuer_key or key, hashes.SHA256())
    )


@pytest.mark.parametrize(("form", "encrypted"), PEM_FORMS)
def test_pem_keys_come_back(key: PrivateKey, form: PrivateFormat, encrypted: bool) -> None:
    loaded = load_private_key(dump(key, Encoding.PEM, form, encrypted), PASSWORD if encrypted else None)
    assert public_bytes(loaded) == public_bytes(key)


@pytest.mark.parametrize(("form", "encrypted"), DER_FORMS)
def test_der_keys_come_back(key: PrivateKey, form: PrivateFormat, encrypted: bool) -> None:
    loaded = load_private_key(dump(key, Encoding.DER, form, encrypted), PASSWORD.encode() if encrypted else "")
    assert public_bytes(loaded) == public_bytes(key)


@needs_openssl
@pytest.mark.parametrize(
    "command",
    [
        "openssl ecparam -name prime256v1 -genkey",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -aes-256-cbc -pass pass:opensesame",
        "openssl genrsa -traditional -des3 -passout pass:opensesame 2048",
    ],
)
def test_keys_that_openssl_writes(command: str) -> None:
    pem = subprocess.run(command.split(), capture_output=True, check=True).stdout  # noqa: S603  # a constant command
    password = "opensesame" if "opensesame" in command else None
    loaded = load_private_key(b"Bag Attributes\r\n  note\r\n" + pem.replace(b"\n", b"\r\n"), password)
    assert loaded.key_size in (256, 384, 2048)


def test_a_key_beside_its_certificates_is_found(rsa_key: rsa.RSAPrivateKey) -> None:
    leaf = certificate("leaf", rsa_key)
    bundle = leaf.public_bytes(Encoding.PEM) + dump(rsa_key, Encoding.PEM, PrivateFormat.PKCS8)
    assert public_bytes(load_private_key(bundle)) == public_bytes(rsa_key)
    assert load_certificates(bundle) == (leaf,)


def refusal(data: bytes, password: str | bytes | None = None) -> str:
    """The message of the refusal, checked to be alone: no chained error, no password in it."""
    with pytest.raises(SigningError) as caught:
        load_private_key(data, password)
    return checked_text(caught.value, password)


def checked_text(error: SigningError, password: str | bytes | None) -> str:
    assert error.__cause__ is None
    assert error.__context__ is None
    text = str(error)
    shown = password.decode() if isinstance(password, bytes) else password
    assert not shown or shown not in text + repr(error)
    return text


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_passwords_that_do_not_fit(key: PrivateKey, encoding: Encoding) -> None:
    locked = dump(key, encoding, PrivateFormat.PKCS8, encrypted=True)
    plain = dump(key, encoding, PrivateFormat.PKCS8)
    assert "the password is wrong" in refusal(locked, "hunter2-wrong")
    assert "is encrypted: give its password" in refusal(locked)
    assert "is encrypted: give its password" in refusal(locked, b"")
    assert "is not encrypted: leave the password out" in refusal(plain, "hunter2-wrong")


@pytest.mark.parametrize("load", [load_private_key, load_pkcs12])
def test_a_password_that_cannot_be_one_is_not_told(load: Callable[[bytes, Any], object]) -> None:
    for password, told in (("hunter2\udcff", "lone surrogate"), (5, "is a int"), (bytearray(b"hunter2"), "bytearray")):
        with pytest.raises(SigningError, match=f"the password .*{told}") as caught:
            load(b"data", password)
        assert "hunter2" not in checked_text(caught.value, None)


@pytest.mark.parametrize("load", [load_private_key, load_certificates, load_pkcs12])
def test_text_in_place_of_the_bytes_of_a_file_is_refused(load: Callable[[Any], object]) -> None:
    with pytest.raises(SigningError, match="is a str; give the bytes of the file"):
        load("-----BEGIN PRIVATE KEY-----")


def test_a_wrong_password_of_a_traditional_pem(rsa_key: rsa.RSAPrivateKey) -> None:
    locked = dump(rsa_key, Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encrypted=True)
    assert "the password is wrong" in refusal(locked, "hunter2-wrong")
    assert "is encrypted" in refusal(locked)


def test_key_types_that_cannot_sign() -> None:
    weak_dsa = dsa.generate_private_key(1024)  # noqa: S505  # refused for its type, whatever its size
    for other in (ed25519.Ed25519PrivateKey.generate(), weak_dsa):
        pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        assert "only RSA and elliptic curve keys can sign here" in refusal(pem)
    koblitz = ec.generate_private_key(ec.SECP256K1())
    assert "on the curve secp256k1; use one of secp256r1" in refusal(dump(koblitz, Encoding.PEM, PrivateFormat.PKCS8))
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505  # what is refused
    assert "1024 bits; use one of 2048 or more" in refusal(dump(small, Encoding.PEM, PrivateFormat.PKCS8))
    ssh = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    assert "ssh-keygen -p -m PKCS8" in refusal(ssh)


@needs_openssl
def test_a_curve_that_the_parser_does_not_know() -> None:
    command = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp192k1"
    pem = subprocess.run(command.split(), capture_output=True, check=True).stdout  # noqa: S603  # a constant command
    assert "on a curve or encrypted in a way that is not supported" in refusal(pem)


def test_data_without_a_key(rsa_key: rsa.RSAPrivateKey) -> None:
    pem = dump(rsa_key, Encoding.PEM, PrivateFormat.PKCS8)
    leaf = certificate("leaf", rsa_key).public_bytes(Encoding.PEM)
    assert "is empty" in refusal(b"")
    assert "holds CERTIFICATE, CERTIFICATE" in refusal(leaf + leaf)
    assert "no complete block" in refusal(pem[: len(pem) // 2])
    assert "is damaged" in refusal(pem.replace(b"MII", b"AAA"))
    assert "is damaged" in refusal(b"not a key at all")
    assert "holds 2 private keys" in refusal(pem + pem)


@given(st.binary(max_size=200), st.sampled_from([None, "p"]))
def test_no_bytes_break_the_loaders(data: bytes, password: str | None) -> None:
    framed = b"-----BEGIN PRIVATE KEY-----\n" + data + b"\n-----END PRIVATE KEY-----\n"
    for attempt in (data, framed):
        with pytest.raises(SigningError):
            load_private_key(attempt, password)
        with pytest.raises(SigningError):
            load_pkcs12(attempt, password)
        with pytest.raises(SigningError):
            load_certificates(attempt.replace(b"PRIVATE KEY", b"CERTIFICATE"))


def test_certificates_in_every_form(rsa_key: rsa.RSAPrivateKey) -> None:
    leaf, root = certificate("leaf", rsa_key), certificate("root", rsa_key)
    bundle = b"subject=leaf\n" + leaf.public_bytes(Encoding.PEM) + b"issuer=root\r\n" + root.public_bytes(Encoding.PEM)
    assert load_certificates(bundle) == (leaf, root)
    assert load_certificates(leaf.public_bytes(Encoding.DER)) == (leaf,)
    assert load_certificates(bundle.replace(b" CERTIFICATE", b" X509 CERTIFICATE")) == (leaf, root)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"\x30\x03abc", "the certificate is damaged"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate 1 is damaged"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "it holds PUBLIC KEY"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "no complete block"),
    ],
)
def test_data_without_a_certificate(data: bytes, told: str) -> None:
    with pytest.raises(SigningError, match=told) as caught:
        load_certificates(data)
    checked_text(caught.value, None)


def test_a_certificate_with_a_damaged_part_is_refused_before_it_is_asked_for(rsa_key: rsa.RSAPrivateKey) -> None:
    der = certificate("leaf", rsa_key).public_bytes(Encoding.DER)
    name = der.rindex(b"\x0c\x04leaf")  # the tag of a UTF-8 string, in the subject
    with pytest.raises(SigningError, match="the certificate is damaged: its subject, its issuer or an") as caught:
        load_certificates(der[:name] + b"\x00" + der[name + 1 :])
    checked_text(caught.value, None)


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_pkcs12_with_its_chain_in_order(rsa_key: rsa.RSAPrivateKey, password: str | None) -> None:
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("sub", "mid", "root")}
    leaf = certificate("leaf", rsa_key, "sub", keys["sub"])
    sub = certificate("sub", keys["sub"], "mid", keys["mid"])
    mid = certificate("mid", keys["mid"], "root", keys["root"])
    stranger = certificate("stranger", keys["mid"], "elsewhere")
    lock: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    data = pkcs12.serialize_key_and_certificates(b"n", rsa_key, leaf, [stranger, mid, sub], lock)
    held = load_pkcs12(data, password)
    assert public_bytes(held.private_key) == public_bytes(rsa_key)
    assert held.certificate == leaf
    assert held.chain == (sub, mid, stranger)


def test_pkcs12_faults(rsa_key: rsa.RSAPrivateKey) -> None:
    leaf = certificate("leaf", rsa_key)
    lock = BestAvailableEncryption(PASSWORD.encode())
    whole = pkcs12.serialize_key_and_certificates(b"n", rsa_key, leaf, None, lock)
    bare = pkcs12.serialize_key_and_certificates(b"n", rsa_key, None, None, NoEncryption())
    edwards = ed25519.Ed25519PrivateKey.generate()
    signed = (
        x509.CertificateBuilder()
        .subject_name(leaf.subject)
        .issuer_name(leaf.subject)
        .public_key(edwards.public_key())
        .serial_number(5)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
        .sign(rsa_key, hashes.SHA256())
    )
    unsupported = pkcs12.serialize_key_and_certificates(b"n", edwards, signed, None, NoEncryption())
    keyless = pkcs12.serialize_key_and_certificates(None, None, None, [leaf], NoEncryption())
    faults: list[tuple[bytes, str | None, str]] = [
        (b"", None, "is empty"),
        (whole, None, "it needs a password and none was given"),
        (whole, "hunter2-wrong", "the password is wrong"),
        (b"junk", None, "or no PKCS#12"),
        (bare, None, "no certificate of its key"),
        (keyless, None, "no private key and no certificate of its key"),
        (unsupported, None, "only RSA and elliptic curve keys"),
    ]
    for data, password, told in faults:
        with pytest.raises(SigningError, match=told) as caught:
            load_pkcs12(data, password)
        checked_text(caught.value, password)


def test_without_cryptography_each_loader_names_the_extra() -> None:
    script = textwrap.dedent("""
        import sys
        sys.modules["cryptography"] = None
        from neo_wire.errors import MissingExtra
        from neo_wire.signing import private_keys
        for load in (private_keys.load_private_key, private_keys.load_certificates, private_keys.load_pkcs12):
            try:
                load(b"anything")
            except MissingExtra as error:
                assert "pip install 'neo-wire[crypto]'" in str(error), error
                print(load.__name__)
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert run.stdout.split() == ["load_private_key", "load_certificates", "load_pkcs12"], run.stderr


def test_the_requirement_is_met_here() -> None:
    private_keys.require_cryptography("a test")
    assert issubclass(MissingExtra, ImportError)
