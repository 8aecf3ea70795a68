from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from neo_wire.credentials.context import NothingFound
from neo_wire.credentials.metadata_service import MetadataService
from neo_wire.errors import CallTimeout, ConnectTimeout, CredentialsFetchFailed, ReadTimeout, TransportError
from neo_wire.flow import Flow, Monotonic, Send
from neo_wire.http import DIRECT, HttpResponse
from neo_wire.protocol.mismatch import Mismatch
from tests.credentials.contexts import context_of, run
from tests.credentials.instance import TOKEN_PATH, Instance
from tests.credentials.servers import WAYS, Answer, FakeClock, Server, Way, serving

ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
ATTEMPTS = {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"}
VERSION_1 = {"AWS_EC2_METADATA_V1_DISABLED": "false"}


def service_of(server: Server | None = None, environ: Mapping[str, str] = {}, path: str = "") -> MetadataService:
    endpoint = {ENDPOINT: server.url + path} if server else {}
    return MetadataService(context_of(environ={**endpoint, **environ}))


def read(body: bytes) -> str:
    if not body:
        raise Mismatch("it is empty")
    return body.decode()


def get(service: MetadataService, way: Way = "sync", clock: FakeClock | None = None) -> str | None:
    return run(way, service.get("latest/x", read), clock=clock or FakeClock())


@pytest.mark.parametrize("way", WAYS)
def test_a_token_is_fetched_once_and_shown(way: Way) -> None:
    with serving(Instance({"/latest/x": b"found"})) as server:
        service = service_of(server)
        assert [get(service, way), get(service, way)] == ["found", "found"]
    assert server.lines == [f"PUT {TOKEN_PATH}", "GET /latest/x", "GET /latest/x"]
    assert server.asked[1].headers == {
        "host": f"127.0.0.1:{server.port}",
        "x-aws-ec2-metadata-token": "token-1==",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "neo-wire/test",
    }
    assert server.asked[0].headers["content-length"] == "0"


def test_a_token_is_fetched_anew_when_its_time_is_over() -> None:
    clock = FakeClock()
    with serving(Instance({"/latest/x": b"found"}, ttl=300)) as server:
        service = service_of(server)
        for _ in range(3):
            get(service, clock=clock)
            clock.pass_time(seconds=200)
    assert [line[:3] for line in server.lines] == ["PUT", "GET", "GET", "PUT", "GET"]


@pytest.mark.parametrize("way", WAYS)
def test_a_token_that_is_refused_is_fetched_anew_once(way: Way) -> None:
    instance = Instance({"/latest/x": b"found"})
    with serving(instance) as server:
        service = service_of(server)
        get(service, way)
        instance.token = 7  # as after a stop and start of the instance
        assert get(service, way) == "found"
        instance.instead["/latest/x"] = Answer(401)
        with pytest.raises(CredentialsFetchFailed, match="answers HTTP 401"):
            get(service, way)
    assert [line[:3] for line in server.lines] == ["PUT", "GET", "GET", "PUT", "GET", "GET", "PUT", "GET"]


def test_nothing_there() -> None:
    with serving(Instance()) as server:
        assert get(service_of(server)) is None


@pytest.mark.parametrize("path", ["", "/", "/prefix", "/prefix/"])
def test_an_endpoint_with_a_path(path: str) -> None:
    with serving(lambda asked: Answer(body=b"found")) as server:
        assert get(service_of(server, path=path)) == "found"
    prefix = path.rstrip("/")
    assert server.lines == [f"PUT {prefix}{TOKEN_PATH}", f"GET {prefix}/latest/x"]


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({}, "169.254.169.254"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, "[fd00:ec2::254]"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6"}, "[fd00:ec2::254]"),
        ({"AWS_IMDS_USE_IPV6": "true"}, "[fd00:ec2::254]"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6", ENDPOINT: "http://[::1]:80"}, "[::1]"),
        ({"http_proxy": "http://proxy.example:3128"}, "169.254.169.254"),
    ],
)
def test_where_the_service_is(environ: dict[str, str], host: str) -> None:
    flow = service_of(environ=environ).get("latest/x", read)
    assert next(flow) == Monotonic()
    effect = flow.send(0.0)
    assert isinstance(effect, Send)
    assert str(effect.request.url) == f"http://{host}{TOKEN_PATH}"
    assert effect.request.header("host") == host
    assert effect.route == DIRECT
    assert (effect.timeout.connect, effect.timeout.read, effect.timeout.total) == (1, 1, 2)


def test_timeouts_are_a_setting() -> None:
    flow = service_of(environ={"AWS_METADATA_SERVICE_TIMEOUT": "5"}).get("latest/x", read)
    next(flow)
    effect = flow.send(0.0)
    assert isinstance(effect, Send)
    assert (effect.timeout.connect, effect.timeout.read, effect.timeout.total) == (5, 5, 10)


Drive: TypeAlias = Callable[[Flow[str | None]], str | None]


def answering(*answers: HttpResponse | type[TransportError]) -> tuple[list[str], Drive]:
    """What performs the effects of a flow with these answers, one a request, and the methods of the requests."""
    asked: list[str] = []
    left = iter(answers)

    def drive(flow: Flow[str | None]) -> str | None:
        try:
            effect = next(flow)
            while True:
                if not isinstance(effect, Send):
                    effect = flow.send(0.0)
                    continue
                asked.append(effect.request.method)
                answer = next(left)
                if isinstance(answer, HttpResponse):
                    effect = flow.send(answer)
                else:
                    effect = flow.throw(answer("it failed", endpoint="http://imds", maybe_processed=False))
        except StopIteration as end:
            value: str | None = end.value
            return value

    return asked, drive


OK = HttpResponse(200, body=b"found")
TOKEN = HttpResponse(200, body=b"token")


@pytest.mark.parametrize("error", [ConnectTimeout, ReadTimeout, CallTimeout])
def test_who_cannot_be_reached_has_nothing(error: type[TransportError]) -> None:
    asked, drive = answering(*[error] * 3)
    with pytest.raises(NothingFound, match="cannot be reached: http://imds: it failed") as raised:
        drive(service_of(environ=ATTEMPTS).get("latest/x", read))
    assert asked == ["PUT"] * 3
    assert ("--http-put-response-hop-limit 2" in str(raised.value)) is (error is not ConnectTimeout)


def test_without_a_connection_version_1_is_not_tried() -> None:
    asked, drive = answering(ConnectTimeout)
    with pytest.raises(NothingFound):
        drive(service_of(environ=VERSION_1).get("latest/x", read))
    assert asked == ["PUT"]


NO_VERSION_2 = [HttpResponse(403), HttpResponse(404), HttpResponse(405), HttpResponse(500), ReadTimeout]


@pytest.mark.parametrize("answer", NO_VERSION_2)
def test_version_1_is_spoken_where_it_is_allowed(answer: HttpResponse | type[TransportError]) -> None:
    asked, drive = answering(answer, OK, OK)
    service = service_of(environ=VERSION_1)
    assert [drive(service.get("latest/x", read)), drive(service.get("latest/x", read))] == ["found", "found"]
    assert asked == ["PUT", "GET", "GET"]


@pytest.mark.parametrize("environ", [{}, {"AWS_EC2_METADATA_V1_DISABLED": "true"}])
@pytest.mark.parametrize("status", [403, 404, 405])
def test_version_1_is_not_spoken_unasked(status: int, environ: dict[str, str]) -> None:
    asked, drive = answering(HttpResponse(status), OK)
    with pytest.raises(CredentialsFetchFailed, match=rf"HTTP {status}.*AWS_EC2_METADATA_V1_DISABLED is false"):
        drive(service_of(environ=environ).get("latest/x", read))
    assert asked == ["PUT"]


def test_under_version_1_no_token_is_shown() -> None:
    instance = Instance({"/latest/x": b"found"}, instead={TOKEN_PATH: Answer(403)}, version_1=True)
    with serving(instance) as server:
        assert get(service_of(server, VERSION_1)) == "found"
    assert "x-aws-ec2-metadata-token" not in server.asked[1].headers


def test_under_version_1_too_who_cannot_be_reached_has_nothing() -> None:
    _, drive = answering(ReadTimeout, ReadTimeout)
    with pytest.raises(NothingFound, match="hop limit"):
        drive(service_of(environ=VERSION_1).get("latest/x", read))


@pytest.mark.parametrize("environ", [{}, VERSION_1])
def test_a_refused_token_request_is_given_up(environ: dict[str, str]) -> None:
    asked, drive = answering(HttpResponse(400), OK)
    with pytest.raises(CredentialsFetchFailed, match="HTTP 400"):
        drive(service_of(environ=environ | ATTEMPTS).get("latest/x", read))
    assert asked == ["PUT"]


BAD_TOKENS = [
    HttpResponse(500),
    HttpResponse(302),
    HttpResponse(200),
    HttpResponse(200, body=b"a\r\nb"),
    HttpResponse(200, body=b"x" * 300_000),
]


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=["500", "302", "empty", "line break", "too long"])
def test_a_token_is_asked_for_again(bad: HttpResponse) -> None:
    asked, drive = answering(bad, ConnectTimeout, TOKEN, OK)
    assert drive(service_of(environ=ATTEMPTS).get("latest/x", read)) == "found"
    assert asked == ["PUT", "PUT", "PUT", "GET"]
    asked, drive = answering(bad)
    with pytest.raises(CredentialsFetchFailed, match="PUT http"):
        drive(service_of().get("latest/x", read))
    assert asked == ["PUT"]


