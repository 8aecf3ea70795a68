from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from neo_wire.errors import ConfigurationError
from neo_wire.http import Tls
from neo_wire.transports.tls import new_ssl_context, ssl_context

PASSWORD = "hunter2-very-secret"


@pytest.fixture
def bundle(tmp_path: Path, authority: trustme.CA) -> Path:
    path = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> dict[str, str]:
    """Client certificates and keys in all the forms in which they are kept."""
    folder = tmp_path_factory.mktemp("client")
    issued = authority.issue_cert("client.example")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encryption = BestAvailableEncryption(PASSWORD.encode())
    certificate = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content = {
        "cert": certificate,
        "key": plain,
        "both": plain + certificate,
        "encrypted": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
        "traditional": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption),
        "other": authority.issue_cert("other.example").private_key_pem.bytes(),
        "garbage": b"no PEM at all",
        "empty": b"",
    }
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return {name: str(folder / name) for name in (*content, "missing")}


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> str | None:
    """Make a handshake in memory; give the version of TLS that was agreed on."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = {one, other}
    while waiting:
        for side in (one, other):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                pass
    return one.version()


def server(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


# ------------------------------------------------------------------------------------------------------- what is asked


def test_asks_for_the_name_the_authority_and_tls_1_2(bundle: Path, authority: trustme.CA) -> None:
    context = new_ssl_context(Tls(ca_bundle=str(bundle)))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert handshake(context, server(authority, "good.example"), "good.example") == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(context, server(authority, "good.example"), "bad.example")
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        handshake(context, server(trustme.CA(), "good.example"), "good.example")


def test_offers_http_1_1(bundle: Path, authority: trustme.CA) -> None:
    offered = server(authority, "good.example")
    offered.set_alpn_protocols(["h2", "http/1.1"])
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = new_ssl_context(Tls(ca_bundle=str(bundle))).wrap_bio(one, other, server_hostname="good.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    peer = offered.wrap_bio(other, one, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        peer.do_handshake()
    client.do_handshake()
    assert client.selected_alpn_protocol() == "http/1.1"


def test_an_old_version_is_refused(bundle: Path, authority: trustme.CA) -> None:
    old = server(authority, "good.example")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    lax = ssl.create_default_context(cafile=str(bundle))
    lax.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        lax.minimum_version = ssl.TLSVersion.TLSv1
    assert handshake(lax, old, "good.example") == "TLSv1.1"
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        handshake(new_ssl_context(Tls(ca_bundle=str(bundle))), old, "good.example")


def test_without_a_bundle_those_of_certifi_are_trusted() -> None:
    import certifi

    own = ssl.create_default_context(cafile=certifi.where())
    assert new_ssl_context(Tls()).get_ca_certs() == own.get_ca_certs()


def test_httpx_is_not_imported() -> None:
    script = (
        "import sys; from neo_wire.http import Tls; from neo_wire.transports import tls; tls.ssl_context(Tls());"
        "print([name for name in ('httpx', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


# ------------------------------------------------------------------------------------------------------------- sharing


def test_the_same_set_up_has_the_same_context(bundle: Path) -> None:
    first = ssl_context(Tls(ca_bundle=str(bundle)))
    assert ssl_context(Tls(ca_bundle=str(bundle))) is first
    assert ssl_context(Tls()) is ssl_context(Tls()) is not first
    assert new_ssl_context(Tls(ca_bundle=str(bundle))) is not first


def test_a_context_of_the_users_own_is_used_as_it_is() -> None:
    own = ssl.create_default_context()
    assert ssl_context(Tls(context=own)) is own


@pytest.mark.parametrize("context", [True, "context", object()])
def test_what_is_no_context_is_refused(context: object) -> None:
    with pytest.raises(ConfigurationError, match=r"give an ssl\.SSLContext"):
        ssl_context(Tls(context=context))


# --------------------------------------------------------------------------------------------------------- authorities


def test_a_file_of_several_authorities(bundle: Path) -> None:
    trustme.CA(organization_name="Another").cert_pem.write_to_path(str(bundle), append=True)
    assert len(new_ssl_context(Tls(ca_bundle=str(bundle))).get_ca_certs()) == 2


def test_a_folder_of_authorities(tmp_path: Path) -> None:
    names = ("one", "two")
    for name in names:
        trustme.CA(organization_name=name).cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    (tmp_path / "README").write_text("not a certificate")
    (tmp_path / "more").mkdir()
    trusted = new_ssl_context(Tls(ca_bundle=str(tmp_path))).get_ca_certs()
    assert len(trusted) == 2
    assert all(
        (("organizationName", name),) in certificate["subject"]
        for name, certificate in zip(names, trusted, strict=True)
    )


def test_a_folder_as_openssl_hashes_it(tmp_path: Path, authority: trustme.CA) -> None:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    hashed = subprocess.run(  # noqa: S603  # OpenSSL's own name for it
        ["openssl", "x509", "-hash", "-noout", "-in", str(path)],  # noqa: S607  # wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    path.rename(tmp_path / f"{hashed}.0")
    context = new_ssl_context(Tls(ca_bundle=str(tmp_path)))
    assert handshake(context, server(authority, "good.example"), "good.example") == "TLSv1.3"


@pytest.mark.parametrize("path", ["", " ", "\t\n"])
def test_a_blank_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="path of the CA bundle is empty"):
        ssl_context(Tls(ca_bundle=path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", "no PEM certificate"),
        (b"   \n\n", "no PEM certificate"),
        (b"# only a comment\n", "no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n", "cannot be loaded"),
    ],
)
def test_a_bundle_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        ssl_context(Tls(ca_bundle=str(path)))
    assert str(path) in str(caught.value)


def test_a_folder_without_certificates(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("nothing here")
    with pytest.raises(ConfigurationError, match="no PEM certificate") as caught:
        ssl_context(Tls(ca_bundle=str(tmp_path)))
    assert str(tmp_path) in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="nothing is forbidden to this user")
def test_a_bundle_that_may_not_be_read(bundle: Path) -> None:
    bundle.chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
        ssl_context(Tls(ca_bundle=str(bundle)))


# ------------------------------------------------------------------------------------------------ client certificates


@pytest.mark.parametrize(
    ("cert", "key", "password"),
    [
        ("cert", "key", None),
        ("both", None, None),
        ("cert", "both", None),
        ("cert", "encrypted", PASSWORD),
        ("cert", "traditional", PASSWORD),
        ("cert", "key", "needless"),
    ],
)
def test_the_client_shows_its_certificate(
    files: dict[str, str], bundle: Path, authority: trustme.CA, cert: str, key: str | None, password: str | None
) -> None:
    tls = Tls(str(bundle), files[cert], files[key] if key else None, password)
    asking = server(authority, "good.example")
    asking.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(asking)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = new_ssl_context(tls).wrap_bio(to_client, to_server, server_hostname="good.example")
    peer = asking.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, peer):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
    client.do_handshake()
    peer.do_handshake()
    shown = peer.getpeercert()
    assert shown is not None
    assert shown["subjectAltName"] == (("DNS", "client.example"),)


@pytest.mark.parametrize(
    ("cert", "key", "password", "message"),
    [
        ("missing", None, None, "'{cert}' cannot be read: No such file"),
        ("cert", "missing", None, "'{key}' cannot be read: No such file"),
        ("cert", "other", None, "'{cert}' and the key '{key}' do not make a pair"),
        ("cert", None, None, "do not make a pair"),
        ("key", None, None, "do not make a pair"),
        ("garbage", "key", None, "do not make a pair"),
        ("empty", "key", None, "do not make a pair"),
        ("cert", "garbage", None, "do not make a pair"),
        ("cert", "encrypted", None, "'{key}' is encrypted; give its password"),
        ("cert", "traditional", None, "'{key}' is encrypted; give its password"),
        ("cert", "encrypted", "wrong-secret", "'{key}' cannot be opened with the password that was given"),
        ("cert", "traditional", "wrong-secret", "cannot be opened with the password"),
        ("cert", "encrypted", "", "cannot be opened with the password"),
        ("cert", "encrypted", "x" * 5000, "cannot be opened with the password"),
    ],
)
def test_a_client_certificate_that_cannot_be_used(
    files: dict[str, str], cert: str, key: str | None, password: str | None, message: str
) -> None:
    tls = Tls(None, files[cert], files[key] if key else None, password)
    with pytest.raises(ConfigurationError) as caught:
        ssl_context(tls)
    assert message.format(cert=files[cert], key=files[key] if key else "") in str(caught.value)
    assert "wrong-secret" not in str(caught.value)
    assert PASSWORD not in repr(tls)


def test_a_key_without_a_certificate_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="key is given without a client certificate"):
        ssl_context(Tls(client_key=files["key"]))


def test_all_that_is_wrong_is_said_at_once(files: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ssl_context(Tls(ca_bundle=files["missing"], client_cert=files["cert"], client_key=files["other"]))
    assert files["missing"] in str(caught.value)
    assert files["other"] in str(caught.value)


# -------------------------------------------------------------------------------------------------------- SSLKEYLOGFILE


def test_keys_are_logged_when_asked(
    tmp_path: Path, bundle: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    handshake(new_ssl_context(Tls(ca_bundle=str(bundle))), server(authority, "good.example"), "good.example")
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in log.read_text()


def test_a_log_of_keys_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no" / "keys"))
    with pytest.raises(ConfigurationError, match="that SSLKEYLOGFILE names cannot be written: No such file") as caught:
        new_ssl_context(Tls())
    assert str(tmp_path) in str(caught.value)
