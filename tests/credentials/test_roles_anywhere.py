"""IAM Roles Anywhere, against a server that checks certificate, chain and signature by the published process."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.roles_anywhere import find, read_credentials
from neo_wire.errors import CredentialsFetchFailed, MissingExtra, ResourceNotFound, ResponseDecodeError
from neo_wire.http import HttpResponse
from neo_wire.local import LocalServer, NeoService
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import Answers, SetClock, context_of, run
from tests.credentials.roles_anywhere_service import ANCHOR, PROFILE, ROLE, RolesAnywhere


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def service(authority: trustme.CA) -> Iterator[RolesAnywhere]:
    one = RolesAnywhere(x509.load_pem_x509_certificate(authority.cert_pem.bytes()))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = one.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("x-amzn-requestid", "request-5")
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def home(tmp_path: Path, authority: trustme.CA) -> Path:
    write(tmp_path, authority.issue_cert("edge.example", key_type=trustme.KeyType.ECDSA))
    return tmp_path


def write(folder: Path, issued: trustme.LeafCert) -> trustme.LeafCert:
    """Put a certificate, its key and its chain where the profile says."""
    leaf, *chain = [pem.bytes() for pem in issued.cert_chain_pems]
    (folder / "edge.pem").write_bytes(leaf)
    (folder / "chain.pem").write_bytes(b"".join(chain))
    (folder / "edge-key.pem").write_bytes(issued.private_key_pem.bytes())
    return issued


def serial_of(issued: trustme.LeafCert) -> int:
    return x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).serial_number


KEYS = {
    "certificate": "~/edge.pem",
    "private_key": "~/edge-key.pem",
    "trust_anchor_arn": ANCHOR,
    "profile_arn": PROFILE,
    "role_arn": ROLE,
}


def told(home: Path, url: str = "", environ: dict[str, str] | None = None, **changes: str | None) -> Context:
    keys: dict[str, str | None] = {**KEYS, **changes}
    lines = [f"roles_anywhere_{key} = {value}\n" for key, value in keys.items() if value is not None]
    variables = {**({"AWS_ENDPOINT_URL_ROLESANYWHERE": url} if url else {}), **(environ or {})}
    return context_of("[default]\n" + "".join(lines), environ=variables, home=str(home))


def provider(context: Context) -> Provider:
    found = find(context)
    assert not isinstance(found, Skipped), found.reason
    return found


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA], ids=["rsa", "ec"])
def test_a_certificate_of_the_trusted_authority(
    mode: Any, kind: trustme.KeyType, home: Path, service: RolesAnywhere, authority: trustme.CA
) -> None:
    issued = write(home, authority.issue_cert("edge.example", key_type=kind))
    credentials = run(mode.name, provider(told(home, service.url))())
    assert service.serials == [serial_of(issued)]
    assert (credentials.access_key_id, credentials.session_token) == ("ASIA1", "token")
    assert (credentials.account_id, credentials.source) == ("123456789012", "IAM Roles Anywhere")
    assert credentials.expiration is not None
    assert service.bodies == [{}]


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA], ids=["rsa", "ec"])
@pytest.mark.parametrize("in_one_file", [True, False])
def test_a_chain_up_to_the_trusted_authority(
    kind: trustme.KeyType, in_one_file: bool, home: Path, service: RolesAnywhere, authority: trustme.CA
) -> None:
    below = authority.create_child_ca().create_child_ca()
    issued = write(home, below.issue_cert("edge.example", key_type=kind))
    if in_one_file:
        (home / "edge.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    run("sync", provider(told(home, service.url, chain=None if in_one_file else "~/chain.pem"))())
    assert service.serials == [serial_of(issued)]


def test_a_chain_that_is_left_out_is_not_trusted(home: Path, service: RolesAnywhere, authority: trustme.CA) -> None:
    write(home, authority.create_child_ca().issue_cert("edge.example"))
    with pytest.raises(
        CredentialsFetchFailed, match=r"AccessDeniedException from CreateSession: Untrusted certificate.*request-5"
    ):
        run("sync", provider(told(home, service.url))())


def test_what_is_asked_for_beside(home: Path, service: RolesAnywhere) -> None:
    run("sync", provider(told(home, service.url, duration_seconds="900", session_name="edge-1"))())
    assert service.bodies == [{"durationSeconds": 900, "roleSessionName": "edge-1"}]


def test_an_encrypted_key(home: Path, service: RolesAnywhere) -> None:
    key: Any = load_pem_private_key((home / "edge-key.pem").read_bytes(), None)
    encryption = BestAvailableEncryption(b"pass phrase")
    (home / "edge-key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    run(
        "sync", provider(told(home, service.url, {"EDGE_PASSWORD": "pass phrase"}, password_variable="EDGE_PASSWORD"))()
    )
    assert len(service.serials) == 1
    wrong = provider(told(home, service.url, {"EDGE_PASSWORD": "s3cret"}, password_variable="EDGE_PASSWORD"))
    with pytest.raises(CredentialsFetchFailed, match="the password is wrong") as caught:
        run("sync", wrong())
    assert "s3cret" not in str(caught.value) + repr(wrong)


@pytest.mark.parametrize("password", [None, b"pass phrase"])
def test_a_pkcs12_file(
    mode: Any, password: bytes | None, home: Path, service: RolesAnywhere, authority: trustme.CA
) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption

    issued = authority.create_child_ca().issue_cert("edge.example")
    leaf, *chain = [x509.load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems]
    key: Any = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    (home / "edge.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"edge", key, leaf, chain, encryption))
    variable = "EDGE_PASSWORD" if password else None
    context = told(
        home,
        service.url,
        {"EDGE_PASSWORD": "pass phrase"},
        certificate=None,
        private_key=None,
        pkcs12=str(home / "edge.p12"),
        password_variable=variable,
    )
    run(mode.name, provider(context)())
    assert service.serials == [leaf.serial_number]


def test_a_renewed_certificate_is_taken_up(
    mode: Any, home: Path, service: RolesAnywhere, authority: trustme.CA
) -> None:
    source = provider(told(home, service.url))
    run(mode.name, source())
    issued = write(home, authority.issue_cert("edge.example"))
    run(mode.name, source())
    assert len(service.serials) == 2
    assert service.serials[1] == serial_of(issued)


def test_a_certificate_that_is_over_is_not_sent(home: Path, service: RolesAnywhere, authority: trustme.CA) -> None:
    write(home, authority.issue_cert("edge.example", not_after=datetime.now(UTC) - timedelta(days=1)))
    service.failures.append((500, "was asked"))
    with pytest.raises(CredentialsFetchFailed, match=r"^credentials from IAM Roles Anywhere: at .* expired at"):
        run("sync", provider(told(home, service.url))())
    assert len(service.failures) == 1


def test_a_key_of_another_certificate(home: Path, service: RolesAnywhere, authority: trustme.CA) -> None:
    other = authority.issue_cert("other.example")
    (home / "edge-key.pem").write_bytes(other.private_key_pem.bytes())
    with pytest.raises(
        CredentialsFetchFailed, match=r"edge\.pem' and .*edge-key\.pem': .*belongs to another certificate"
    ):
        run("sync", provider(told(home, service.url))())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("edge.pem", None, r"edge\.pem' cannot be read: No such file"),
        ("edge-key.pem", None, r"edge-key\.pem' cannot be read: No such file"),
        ("edge-key.pem", b"", "the private key is empty"),
        ("edge.pem", b"nonsense", "no X.509 certificate"),
        ("edge.pem", b"x" * 2_000_000, "longer than"),
    ],
)
def test_files_that_cannot_be_used(home: Path, name: str, content: bytes | None, words: str) -> None:
    if content is None:
        (home / name).unlink()
    else:
        (home / name).write_bytes(content)
    with pytest.raises(CredentialsFetchFailed, match=rf"^credentials from IAM Roles Anywhere: .*{words}"):
        run("sync", provider(told(home))())


@pytest.mark.parametrize("first", [(500, "{}"), (503, "<html>"), (429, '{"message":"slow down"}')])
def test_what_may_pass_is_tried_again(mode: Any, home: Path, service: RolesAnywhere, first: tuple[int, str]) -> None:
    service.failures.append(first)
    clock = SetClock(datetime.now(UTC))
    assert run(mode.name, provider(told(home, service.url))(), clock=clock).access_key_id == "ASIA1"
    assert len(clock.slept) == 1


def test_a_refusal_is_not_repeated(home: Path, service: RolesAnywhere) -> None:
    refusal = '{"__type":"ValidationException","message":"Session name is not accepted"}'
    service.failures += [(400, refusal), (500, "asked again")]
    with pytest.raises(
        CredentialsFetchFailed, match="ValidationException from CreateSession: Session name is not accepted"
    ):
        run("sync", provider(told(home, service.url))())
    assert len(service.failures) == 1


@pytest.mark.parametrize(
    ("region", "environ", "host"),
    [
        ("eu-west-1", {}, "rolesanywhere.eu-west-1.amazonaws.com"),
        ("eu-west-1", {"AWS_REGION": "us-east-1"}, "rolesanywhere.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, "rolesanywhere-fips.us-gov-west-1.amazonaws.com"),
        ("eu-west-1", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "rolesanywhere.eu-west-1.api.aws"),
    ],
)
def test_the_region_is_that_of_the_trust_anchor(home: Path, region: str, environ: dict[str, str], host: str) -> None:
    body = {"credentialSet": [{"credentials": CREDENTIALS}]}
    exchange = Answers([HttpResponse(201, (), json.dumps(body).encode())])
    context = told(
        home,
        environ=environ,
        trust_anchor_arn=ANCHOR.replace("eu-west-1", region),
        profile_arn=PROFILE.replace("eu-west-1", region),
    )
    run("sync", provider(context)(), exchange, SetClock(datetime.now(UTC)))
    assert exchange.requests[0].url.host == host
    assert f"/{region}/rolesanywhere/" in (exchange.requests[0].header("authorization") or "")


def test_without_the_package_it_asks_for_the_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = provider(told(home))
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(MissingExtra, match=r"neo-wire\[crypto\]"):
        run("sync", source())


def test_a_profile_without_such_keys() -> None:
    helper = "[default]\ncredential_process = aws_signing_helper credential-process --certificate /edge.pem\n"
    for text in ("", "[default]\nregion = eu-west-1\n", helper):
        assert isinstance(find(context_of(text)), Skipped)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"certificate": None},
            "roles_anywhere_certificate is missing; give the path of a file, or roles_anywhere_pkcs12",
        ),
        ({"private_key": None}, "roles_anywhere_private_key is missing"),
        ({"pkcs12": "~/edge.p12"}, "pkcs12 holds what roles_anywhere_certificate, roles_anywhere_private_key would"),
        ({"role_arn": None}, "roles_anywhere_role_arn is missing; give the ARN of a role"),
        ({"role_arn": "edge"}, r"roles_anywhere_role_arn \(/config, line 6, \[default\]\) is 'edge'"),
        ({"trust_anchor_arn": PROFILE}, "give the ARN of a trust anchor"),
        ({"profile_arn": ANCHOR}, "give the ARN of a profile of IAM Roles Anywhere"),
        ({"profile_arn": PROFILE.replace("eu-west-1", "us-east-1")}, "lies in eu-west-1, .* in us-east-1; take both"),
        ({"duration_seconds": "899"}, "give 900 to 43200 seconds"),
        ({"session_name": "a b"}, "roles_anywhere_session_name .* is 'a b'"),
        ({"password_variable": "EDGE_PASSWORD"}, "password_variable .* names no environment variable that is set"),
        (
            {"certificat": "x"},
            "roles_anywhere_certificat: there is no such key; there are roles_anywhere_certificate, ",
        ),
        ({"certificate": ""}, r"roles_anywhere_certificate .* is ''; give the path of a file"),
    ],
)
def test_profiles_that_cannot_be_used(home: Path, changes: dict[str, str | None], words: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=rf"^credentials from IAM Roles Anywhere: in the .*{words}"):
        find(told(home, "", None, **changes))


def test_a_password_in_place_of_the_name_of_its_variable_is_not_shown(home: Path) -> None:
    with pytest.raises(CredentialsFetchFailed, match="password_variable") as caught:
        find(told(home, "", None, password_variable="correct horse"))
    assert "horse" not in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(home: Path) -> None:
    with pytest.raises(CredentialsFetchFailed) as caught:
        find(told(home, certificate=None, role_arn="edge", duration_seconds="x", other="y"))
    for word in ("roles_anywhere_certificate is missing", "'edge'", "'x'", "roles_anywhere_other"):
        assert word in str(caught.value)


CREDENTIALS = {
    "accessKeyId": "ASIA1",
    "secretAccessKey": "s3cret",
    "sessionToken": "t0ken",
    "expiration": "2199-01-01T00:00:00Z",
}


def test_an_answer() -> None:
    sets = [{"credentials": CREDENTIALS, "roleArn": ROLE}, {"credentials": {}}]
    body = json.dumps({"credentialSet": sets, "new": 1}).encode()
    assert read_credentials(HttpResponse(201, (), body), "123456789012") == Credentials(
        "ASIA1",
        "s3cret",
        "t0ken",
        expiration=datetime(2199, 1, 1, tzinfo=UTC),
        account_id="123456789012",
        source="IAM Roles Anywhere",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "credentialSet is missing or empty"),
        ({"credentialSet": []}, "credentialSet is missing or empty"),
        ({"credentialSet": {}}, "credentialSet is missing or empty"),
        ({"credentialSet": [1]}, "credentialSet is missing or empty"),
        ({"credentialSet": [{}]}, "credentials is missing"),
        ({"credentialSet": [{"credentials": {**CREDENTIALS, "sessionToken": ""}}]}, "sessionToken is missing"),
        ({"credentialSet": [{"credentials": {**CREDENTIALS, "accessKeyId": 1}}]}, "accessKeyId is a number"),
        ({"credentialSet": [{"credentials": {**CREDENTIALS, "expiration": "soon"}}]}, "expiration is no time"),
        ({"credentialSet": [{"credentials": {**CREDENTIALS, "secretAccessKey": "s3c ret"}}]}, "has a character"),
        ([], "instead of an object"),
        ("x" * 300_000, "more than 256 KiB"),
    ],
)
def test_what_are_no_credentials(value: object, words: str) -> None:
    with pytest.raises(ResponseDecodeError, match=words) as caught:
        read_credentials(HttpResponse(201, (), json.dumps(value).encode()), None)
    for secret in ("s3c", "t0ken"):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.__dict__)


def test_it_signs_requests_that_the_local_service_accepts(mode: Any, home: Path, service: RolesAnywhere) -> None:
    cache = CredentialsCache(provider(told(home, service.url)), random=lambda: 0.5)
    temporary = run(mode.name, cache.current(10))
    with LocalServer(NeoService(credentials=temporary)) as server:
        options = {"region": "eu-west-1", "endpoint_url": server.url, "credentials": temporary}
        with pytest.raises(ResourceNotFound):
            mode.call("describe_compilation_job", "nothing", client=options)