@pytest.mark.parametrize("bad", [HttpResponse(500), HttpResponse(301), HttpResponse(200), ReadTimeout])
def test_what_is_there_is_asked_for_again(bad: HttpResponse | type[TransportError]) -> None:
    asked, drive = answering(TOKEN, bad, bad, OK)
    assert drive(service_of(environ=ATTEMPTS).get("latest/x", read)) == "found"
    assert asked == ["PUT", "GET", "GET", "GET"]
    asked, drive = answering(TOKEN, bad)
    with pytest.raises(CredentialsFetchFailed):  # it was there, as it gave a token
        drive(service_of().get("latest/x", read))


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_body_that_cannot_be_unpacked_is_an_error(method: str) -> None:
    instance, packed = Instance({"/latest/x": b"found"}), Answer(body=b"no gzip", headers={"content-encoding": "gzip"})
    instance.instead[TOKEN_PATH if method == "PUT" else "/latest/x"] = packed
    with serving(instance) as server, pytest.raises(CredentialsFetchFailed, match="gzip"):
        get(service_of(server, ATTEMPTS))
    assert [line[:3] for line in server.lines].count(method) == 3


@pytest.mark.parametrize(
    ("header", "seconds"), [("60", 60), ("999999", 21_600), ("-5", 21_600), ("soon", 21_600), ("", 21_600)]
)
def test_the_life_of_a_token_is_what_the_service_says(header: str, seconds: int) -> None:
    token = HttpResponse(200, (("x-aws-ec2-metadata-token-ttl-seconds", header),), b"token")
    service = service_of()
    for reading, method in ((0.0, "PUT"), (seconds - 1.0, "GET"), (float(seconds), "PUT")):
        flow = service.get("latest/x", read)
        next(flow)
        effect = flow.send(reading)
        assert isinstance(effect, Send)
        assert effect.request.method == method
        if method == "PUT" and not reading:
            effect = flow.send(token)
            assert isinstance(effect, Send)
            assert effect.request.header("x-aws-ec2-metadata-token") == "token"


def test_nothing_of_the_token_is_in_a_repr() -> None:
    service = service_of()
    _, drive = answering(TOKEN, OK)
    drive(service.get("latest/x", read))
    assert "token" not in repr(service._token).replace("_SessionToken", "")
