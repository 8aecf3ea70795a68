"""SigV4A against aws-c-auth (through awscrt) and against the published vectors; signatures by the public key."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import pytest
from attrs import evolve
from awscrt import auth as crt
from awscrt.crypto import EC
from awscrt.http import HttpHeaders
from awscrt.http import HttpRequest as CrtRequest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire import signing
from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import sigv4, sigv4a
from neo_wire.signing.canonical import canonical_query, canonical_request, payload_hash
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import S3, Scope, SigningOptions, string_to_sign
from neo_wire.signing.verification import verify

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIALS = Credentials(KEY, SECRET)
TEMPORARY = Credentials(KEY, SECRET, "TOKEN/+==")
SCOPE = Scope("us-east-1", "service")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
AUTHORIZATION = re.compile(
    r"AWS4-ECDSA-P256-SHA256 Credential=(?P<credential>\S+), SignedHeaders=(?P<names>\S+), Signature=(?P<signature>\S+)"
)


def get(url: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"") -> HttpRequest:
    return HttpRequest(method, Url.parse(url), headers, body)


def verifies(request: HttpRequest, *, options: SigningOptions = sigv4.DEFAULT, service: str = "service") -> bool:
    """Whether the Authorization header is a signature of the request, by the published way of making its text."""
    parts = AUTHORIZATION.fullmatch(request.header("authorization") or "")
    assert parts is not None
    names = parts["names"].split(";")
    canonical = canonical_request(
        request,
        request.header("x-amz-content-sha256") or payload_hash(request.body),
        normalize_path=options.normalize_path,
        double_encode_path=options.double_encode_path,
        signed_headers=names,
    )
    date = request.header("x-amz-date") or ""
    assert parts["credential"] == f"{KEY}/{date[:8]}/{service}/aws4_request"
    text = string_to_sign(sigv4a.ALGORITHM, date, f"{date[:8]}/{service}/aws4_request", canonical)
    return sigv4a.is_signature(parts["signature"], text, sigv4a.derive_key_pair(KEY, SECRET).public_key)


def test_the_published_key_pair() -> None:
    pair = sigv4a.derive_key_pair(KEY, SECRET)
    numbers = pair.public_key.public_numbers()
    assert f"{numbers.x:064x}" == "b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1"
    assert f"{numbers.y:064x}" == "865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518"
    value = pair.private_key.private_numbers().private_value
    assert f"{value:064x}" == "7efc8c0e65a324242818c5a50c891c6060b6a00717b7ba3cbe3c5d765be9259c"
    assert str(value) not in repr(pair)
    assert f"{value:x}" not in repr(pair)


def test_a_key_pair_is_derived_once_until_it_is_forgotten() -> None:
    first = sigv4a.derive_key_pair(KEY, SECRET)
    assert sigv4a.derive_key_pair(KEY, SECRET) is first
    assert sigv4a.derive_key_pair("AKIDOTHER", SECRET) is not first
    sigv4a.forget_keys()
    assert sigv4a.derive_key_pair(KEY, SECRET) is not first


def test_all_keys_are_forgotten_at_once() -> None:
    first = sigv4a.derive_key_pair(KEY, SECRET)
    sigv4.signing_key(SECRET, "20260101", "us-east-1", "s3")
    signing.forget_keys()
    assert sigv4.signing_key.cache_info().currsize == 0
    assert sigv4a.derive_key_pair(KEY, SECRET) is not first


def test_a_candidate_above_the_order_takes_the_next_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: list[bytes] = []
    answers = iter(
        [b"\xff" * 32, (sigv4a._ORDER_LESS_TWO + 1).to_bytes(32, "big"), sigv4a._ORDER_LESS_TWO.to_bytes(32, "big")]
    )

    def digest(key: bytes, message: bytes, name: str) -> bytes:
        assert (key, name) == (b"AWS4As", "sha256")
        inputs.append(message)
        return next(answers)

    monkeypatch.setattr("hmac.digest", digest)
    assert sigv4a._private_value("a", "s") == sigv4a._ORDER_LESS_TWO + 1
    fixed = b"\0\0\0\1AWS4-ECDSA-P256-SHA256\0a"
    assert inputs == [fixed + bytes([counter]) + b"\0\0\1\0" for counter in (1, 2, 3)]


def test_no_candidate_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmac.digest", lambda *_: b"\xff" * 32)
    with pytest.raises(SigningError, match="'AKIDHOPELESS'"):
        sigv4a._private_value("AKIDHOPELESS", "s")


def test_the_string_to_sign_of_the_test_suite() -> None:
    signed = sigv4a.sign(get("https://example.amazonaws.com/"), CREDENTIALS, SCOPE, AT)
    names = "host;x-amz-date;x-amz-region-set"
    canonical = canonical_request(signed, payload_hash(b""), signed_headers=names.split(";"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "cf59db423e841c8b7e3444158185aa261b724a5c27cbe762676f3eed19f4dc02"
    )
    assert f"SignedHeaders={names}," in (signed.header("authorization") or "")
    assert signed.header("x-amz-region-set") == "us-east-1"
    assert verifies(signed)


def crt_config(regions: str, credentials: Credentials, options: SigningOptions, **more: object) -> crt.AwsSigningConfig:
    return crt.AwsSigningConfig(
        algorithm=crt.AwsSigningAlgorithm.V4_ASYMMETRIC,
        credentials_provider=crt.AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        ),
        region=regions,
        service="service",
        date=AT,
        use_double_uri_encode=options.double_encode_path,
        should_normalize_uri_path=options.normalize_path,
        signed_body_header_type=crt.AwsSignedBodyHeaderType(int(options.content_sha256)),
        **more,
    )


def crt_signed(request: HttpRequest, config: crt.AwsSigningConfig) -> HttpRequest:
    theirs = CrtRequest(
        request.method,
        request.url.target,
        HttpHeaders([("Host", request.url.authority), *request.headers]),
        BytesIO(request.body) if request.body else None,
    )
    crt.aws_sign_request(theirs, config).result(10)
    path, _, query = theirs.path.partition("?")
    url = Url(request.url.scheme, request.url.host, request.url.port, path, query)
    return HttpRequest(request.method, url, tuple(theirs.headers), request.body)


segments = st.sampled_from(["a", "B-1", "..", ".", "", "%20", "%C3%A9", "x%2Fy", "~u_v", "k=v", "a@b:c", "%25"])
paths = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts))
queries = st.lists(
    st.tuples(
        st.sampled_from(["a", "B", "b-1", "%E1%88%B4", "x.y"]), st.sampled_from(["", "=", "=1", "=%2F", "=a%20b", "=~"])
    ),
    max_size=4,
).map(lambda pairs: "&".join(name + value for name, value in pairs))
header_values = st.text(st.sampled_from('ab \t,"/é'), max_size=8)
headers = st.lists(
    st.tuples(st.sampled_from(["X-Amz-Meta-B", "my-header", "Content-Type", "A1"]), header_values), max_size=4
)
region_sets = st.sampled_from(["*", "us-east-1", "us-east-1,eu-west-1", "us-*,eu-west-1"])
option_sets = st.builds(
    SigningOptions, normalize_path=st.booleans(), double_encode_path=st.booleans(), content_sha256=st.booleans()
)


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    method = draw(st.sampled_from(["GET", "POST", "PUT"]))
    host = draw(st.sampled_from(["example.com", "example.com:8443", "[2001:db8::1]:81", "10.0.0.1"]))
    query = draw(queries)
    url = f"https://{host}{draw(paths)}" + (f"?{query}" if query else "")
    return get(url, *draw(headers), method=method, body=draw(st.binary(max_size=20)))


@settings(deadline=None)
@given(requests(), st.sampled_from([CREDENTIALS, TEMPORARY]), region_sets, option_sets)
def test_both_sign_the_same_text(
    request: HttpRequest, credentials: Credentials, regions: str, options: SigningOptions
) -> None:
    ours = sigv4a.sign(request, credentials, SCOPE, AT, options, regions=regions)
    theirs = crt_signed(request, crt_config(regions, credentials, options))
    assert verifies(ours, options=options)
    assert verifies(theirs, options=options), "a signature of aws-c-auth is one of our text"
    for signed in (ours, theirs):
        outcome = verify(signed, {KEY: credentials}.get, AT, scope=SCOPE, options=options)
        assert outcome, outcome.message
    kept = {(name.lower(), value.strip()) for name, value in ours.headers if name != "Authorization"}
    assert kept == {(name.lower(), value.strip()) for name, value in theirs.headers if name != "Authorization"}
    ours_text, theirs_text = (each.header("authorization") or "" for each in (ours, theirs))
    assert ours_text.partition("Signature=")[0] == theirs_text.partition("Signature=")[0]


@settings(deadline=None)
@given(requests(), st.sampled_from([CREDENTIALS, TEMPORARY]), region_sets, option_sets, st.integers(1, 604_800))
def test_both_presign_the_same_text(
    request: HttpRequest, credentials: Credentials, regions: str, options: SigningOptions, expires: int
) -> None:
    lookup = {KEY: credentials}.get
    options = evolve(options, content_sha256=False)  # aws-c-auth adds no header to a presigned request
    ours = sigv4a.presign(request, credentials, SCOPE, AT, expires=expires, options=options, regions=regions)
    config = crt_config(
        regions,
        credentials,
        options,
        signature_type=crt.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
        expiration_in_seconds=expires,
    )
    theirs = crt_signed(request, config)
    for signed in (ours.to_request(), theirs):
        outcome = verify(signed, lookup, AT, scope=SCOPE, options=options)
        assert outcome, outcome.message
    assert parameters(ours.to_request()) == parameters(theirs)
    assert ours.expires_at == AT + timedelta(seconds=expires)


def parameters(request: HttpRequest) -> list[str]:
    """The canonical form of the query, without the signature, of which no two are equal."""
    return [part for part in canonical_query(request.url.query).split("&") if not part.startswith("X-Amz-Signature=")]


def test_our_signature_verifies_with_the_key_of_aws_c_cal() -> None:
    pair = sigv4a.derive_key_pair(KEY, SECRET)
    key = EC.new_key_from_der_data(
        pair.private_key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    signature = bytes.fromhex(sigv4a.signature("any text", pair))
    assert key.verify(hashlib.sha256(b"any text").digest(), signature)
    assert not key.verify(hashlib.sha256(b"other text").digest(), signature)
    theirs = key.sign(hashlib.sha256(b"any text").digest())
    assert sigv4a.is_signature(theirs.hex(), "any text", pair.public_key)


def test_the_texts_that_aws_c_auth_shows_in_its_log() -> None:
    script = textwrap.dedent("""
        from datetime import UTC, datetime
        from awscrt import auth, http, io
        io.init_logging(io.LogLevel.Info, "stderr")
        request = http.HttpRequest("GET", "/a%20b/../c//d%2Fe?x=1&a=%E1%88%B4&a", http.HttpHeaders([
            ("Host", "example.com"), ("My-Header", " a   b "), ("My-Header", "c")]))
        keys = auth.AwsCredentialsProvider.new_static("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "TOK")
        config = auth.AwsSigningConfig(algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC, credentials_provider=keys,
            region="us-east-1,*", service="service", date=datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
        auth.aws_sign_request(request, config).result(10)
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  # ours
    texts = re.findall(r"with contents \n(.*?)\n\n\[INFO\]", run.stderr, re.DOTALL)
    request = get(
        "https://example.com/a%20b/../c//d%2Fe?x=1&a=%E1%88%B4&a", ("My-Header", " a   b "), ("My-Header", "c")
    )
    signed = sigv4a.sign(request, Credentials(KEY, SECRET, "TOK"), SCOPE, AT, regions=["us-east-1", "*"])
    names = ("host", "my-header", "x-amz-date", "x-amz-region-set", "x-amz-security-token")
    canonical = canonical_request(signed, payload_hash(b""), signed_headers=names)
    assert texts[0] == canonical
    assert texts[1] == string_to_sign(sigv4a.ALGORITHM, "20150830T123600Z", "20150830/service/aws4_request", canonical)
    assert verifies(signed)


@pytest.mark.parametrize("header", ["Host", "X-Amz-Date", "X-Amz-Region-Set", "X-Amz-Security-Token", "Content-Type"])
def test_a_changed_header_breaks_the_signature(header: str) -> None:
    signed = sigv4a.sign(get("https://example.com/", ("Content-Type", "text/plain")), TEMPORARY, SCOPE, AT)
    assert verifies(signed)
    changed = tuple((name, "20150830T123601Z" if name == header else value) for name, value in signed.headers)
    assert not verifies(HttpRequest(signed.method, signed.url, changed, signed.body))


def test_signing_again_replaces_the_first_signature() -> None:
    once = sigv4a.sign(get("https://example.com/"), TEMPORARY, SCOPE, AT, regions="*")
    again = sigv4a.sign(once, CREDENTIALS, SCOPE, AT + timedelta(hours=1), regions="eu-west-1")
    assert verifies(again)
    assert [name for name, _ in again.headers] == ["Host", "X-Amz-Date", "X-Amz-Region-Set", "Authorization"]
    symmetric = sigv4.sign(again, CREDENTIALS, SCOPE, AT)
    assert symmetric.header("x-amz-region-set") is None
    assert symmetric == sigv4.sign(get("https://example.com/"), CREDENTIALS, SCOPE, AT)


def test_s3_and_a_token_added_after_signing() -> None:
    request = get("https://b.s3.amazonaws.com/a%20b//../c", method="PUT", body=b"data")
    signed = sigv4a.sign(request, CREDENTIALS, Scope("us-east-1", "s3"), AT, S3, regions="*")
    assert signed.header("x-amz-content-sha256") == hashlib.sha256(b"data").hexdigest()
    assert verifies(signed, options=S3, service="s3")
    late = sigv4a.sign(request, TEMPORARY, SCOPE, AT, SigningOptions(sign_session_token=False))
    assert late.headers[-1] == ("X-Amz-Security-Token", "TOKEN/+==")
    assert "x-amz-security-token" not in (late.header("authorization") or "")
    assert verifies(late)


def test_a_time_of_another_zone_is_signed_in_utc() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    signed = sigv4a.sign(get("https://example.com/"), CREDENTIALS, SCOPE, tokyo)
    assert signed.header("x-amz-date") == "20150830T123600Z"
    with pytest.raises(SigningError, match="naive"):
        sigv4a.sign(get("https://example.com/"), CREDENTIALS, SCOPE, tokyo.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("regions", "value"),
    [
        ("*", "*"),
        (" us-east-1 ,\tus-west-2 ", "us-east-1,us-west-2"),
        (["us-east-1", " eu-west-* "], "us-east-1,eu-west-*"),
        (iter(["us-gov-west-1"]), "us-gov-west-1"),
    ],
)
def test_region_sets(regions: str | Iterable[str], value: str) -> None:
    assert sigv4a.region_set(regions) == value


@pytest.mark.parametrize(
    ("regions", "told"),
    [
        ([], "is empty"),
        ("", "has '' in it"),
        ("us-east-1,", "has '' in it"),
        ("us east 1", "'us east 1'"),
        (["us-east-1", "eu\r\nx: y", "ü"], r"'eu\\r\\nx: y', 'ü'"),
        (["us-east-1,us-west-2"], "'us-east-1,us-west-2'"),
        ("us-east-1\n", r"'us-east-1\\n'"),
        (["us-east-1", "\x1ceu-west-1"], r"'\\x1ceu-west-1'"),
    ],
)
def test_region_sets_that_are_none(regions: str | list[str], told: str) -> None:
    with pytest.raises(SigningError, match=told):
        sigv4a.sign(get("https://example.com/"), CREDENTIALS, SCOPE, AT, regions=regions)


def test_without_cryptography_sigv4_works_and_sigv4a_names_the_extra() -> None:
    script = textwrap.dedent("""
        import sys
        sys.modules["cryptography"] = None
        from datetime import UTC, datetime
        from neo_wire.errors import MissingExtra
        from neo_wire.http import HttpRequest, Url
        from neo_wire.signing import sigv4, sigv4a
        from neo_wire.signing.credentials import Credentials
        from neo_wire.signing.verification import verify
        request = HttpRequest("GET", Url.parse("https://example.amazonaws.com/"))
        keys = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        scope, at = sigv4.Scope("us-east-1", "service"), datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
        signed = sigv4.sign(request, keys, scope, at)
        print(signed.header("authorization")[-64:], bool(verify(signed, lambda _: keys, at)))
        for asymmetric in (sigv4a.sign, sigv4a.presign):
            try:
                asymmetric(request, keys, scope, at)
            except MissingExtra as error:
                print(error)
        authorization = ("AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=30")
        stranger = HttpRequest("GET", request.url, (("Host", "example.amazonaws.com"), ("X-Amz-Region-Set", "*"),
            ("X-Amz-Date", "20150830T123600Z"), ("Authorization", authorization)))
        outcome = verify(stranger, lambda _: keys, at)
        print(outcome.refusal)
        print(outcome.message)
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  # ours
    needs = "SigV4A needs the package cryptography; install it with: pip install 'neo-wire[crypto]'"
    assert run.stdout.splitlines() == [
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31 True",
        needs,
        needs,
        "unsupported algorithm",
        needs,
    ]
