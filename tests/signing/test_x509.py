"""X.509 signing: each signature is checked with the certificate's public key over a text that is built here again."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
import trustme
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing.private_keys import PrivateKey, load_certificates
from neo_wire.signing.sigv4 import Scope
from neo_wire.signing.x509 import Identity, sign

AT = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("eu-west-1", "rolesanywhere")
BODY = b'{"durationSeconds":3600}'
SESSIONS = HttpRequest(
    "POST",
    Url.parse(
        "https://rolesanywhere.eu-west-1.amazonaws.com/sessions"
        "?roleArn=arn:aws:iam::123456789012:role/a%20b&profileArn=arn:aws:rolesanywhere:eu-west-1:123456789012:profile/p"
    ),
    (("Content-Type", "application/json"),),
    BODY,
)


def build(
    key: PrivateKey,
    name: str = "leaf",
    *,
    start: datetime = AT - timedelta(days=1),
    end: datetime = AT + timedelta(days=1),
    extensions: tuple[certificates.ExtensionType, ...] = (),
    issuer: str = "root",
) -> certificates.Certificate:
    builder = (
        certificates.CertificateBuilder()
        .subject_name(certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(0x0123456789ABCDEF0123456789ABCDEF01234567)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256())


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=["rsa", "P-256", "P-384", "P-521"])
def key(request: pytest.FixtureRequest, rsa_key: rsa.RSAPrivateKey) -> PrivateKey:
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    return rsa_key if request.param == "rsa" else ec.generate_private_key(curves[request.param])


def text_that_was_signed(request: HttpRequest, algorithm: str) -> tuple[str, str]:
    """The string to sign, built from the received request as the user guide says, and the signature."""
    authorization = request.header("authorization") or ""
    form = re.fullmatch(
        rf"{algorithm} Credential=(\d+)/(.+), SignedHeaders=(\S+), Signature=([0-9a-f]+)", authorization
    )
    assert form is not None, authorization
    _, scope, names, signature = form.groups()
    pairs = [part.split("=", 1) for part in request.url.query.split("&")] if request.url.query else []
    decoded = [(name.replace("%20", " "), value.replace("%20", " ")) for name, value in pairs]
    query = "&".join(sorted(f"{quote(name, '')}={quote(value, '')}" for name, value in decoded))
    lines = [f"{name}:{request.header(name)}" for name in names.split(";")]
    canonical = "\n".join(
        [request.method, request.url.path, query, *lines, "", names, hashlib.sha256(request.body).hexdigest()]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{algorithm}\n{request.header('x-amz-date')}\n{scope}\n{digest}", signature


def check(request: HttpRequest, certificate: certificates.Certificate) -> None:
    """Verify the signature with the public key of the certificate."""
    public_key = certificate.public_key()
    if isinstance(public_key, rsa.RSAPublicKey):
        text, signature = text_that_was_signed(request, "AWS4-X509-RSA-SHA256")
        public_key.verify(bytes.fromhex(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        text, signature = text_that_was_signed(request, "AWS4-X509-ECDSA-SHA256")
        public_key.verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(hashes.SHA256()))


def test_the_signature_is_that_of_the_key_of_the_certificate(key: PrivateKey) -> None:
    certificate = build(key)
    signed = sign(SESSIONS, Identity(certificate, key), SCOPE, AT)
    check(signed, certificate)
    assert signed.header("x-amz-x509") == base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    assert signed.header("x-amz-x509-chain") is None
    assert signed.header("x-amz-content-sha256") is None
    assert signed.body == BODY
    authorization = signed.header("authorization") or ""
    assert (
        f"Credential={0x0123456789ABCDEF0123456789ABCDEF01234567}/20260101/eu-west-1/rolesanywhere/aws4_request,"
        in (authorization)
    )
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-x509," in authorization


def test_an_rsa_signature_is_the_same_each_time_and_changes_with_the_request(rsa_key: rsa.RSAPrivateKey) -> None:
    identity = Identity(build(rsa_key), rsa_key)
    once, twice = (sign(SESSIONS, identity, SCOPE, AT) for _ in range(2))
    assert once == twice
    other = HttpRequest(SESSIONS.method, SESSIONS.url, SESSIONS.headers, BODY + b" ")
    assert sign(other, identity, SCOPE, AT).header("authorization") != once.header("authorization")
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert sign(SESSIONS, identity, SCOPE, tokyo) == once


def test_a_chain_of_a_real_authority_travels_in_order(rsa_key: rsa.RSAPrivateKey) -> None:
    root = trustme.CA()
    intermediate = root.create_child_ca()
    issued = intermediate.issue_cert("workload.example", key_type=trustme.KeyType.ECDSA)
    bundle = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    identity = Identity.load(bundle, issued.private_key_pem.bytes())
    now = datetime.now(UTC)
    signed = sign(SESSIONS, identity, SCOPE, now)
    leaf, *chain = load_certificates(bundle)
    check(signed, leaf)
    assert len(chain) == 1
    assert signed.header("x-amz-x509-chain") == base64.b64encode(chain[0].public_bytes(Encoding.DER)).decode()
    assert ";x-amz-x509;x-amz-x509-chain," in (signed.header("authorization") or "")

    more = Identity.load(bundle, issued.private_key_pem.bytes(), chain=root.cert_pem.bytes())
    sent = (sign(SESSIONS, more, SCOPE, now).header("x-amz-x509-chain") or "").split(",")
    assert [certificates.load_der_x509_certificate(base64.b64decode(each)) for each in sent] == list(more.chain)
    assert more.chain == (*chain, *load_certificates(root.cert_pem.bytes()))


def test_an_identity_of_each_kind_of_file(key: PrivateKey) -> None:
    certificate, issuer = build(key), build(key, "root")
    lock = BestAvailableEncryption(b"open sesame")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    p12 = pkcs12.serialize_key_and_certificates(b"n", key, certificate, [issuer], lock)
    for identity in (
        Identity.load(certificate.public_bytes(Encoding.PEM), pem, password="open sesame"),
        Identity.load(certificate.public_bytes(Encoding.DER), der, chain=issuer.public_bytes(Encoding.PEM)),
        Identity.load_pkcs12(p12, "open sesame"),
    ):
        check(sign(SESSIONS, identity, SCOPE, AT), certificate)
        assert identity.certificate == certificate
        assert set(identity.chain) <= {issuer}
        assert "sesame" not in repr(identity)
        assert re.fullmatch(r"Identity\('CN=leaf', AWS4-X509-(RSA|ECDSA)-SHA256(, chain of 1)?\)", repr(identity))
    with pytest.raises(SigningError, match="the password is wrong"):
        Identity.load(certificate.public_bytes(Encoding.PEM), pem, password="close sesame")
    with pytest.raises(SigningError, match="the password is wrong"):
        Identity.load_pkcs12(p12, "close sesame")


def test_signing_again_replaces_the_certificate_and_the_chain(rsa_key: rsa.RSAPrivateKey) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with_chain = Identity(build(rsa_key), rsa_key, (build(rsa_key, "root"),))
    bare = Identity(build(other), other)
    once = sign(SESSIONS, with_chain, SCOPE, AT)
    again = sign(once, bare, SCOPE, AT + timedelta(hours=1))
    names = [name for name, _ in again.headers]
    assert sorted(names) == ["Authorization", "Content-Type", "Host", "X-Amz-Date", "X-Amz-X509"]
    check(again, bare.certificate)


def test_the_key_of_another_certificate_is_refused(key: PrivateKey) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SigningError, match="'CN=leaf' cannot be used: the private key belongs to another certificate"):
        Identity(build(key), stranger)
    leaf, issuer = build(key), build(stranger, "root")
    with pytest.raises(SigningError, match="belongs to certificate 2, 'CN=leaf': put it first"):
        Identity(issuer, key, (leaf,))


def test_all_that_is_wrong_with_a_certificate_is_said_at_once(rsa_key: rsa.RSAPrivateKey) -> None:
    usage = certificates.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority = build(rsa_key, extensions=(certificates.BasicConstraints(ca=True, path_length=None), usage))
    with pytest.raises(SigningError) as caught:
        Identity(authority, ec.generate_private_key(ec.SECP256R1()))
    for problem in ("another certificate", "that of a certificate authority", "does not include digital signatures"):
        assert problem in str(caught.value)
    good = certificates.KeyUsage(True, False, False, False, False, False, False, False, False)
    fit = build(rsa_key, extensions=(certificates.BasicConstraints(ca=False, path_length=None), good))
    check(sign(SESSIONS, Identity(fit, rsa_key), SCOPE, AT), fit)


def test_keys_that_cannot_sign_are_refused() -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505  # what is refused
    with pytest.raises(SigningError, match="1024 bits"):
        Identity(build(small), small)
    koblitz = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(SigningError, match="secp256k1"):
        Identity(build(koblitz), koblitz)


def test_certificates_out_of_their_time_sign_nothing(rsa_key: rsa.RSAPrivateKey) -> None:
    hour = timedelta(hours=1)
    expired = build(rsa_key, "old", end=AT - hour)
    future = build(rsa_key, "new", start=AT + hour)
    with pytest.raises(SigningError, match="'CN=old' expired at 2025-12-31 23:00:00"):
        sign(SESSIONS, Identity(expired, rsa_key), SCOPE, AT)
    with pytest.raises(SigningError, match="'CN=new' is not valid before 2026-01-01 01:00:00"):
        sign(SESSIONS, Identity(future, rsa_key), SCOPE, AT)
    sign(SESSIONS, Identity(future, rsa_key), SCOPE, AT + hour)
    sign(SESSIONS, Identity(expired, rsa_key), SCOPE, AT - hour)
    with pytest.raises(SigningError, match=r"'CN=old' expired .*; 'CN=new' is not valid before"):
        Identity(build(rsa_key), rsa_key, (expired, future)).check_validity(AT)


def test_a_naive_time_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    identity = Identity(build(rsa_key), rsa_key)
    naive = AT.replace(tzinfo=None)
    with pytest.raises(SigningError, match="naive"):
        sign(SESSIONS, identity, SCOPE, naive)
    with pytest.raises(SigningError, match="naive"):
        identity.check_validity(naive)


@given(st.binary(min_size=1, max_size=30), st.integers(0, 2000))
def test_a_damaged_certificate_is_a_clear_error(damage: bytes, place: int) -> None:
    key = _FUZZ_KEY
    der = build(key).public_bytes(Encoding.DER)
    at = place % len(der)
    spoiled = der[:at] + damage + der[at + len(damage) :]
    try:
        identity = Identity.load(spoiled, _FUZZ_PEM)
    except SigningError:
        return
    assert identity.certificate.public_key() == key.public_key()
    assert repr(identity)


_FUZZ_KEY = ec.generate_private_key(ec.SECP256R1())
_FUZZ_PEM = _FUZZ_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_without_cryptography_an_identity_names_the_extra() -> None:
    script = textwrap.dedent("""
        import sys
        sys.modules["cryptography"] = None
        from neo_wire.errors import MissingExtra
        from neo_wire.signing.x509 import Identity
        load, load_pkcs12 = Identity.load, Identity.load_pkcs12
        for make in (lambda: load(b"c", b"k"), lambda: load_pkcs12(b"p"), lambda: Identity(None, None)):
            try:
                make()
            except MissingExtra as error:
                print("pip install 'neo-wire[crypto]'" in str(error))
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert run.stdout.split() == ["True"] * 3, run.stderr
