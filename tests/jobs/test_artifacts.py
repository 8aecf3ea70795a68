"""Downloading artifacts: whole or not there, through both clients, from the local bucket on a socket and moto's."""

from __future__ import annotations

import asyncio
import errno
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from neo_wire import (
    AccessDenied,
    AsyncNeoClient,
    CallTimeout,
    ConfigurationError,
    ConnectionClosed,
    Credentials,
    Framework,
    HttpRequest,
    HttpResponse,
    InputConfig,
    NeoClient,
    OutputConfig,
    RedirectRefused,
    ResourceNotFound,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    StoppingCondition,
    TargetDevice,
)
from neo_wire.jobs.artifact_file import ArtifactExists, DownloadInProgress
from neo_wire.jobs.artifacts import NoArtifact, download_artifact, verify_artifact
from neo_wire.jobs.digests import DigestMismatch
from neo_wire.jobs.object_transfer import ArtifactChanged
from neo_wire.jobs.outcomes import CompilationFailed
from neo_wire.jobs.s3_objects import NoSuchBucket, NoSuchKey, S3Access
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline
from neo_wire.local.artifacts import Artifact
from neo_wire.local.bucket import Buckets
from neo_wire.local.contents import Content, FixedContent, GeneratedContent
from neo_wire.local.script import CutOff, LostAnswer
from neo_wire.shapes.structures import ModelDigests
from neo_wire.transports.artifact_files import LocalArtifactFile
from neo_wire.transports.clock import SystemClock
from neo_wire.transports.progress import in_this_loop, in_this_thread

MB = 1 << 20
JOB: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": InputConfig(
        s3_uri="s3://models/resnet50.tar.gz", framework=Framework.ONNX, data_input_config='{"data":[1,3,224,224]}'
    ),
    "output_config": OutputConfig(s3_output_location="s3://models/out/", target_device=TargetDevice.JETSON_NANO),
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=7200),
}
NAME = "resnet50-jetson_nano.tar.gz"


def run_download(client: Any, job: Any, target: Path, progress: Any = None, **options: Any) -> Any:
    """Download by a client of either kind; for the asynchronous one, what to await."""
    session = client._session

    def access() -> Any:
        return S3Access.of((yield from session.prepare()), (yield from session.context()))

    told = in_this_thread(progress) if isinstance(client, NeoClient) else in_this_loop(progress)
    return client._driver.run(
        download_artifact(
            session.invoke, access(), job, lambda name: LocalArtifactFile(target, name), progress=told, **options
        )
    )


class RecordingBuckets(Buckets):
    """Remembers what it was asked, and lets a test change requests and objects between them."""

    seen: list[HttpRequest]
    before: Callable[[HttpRequest], HttpRequest] | None
    after: Callable[[HttpResponse], HttpResponse] | None

    def handle(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        if self.before is not None:
            request = self.before(request)
        response = super().handle(request)
        return self.after(response) if self.after is not None else response


class ImpatientClock(SystemClock):
    """The real time, but nobody waits between attempts."""

    def sleep(self, seconds: Any) -> None:
        assert seconds >= 0

    async def sleep_async(self, seconds: float) -> None:
        await super().sleep_async(0)


@define
class S3World:
    """A local service with a bucket on a socket, and one of the two ways to call."""

    mode: Any
    service: NeoService
    server: LocalServer
    buckets: RecordingBuckets
    credentials: Any = EXAMPLE_CREDENTIALS
    given: dict[str, Any] = field(factory=dict)

    def options(self) -> dict[str, Any]:
        return {
            "region": "eu-west-1",
            "credentials": self.credentials,
            "endpoint_url": self.server.url,
            "environ": {"AWS_ENDPOINT_URL_S3": self.server.url, "HOME": "/nowhere"},
            "timeout": 20.0,
            "clock": ImpatientClock(),
            **self.given,
        }

    def download(self, job: Any, target: Path, progress: Any = None, **options: Any) -> Any:
        if self.mode.name == "sync":
            with NeoClient(**self.options()) as client:
                return run_download(client, job, target, progress, **options)

        async def run() -> Any:
            async with AsyncNeoClient(**self.options()) as client:
                return await run_download(client, job, target, progress, **options)

        return asyncio.run(run())

    def verify(self, job: Any, path: Path) -> Any:
        file = LocalArtifactFile(path, "")
        if self.mode.name == "sync":
            with NeoClient(**self.options()) as client:
                return client._driver.run(verify_artifact(client._session.invoke, job, file))

        async def run() -> Any:
            async with AsyncNeoClient(**self.options()) as client:
                return await client._driver.run(verify_artifact(client._session.invoke, job, file))

        return asyncio.run(run())

    def create(self, name: str = "job") -> Any:
        with NeoClient(**{**self.options(), "credentials": EXAMPLE_CREDENTIALS}) as client:
            client.create_compilation_job(name, **JOB)
            return client.describe_compilation_job(name)

    def ranges(self) -> list[str | None]:
        return [request.header("range") for request in self.buckets.seen]


@pytest.fixture
def make_world(mode: Any) -> Iterator[Callable[..., S3World]]:
    servers: list[LocalServer] = []

    def make(
        content: Content | None = None, *, timeline: Timeline | None = None, credentials: Any = (), **artifact: Any
    ) -> S3World:
        made = timeline or Timeline(starting=0, in_progress=0, artifact=Artifact(content, **artifact))
        service = NeoService(timeline=made, credentials=[EXAMPLE_CREDENTIALS, *credentials])
        service.buckets.__class__ = RecordingBuckets
        buckets: Any = service.buckets
        buckets.seen, buckets.before, buckets.after = [], None, None
        servers.append(LocalServer(service))
        servers[-1].start()
        return S3World(mode, service, servers[-1], buckets)

    yield make
    for server in servers:
        server.close()


def litter(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_artifact_is_downloaded_whole_and_verified(make_world: Any, tmp_path: Path) -> None:
    content = GeneratedContent(3 * MB + 17)
    world = make_world(content)
    world.create()
    told: list[tuple[int, int]] = []
    done = world.download("job", tmp_path / "x" / "model.tar.gz", lambda *numbers: told.append(numbers))
    assert (done.path, done.size, done.uri) == (
        str(tmp_path / "x/model.tar.gz"),
        content.size,
        f"s3://models/out/{NAME}",
    )
    assert (done.check.outcome, done.check.algorithm, done.downloaded, done.resumed_at) == (
        "verified",
        "blake2b",
        True,
        0,
    )
    assert (tmp_path / "x" / "model.tar.gz").read_bytes() == b"".join(content.pieces(0, content.size))
    assert litter(tmp_path / "x") == ["model.tar.gz"]
    assert told[0] == (0, content.size)
    assert told[-1] == (content.size, content.size)
    assert told == sorted(told)
    assert world.ranges() == [None]


def test_a_folder_gets_the_name_of_the_artifact(make_world: Any, tmp_path: Path) -> None:
    world = make_world(FixedContent(b"model"))
    done = world.download(world.create(), tmp_path)
    assert done.path == str(tmp_path / NAME)
    assert litter(tmp_path) == [NAME]


def test_an_empty_object_is_an_empty_file(make_world: Any, tmp_path: Path) -> None:
    world = make_world(FixedContent(b""))
    told: list[tuple[int, int]] = []
    done = world.download(world.create(), tmp_path / "m", lambda *numbers: told.append(numbers))
    assert (done.size, done.check.verified, told) == (0, True, [(0, 0)])
    assert (tmp_path / "m").read_bytes() == b""


def test_a_coroutine_function_is_told_in_its_own_loop(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(3 * MB))
    told: list[tuple[int, int, int]] = []

    async def progress(done: int, total: int) -> None:
        await asyncio.sleep(0)
        told.append((done, total, threading.get_ident()))

    if world.mode.name == "sync":
        with pytest.raises(ConfigurationError, match="cannot await"):
            world.download(world.create(), tmp_path / "m", progress)
        assert litter(tmp_path) == []
        return
    world.download(world.create(), tmp_path / "m", progress)
    assert told[-1] == (3 * MB, 3 * MB, threading.get_ident())


def test_what_progress_raises_ends_the_download_and_a_later_one_goes_on(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(6 * MB))
    job = world.create()

    def progress(done: int, total: int) -> None:
        if done >= 2 * MB:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        world.download(job, tmp_path / "m", progress)
    assert litter(tmp_path) == [".m.part", ".m.part.json"]
    done = world.download(job, tmp_path / "m")
    assert done.check.verified
    assert 2 * MB <= done.resumed_at < 6 * MB
    assert world.ranges() == [None, f"bytes={done.resumed_at}-"]
    assert world.buckets.seen[1].header("if-match") == world.buckets.get(done.uri).etag


@pytest.mark.parametrize("at", [0, 2 * MB])
def test_an_error_of_the_librarys_own_ends_it_too_and_is_not_tried_again(
    make_world: Any, tmp_path: Path, at: int
) -> None:
    """As when `on_progress` calls the service, and is throttled: it is no failure of the download's."""
    world = make_world(GeneratedContent(6 * MB))
    job = world.create()
    mine, told = ConnectionClosed("mine", endpoint="elsewhere", maybe_processed=True), []

    def progress(done: int, total: int) -> None:
        if done >= at:
            told.append(done)
            raise mine

    with pytest.raises(ConnectionClosed) as caught:
        world.download(job, tmp_path / "m", progress)
    assert caught.value is mine
    assert (len(told), world.ranges()) == (1, [None])


def test_a_cancellation_reaches_a_coroutine_that_does_not_end(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(3 * MB))
    if world.mode.name == "sync":
        pytest.skip("there is no cancellation")
    job = world.create()
    ends: list[str] = []

    async def main() -> None:
        stuck = asyncio.Event()

        async def progress(_done: int, _total: int) -> None:
            stuck.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ends.append("cancelled")
                raise

        async with AsyncNeoClient(**world.options()) as client:
            download = client.download_compilation_artifact(job, tmp_path / "m", on_progress=progress)
            task = asyncio.ensure_future(download)
            await stuck.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 10)
            ends.append("over")
            assert (await client.download_compilation_artifact(job, tmp_path / "m")).check.verified

    asyncio.run(main())
    assert ends == ["cancelled", "over"]


def test_a_file_that_verifies_is_not_downloaded_again(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(MB))
    job = world.create()
    world.download(job, tmp_path / "m")
    told: list[tuple[int, int]] = []
    for overwrite in (False, True):
        again = world.download(job, tmp_path / "m", lambda *numbers: told.append(numbers), overwrite=overwrite)
        assert (again.downloaded, again.size, again.check.verified) == (False, MB, True)
    assert told == [(MB, MB)] * 2
    assert len(world.buckets.seen) == 1


@pytest.mark.parametrize("digest", ["right", "none"])
def test_another_file_is_refused_or_replaced(make_world: Any, tmp_path: Path, digest: str) -> None:
    world = make_world(GeneratedContent(MB), digest=digest)
    job, target = world.create(), tmp_path / "m"
    target.write_bytes(b"mine")
    with pytest.raises(ArtifactExists, match="overwrite=True") as caught:
        world.download(job, target)
    assert caught.value.path == str(target)
    assert (target.read_bytes(), world.buckets.seen) == (b"mine", [])
    done = world.download(job, target, overwrite=True)
    assert (done.downloaded, target.stat().st_size) == (True, MB)
    assert litter(tmp_path) == ["m"]


def test_a_folder_in_the_way_is_no_file(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(MB))
    (tmp_path / NAME).mkdir()
    with pytest.raises(OSError, match="no plain file"):
        world.download(world.create(), tmp_path, overwrite=True)


def test_a_file_that_comes_meanwhile_is_not_replaced(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(MB))
    target = tmp_path / "m"
    with pytest.raises(ArtifactExists, match="since this download began"):
        world.download(world.create(), target, lambda *_: target.write_bytes(b"mine"))
    assert target.read_bytes() == b"mine"


def test_broken_connections_are_taken_up_where_they_broke(make_world: Any, tmp_path: Path) -> None:
    content = GeneratedContent(10 * MB + 5)
    world = make_world(content)
    job = world.create()
    world.buckets.script(*(CutOff(2 * MB + 3) for _ in range(4)), operation="GetObject")
    told: list[tuple[int, int]] = []
    done = world.download(job, tmp_path / "m", lambda *numbers: told.append(numbers))
    assert (done.check.verified, done.size, told) == (True, content.size, sorted(told))
    starts = [int(one.removeprefix("bytes=").rstrip("-")) for one in world.ranges()[1:] if one]
    assert starts == [(2 * MB + 3) * number for number in range(1, 5)]
    assert all(one.header("if-match") for one in world.buckets.seen[1:])


def test_what_brings_nothing_is_not_tried_for_ever(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(MB))
    job = world.create()
    world.buckets.script(LostAnswer(), times=50)
    with pytest.raises(ConnectionClosed):
        world.download(job, tmp_path / "m")
    assert len(world.buckets.seen) == 3
    assert litter(tmp_path) == []


def test_resuming_is_bounded_too(make_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neo_wire.jobs.object_transfer._RESUMPTIONS", 2)
    world = make_world(GeneratedContent(MB))
    job = world.create()
    world.buckets.script(CutOff(1000), times=100)
    with pytest.raises(ConnectionClosed):
        world.download(job, tmp_path / "m")
    assert len(world.buckets.seen) == 9  # three calls of three attempts
    assert (tmp_path / ".m.part").stat().st_size == 9000


def test_an_object_that_changes_on_the_way_is_begun_anew(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(4 * MB, seed=1), digest="none")
    job = world.create()
    new = GeneratedContent(3 * MB, seed=2)

    def change(request: HttpRequest) -> HttpRequest:
        if len(world.buckets.seen) == 2:
            world.buckets.put(job.model_artifacts.s3_model_artifacts, new)
        return request

    world.buckets.before = change
    world.buckets.script(CutOff(MB + 1))
    told: list[int] = []
    done = world.download(job, tmp_path / "m", lambda there, _: told.append(there))
    assert (tmp_path / "m").read_bytes() == b"".join(new.pieces(0, new.size))
    assert (done.size, done.check.outcome, done.check.reason) == (new.size, "unknown", "the service told no digest")
    assert world.ranges() == [None, f"bytes={MB + 1}-", None]
    assert told.count(0) == 2


def test_an_object_that_does_not_stay_is_an_error(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(2 * MB))
    job = world.create()

    def change(request: HttpRequest) -> HttpRequest:
        uri = job.model_artifacts.s3_model_artifacts
        world.buckets.put(uri, GeneratedContent(2 * MB, seed=len(world.buckets.seen)))
        return request

    world.buckets.before = change
    world.buckets.script(CutOff(1000), times=100)
    with pytest.raises(ArtifactChanged, match=r"s3://models/out/.* changed 4 times"):
        world.download(job, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def without(request: HttpRequest, *names: str) -> HttpRequest:
    """The request as a server sees it that does not know some headers: signed all the same."""
    return evolve(request, headers=tuple(one for one in request.headers if one[0].lower() not in names))


@pytest.mark.parametrize("ignored", [("range",), ("range", "if-match"), ("if-match",)])
def test_a_server_that_ignores_conditions_is_found_out(
    make_world: Any, tmp_path: Path, ignored: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neo_wire.local.bucket.authenticate", lambda *_: None)
    world = make_world(GeneratedContent(3 * MB), digest="none")
    job = world.create()
    new = GeneratedContent(3 * MB, seed=2)

    def change(request: HttpRequest) -> HttpRequest:
        if len(world.buckets.seen) == 2 and "if-match" in ignored:
            world.buckets.put(job.model_artifacts.s3_model_artifacts, new)
        return without(request, *ignored)

    world.buckets.before = change
    world.buckets.script(CutOff(MB))
    done = world.download(job, tmp_path / "m")
    expected = new if "if-match" in ignored else GeneratedContent(3 * MB)
    assert (tmp_path / "m").read_bytes() == b"".join(expected.pieces(0, expected.size))
    assert (done.size, len(world.buckets.seen)) == (3 * MB, 2 + (ignored == ("if-match",)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"content-length": None, "connection": "close"}, "does not say how many bytes"),
        ({"status": 204}, "HTTP 204"),
        ({"status": 206}, "HTTP 206"),
    ],
)
def test_an_answer_of_no_use_is_an_error(make_world: Any, tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    world = make_world(FixedContent(b"x" * 1000))
    job = world.create()
    body = b"" if change.get("status") == 204 else b"x" * 1000
    named = {"content-length": str(len(body)), "etag": '"1"', **change}
    status = int(named.pop("status", 200) or 0)
    if named["content-length"] is None:
        named["transfer-encoding"] = "chunked"
        body = b"3e8\r\n" + body + b"\r\n0\r\n\r\n"
    headers = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
    replies = [f"HTTP/1.1 {status} Fine\r\n{headers}\r\n".encode() + body]
    with pytest.raises(ResponseDecodeError, match=rf"{problem}.*\(s3://models/out/{NAME}\)"):
        download_from(world, replies, job, tmp_path / "m")
    assert litter(tmp_path) == []


def download_from(world: S3World, replies: list[bytes], job: Any, target: Path) -> Any:
    """Download with a server in the bucket's place that answers these bytes, one connection each."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for reply in replies:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        return evolve(world, given={"environ": {"AWS_ENDPOINT_URL_S3": url, "HOME": "/nowhere"}}).download(job, target)
    finally:
        listener.close()
        thread.join(5)


def test_content_codings_of_the_object_stay_its_own(make_world: Any, tmp_path: Path) -> None:
    import gzip

    packed = gzip.compress(b"model" * 1000)
    world = make_world(FixedContent(packed))
    world.buckets.after = lambda answer: evolve(answer, headers=(*answer.headers, ("content-encoding", "gzip")))
    assert world.download(world.create(), tmp_path / "m").check.verified
    assert (tmp_path / "m").read_bytes() == packed


def test_a_wrong_digest_is_an_error_and_the_file_is_kept_aside(make_world: Any, tmp_path: Path) -> None:
    content = GeneratedContent(2 * MB)
    world = make_world(content, digest="wrong", digest_size=64, prefix="blake2b:")
    job = world.create()
    with pytest.raises(DigestMismatch, match="is not the artifact that the job made") as caught:
        world.download(job, tmp_path / "m")
    assert litter(tmp_path) == ["m.digest-mismatch"]
    assert caught.value.path == str(tmp_path / "m.digest-mismatch")
    assert (caught.value.expected, caught.value.actual) == (job.model_digests.artifact_digest, content.blake2b(64))
    assert Path(caught.value.path).stat().st_size == content.size


def test_a_file_is_verified_by_its_job(make_world: Any, tmp_path: Path) -> None:
    world = make_world(FixedContent(b"model"), digest_size=64)
    job = world.create()
    path = tmp_path / "m"
    with pytest.raises(FileNotFoundError, match="m"):
        world.verify(job, path)
    path.write_bytes(b"model")
    assert world.verify("job", path).verified
    path.write_bytes(b"modem")
    with pytest.raises(DigestMismatch, match="has 5 bytes") as caught:
        world.verify(job, path)
    assert caught.value.path == str(path)
    assert path.read_bytes() == b"modem"
    unknown = evolve(job, model_digests=ModelDigests(artifact_digest="crc:1"))
    assert world.verify(unknown, path).outcome == "unknown"


def test_a_job_without_an_artifact_is_told_apart(make_world: Any, tmp_path: Path) -> None:
    world = make_world(timeline=Timeline(starting=1000))
    with pytest.raises(NoArtifact, match="is STARTING still"):
        world.download(world.create(), tmp_path / "m")
    with pytest.raises(ResourceNotFound):
        world.download("no-such-job", tmp_path / "m")
    failing = make_world(timeline=Timeline(starting=0, in_progress=0, outcome="FAILED", failure_reason="oh"))
    with pytest.raises(CompilationFailed, match="oh"):
        failing.download(failing.create(), tmp_path / "m")
    completed = make_world(FixedContent(b""))
    job = completed.create()
    for uri, reason in (("s3://models/out/", "no object but a folder"), ("", "does not tell")):
        artifacts = evolve(job.model_artifacts, s3_model_artifacts=uri)
        with pytest.raises(NoArtifact, match=reason):
            completed.download(evolve(job, model_artifacts=artifacts), tmp_path / "m")
    assert litter(tmp_path) == []


def test_refusals_of_s3_are_typed_and_name_the_object(make_world: Any, tmp_path: Path) -> None:
    world = make_world(FixedContent(b"x"), stored=False)
    job = world.create()
    with pytest.raises(NoSuchBucket, match=r"does not exist \(s3://models/out/"):
        world.download(job, tmp_path / "m")
    world.buckets.put("s3://models/other", b"x")
    with pytest.raises(NoSuchKey, match="The specified key does not exist") as caught:
        world.download(job, tmp_path / "m")
    assert (caught.value.status, caught.value.operation) == (404, "GetObject")
    assert caught.value.request_id
    world.buckets.script(ServiceError("Access Denied", code="AccessDenied", status=403))
    with pytest.raises(AccessDenied, match="may not list the bucket"):
        world.download(job, tmp_path / "m")
    world.buckets.script(HttpResponse(403, (), b"<html>a proxy's page"), HttpResponse(404, ()))
    with pytest.raises(AccessDenied):
        world.download(job, tmp_path / "m")
    with pytest.raises(NoSuchKey):
        world.download(job, tmp_path / "m")
    world.buckets.script(ServiceError("Reduce your rate", code="SlowDown", status=503), times=3)
    with pytest.raises(ServiceError, match="Reduce your rate") as slow:
        world.download(job, tmp_path / "m")
    assert slow.value.attempts == 3
    world.buckets.script(ServiceError("We failed", code="InternalError", status=500), times=3)
    with pytest.raises(ServerError, match="We failed"):
        world.download(job, tmp_path / "m")
    assert litter(tmp_path) == []


def other_region(status: int, region: str) -> HttpResponse:
    return HttpResponse(
        status, (("x-amz-bucket-region", region), ("location", "http://127.0.0.1:1/elsewhere")), b"", "Moved"
    )


@pytest.mark.parametrize("status", [301, 307, 400])
def test_a_bucket_of_another_region_is_asked_there_once(make_world: Any, tmp_path: Path, status: int) -> None:
    world = make_world(FixedContent(b"model"))
    job = world.create()
    world.buckets.script(other_region(status, "us-west-2"))
    assert world.download(job, tmp_path / "m").check.verified
    scopes = [request.header("authorization") or "" for request in world.buckets.seen]
    assert ["/eu-west-1/s3/" in scopes[0], "/us-west-2/s3/" in scopes[1]] == [True, True]
    world.buckets.script(other_region(status, "us-west-2"), other_region(status, "us-east-2"))
    with pytest.raises(RedirectRefused, match="us-east-2"):
        world.download(job, tmp_path / "again")
    assert litter(tmp_path) == ["m"]


def test_a_region_that_only_the_body_names_will_do(make_world: Any, tmp_path: Path) -> None:
    world = make_world(FixedContent(b"model"))
    job = world.create()
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>"
    world.buckets.script(HttpResponse(400, (("content-type", "application/xml"),), body, "Bad Request"))
    assert world.download(job, tmp_path / "m").check.verified
    assert "/us-west-2/s3/" in (world.buckets.seen[1].header("authorization") or "")


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "evil.example/"])
def test_no_other_redirect_is_followed(make_world: Any, tmp_path: Path, region: str) -> None:
    world = make_world(FixedContent(b"model"))
    job = world.create()
    world.buckets.script(other_region(301, region))
    with pytest.raises(RedirectRefused, match="a signed request is not sent elsewhere"):
        world.download(job, tmp_path / "m")
    assert len(world.buckets.seen) == 1


def test_credentials_that_expire_on_the_way_are_replaced(make_world: Any, tmp_path: Path) -> None:
    ends = datetime.now(UTC) + timedelta(hours=1)
    generations = [Credentials(f"AKID{number}", "secret", f"token{number}", expiration=ends) for number in range(2)]
    world = make_world(GeneratedContent(4 * MB), credentials=generations)
    job = world.create()
    given: list[Credentials] = []

    def credentials() -> Credentials:
        given.append(generations[len(given)])
        return given[-1]

    world.credentials = credentials
    world.buckets.script(CutOff(MB), ServiceError("The provided token has expired.", code="ExpiredToken", status=400))
    assert world.download(job, tmp_path / "m").check.verified
    assert given == generations
    assert world.ranges() == [None, f"bytes={MB}-", f"bytes={MB}-"]
    assert [one.header("x-amz-security-token") for one in world.buckets.seen] == ["token0", "token0", "token1"]


def test_two_downloads_do_not_write_one_file(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(2 * MB))
    job = world.create()
    refused: list[BaseException] = []

    def again() -> None:
        with NeoClient(**world.options()) as client:
            try:
                run_download(client, job, tmp_path / "m")
            except BaseException as error:  # noqa: BLE001  # looked at below
                refused.append(error)

    def progress(done: int, _total: int) -> None:
        if done == 0:
            thread = threading.Thread(target=again)
            thread.start()
            thread.join(10)

    assert world.download(job, tmp_path / "m", progress).check.verified
    assert [type(one) for one in refused] == [DownloadInProgress]
    assert litter(tmp_path) == ["m"]


class StallingContent:
    """Gives its first MiB, and then nothing until it is let go on."""

    def __init__(self, size: int) -> None:
        self._whole = GeneratedContent(size)
        self.size, self.tag = size, "stalling"
        self.go_on = threading.Event()

    def pieces(self, first: int, end: int) -> Iterator[bytes]:
        sent = 0
        for piece in self._whole.pieces(first, end):
            if sent >= MB:
                self.go_on.wait(10)
            yield piece
            sent += len(piece)

    def blake2b(self, digest_size: int = 32) -> str:
        return self._whole.blake2b(digest_size)


def test_the_timeout_is_of_the_whole_and_what_came_is_kept(make_world: Any, tmp_path: Path) -> None:
    content = StallingContent(3 * MB)
    world = make_world(content)
    job = world.create()
    began = time.monotonic()
    with pytest.raises(CallTimeout, match=r"within 0\.4 s; \d+ of 3145728 bytes are there, and a later call"):
        world.download(job, tmp_path / "m", timeout=0.4)
    assert 0.3 < time.monotonic() - began < 5
    content.go_on.set()
    assert litter(tmp_path) == [".m.part", ".m.part.json"]
    assert world.download(job, tmp_path / "m").resumed_at > 0
    for timeout in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ConfigurationError, match="timeout"):
            world.download(job, tmp_path / "n", timeout=timeout)


def test_a_full_disk_is_an_os_error_and_a_later_call_goes_on(
    make_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(GeneratedContent(5 * MB))
    job = world.create()
    append = LocalArtifactFile.append

    def full(file: LocalArtifactFile, data: bytes) -> None:
        if file.size + len(data) > 2 * MB + 5:
            append(file, data[: 2 * MB + 5 - file.size])
            raise OSError(errno.ENOSPC, "No space left on device")
        append(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalArtifactFile, "append", full)
        with pytest.raises(OSError, match="No space left") as caught:
            world.download(job, tmp_path / "m")
    assert caught.value.errno == errno.ENOSPC
    assert len(world.buckets.seen) == 1
    assert litter(tmp_path) == [".m.part", ".m.part.json"]
    done = world.download(job, tmp_path / "m")
    assert (done.resumed_at, done.check.verified) == (2 * MB + 5, True)


def test_ctrl_c_leaves_what_came_and_nothing_else(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(5 * MB))
    job = world.create()

    def interrupt(done: int, _total: int) -> None:
        if done >= 2 * MB:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        world.download(job, tmp_path / "m", interrupt)
    assert litter(tmp_path) == [".m.part", ".m.part.json"]
    done = world.download(job, tmp_path / "m")
    assert done.check.verified
    assert done.resumed_at >= 2 * MB


def test_a_cancelled_download_is_taken_up_by_the_next(make_world: Any, tmp_path: Path) -> None:
    content = StallingContent(4 * MB)
    world = make_world(content)
    if world.mode.name == "sync":
        pytest.skip("nothing cancels a blocking call but an interruption, which has a test of its own")
    job = world.create()

    async def run() -> Any:
        async with AsyncNeoClient(**world.options()) as client:
            begun = asyncio.Event()
            task = asyncio.ensure_future(
                run_download(client, job, tmp_path / "m", lambda done, _: begun.set() if done else None)
            )
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            content.go_on.set()
            assert litter(tmp_path) == [".m.part", ".m.part.json"]
            return await run_download(client, job, tmp_path / "m")

    done = asyncio.run(run())
    assert done.check.verified
    assert done.resumed_at >= MB


def test_a_killed_process_leaves_a_part_that_the_next_one_ends(make_world: Any, tmp_path: Path) -> None:
    content = StallingContent(24 * MB)
    world = make_world(content)
    job = world.create()
    target = tmp_path / "m"
    program = f"""
from pathlib import Path
from neo_wire import AsyncNeoClient, NeoClient
from neo_wire.jobs.artifacts import download_artifact
from neo_wire.jobs.s3_objects import S3Access
from neo_wire.local import EXAMPLE_CREDENTIALS
from neo_wire.transports.artifact_files import LocalArtifactFile
import asyncio

options = dict(region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url={world.server.url!r},
    environ={{"AWS_ENDPOINT_URL_S3": {world.server.url!r}, "HOME": "/nowhere"}})

def flow(client):
    session = client._session
    def access():
        return S3Access.of((yield from session.prepare()), (yield from session.context()))
    return download_artifact(session.invoke, access(), "job", lambda name: LocalArtifactFile({str(target)!r}, name),
        progress=lambda done, total: print(done, flush=True))

if {world.mode.name == "sync"}:
    with NeoClient(**options) as client:
        client._driver.run(flow(client))
else:
    async def run():
        async with AsyncNeoClient(**options) as client:
            await client._driver.run(flow(client))
    asyncio.run(run())
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603  # it is written here
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= MB:
                child.kill()
                break
    assert litter(tmp_path) == [".m.part", ".m.part.json"]
    content.go_on.set()
    done = world.download(job, target)
    assert (done.check.verified, done.size) == (True, 24 * MB)
    assert done.resumed_at >= MB
    assert world.ranges()[-1] == f"bytes={done.resumed_at}-"
    assert litter(tmp_path) == ["m"]


def test_a_transport_of_the_users_own_does_as_well(make_world: Any, tmp_path: Path) -> None:
    import httpx

    content = GeneratedContent(5 * MB + 1)
    world = make_world(content)
    job = world.create()
    transport = world.mode.transport(httpx)
    world.given = {"transport": transport}
    world.buckets.script(CutOff(MB + 3), CutOff(MB + 3))
    told: list[int] = []
    if world.mode.name == "sync":
        with transport:
            done = world.download(job, tmp_path / "m", lambda there, _: told.append(there))
    else:

        async def run() -> Any:
            async with transport, AsyncNeoClient(**world.options()) as client:
                return await run_download(client, job, tmp_path / "m", lambda there, _: told.append(there))

        done = asyncio.run(run())
    assert (done.check.verified, told[-1], told) == (True, content.size, sorted(told))
    assert world.ranges() == [None, f"bytes={MB + 3}-", f"bytes={2 * (MB + 3)}-"]


def test_under_trio_progress_is_told_in_its_loop(make_world: Any, tmp_path: Path) -> None:
    import trio

    world = make_world(GeneratedContent(3 * MB))
    if world.mode.name == "sync":
        pytest.skip("trio runs asynchronous clients")
    job = world.create()
    told: list[tuple[int, int]] = []

    async def progress(done: int, _total: int) -> None:
        await trio.lowlevel.checkpoint()
        told.append((done, threading.get_ident()))

    async def run() -> Any:
        async with AsyncNeoClient(**world.options()) as client:
            return await run_download(client, job, tmp_path / "m", progress)

    assert trio.run(run).check.verified
    assert told[-1] == (3 * MB, threading.get_ident())


@pytest.mark.parametrize("size", [24 * MB, 200 * MB])
def test_memory_stays_flat_however_large_the_artifact(make_world: Any, tmp_path: Path, size: int) -> None:
    world = make_world(GeneratedContent(size), digest="none" if size > 100 * MB else "right")
    job = world.create()
    tracemalloc.start()
    try:
        done = world.download(job, tmp_path / "m")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.size == (tmp_path / "m").stat().st_size == size
    assert peak < 12 * MB, f"{peak / MB:.1f} MiB, the server's own included"


def test_an_object_of_moto_that_boto3_put_there(mode: Any, moto_url: str, tmp_path: Path) -> None:
    import boto3

    data = b"".join(GeneratedContent(6 * MB + 1).pieces(0, 6 * MB + 1))
    keys: dict[str, Any] = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    s3 = boto3.client("s3", endpoint_url=moto_url, **keys)
    bucket, key = f"moto-{mode.name}", "out/a b+ü/model.tar.gz"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key=key, Body=data)
    s3.close()
    output = OutputConfig(s3_output_location=f"s3://{bucket}/{key}", target_device=TargetDevice.JETSON_NANO)
    name = f"artifact-of-{mode.name}"
    options: dict[str, Any] = {
        "region": "eu-west-1",
        "credentials": EXAMPLE_CREDENTIALS,
        "endpoint_url": moto_url,
        "environ": {"AWS_ENDPOINT_URL_S3": moto_url, "HOME": "/nowhere"},
    }
    with NeoClient(**options) as client:
        client.create_compilation_job(name, **{**JOB, "output_config": output})
        job: Any = client.describe_compilation_job(name)
        client.delete_compilation_job(name)
    told: list[int] = []

    def stop(done: int, _total: int) -> None:
        told.append(done)
        if done >= 2 * MB and max(told) == done and len(told) < 1000:
            told.extend([0] * 1000)
            raise RuntimeError("stop here")

    with LocalServer() as unused:
        world = S3World(mode, unused.service, unused, RecordingBuckets(), given=options)
        job = evolve(job, model_digests=None)
        with pytest.raises(RuntimeError, match="stop here"):
            world.download(job, tmp_path / "m", stop)
        done = world.download(job, tmp_path / "m")
        assert (tmp_path / "m").read_bytes() == data
        assert (done.check.outcome, done.resumed_at >= 2 * MB) == ("unknown", True)
        with pytest.raises(NoSuchKey):
            world.download(
                evolve(job, model_artifacts=evolve(job.model_artifacts, s3_model_artifacts=f"s3://{bucket}/no")),
                tmp_path / "n",
            )


def test_what_is_left_of_another_object_is_begun_anew(make_world: Any, tmp_path: Path) -> None:
    for seed, cut in ((1, True), (2, False)):
        world = make_world(GeneratedContent(2 * MB, seed=seed))
        job = evolve(world.create(), compilation_job_name=f"job{seed}")
        if not cut:  # it stands elsewhere
            uri = "s3://models/elsewhere.tar.gz"
            world.buckets.put(uri, GeneratedContent(2 * MB, seed=seed))
            job = evolve(job, model_artifacts=evolve(job.model_artifacts, s3_model_artifacts=uri))
            done = world.download(job, tmp_path / "m")
            assert (done.check.verified, done.resumed_at, world.ranges()) == (True, 0, [None])
            continue
        world.buckets.script(CutOff(1000), *[LostAnswer()] * 3, *[LostAnswer()] * 3)
        with pytest.raises(ConnectionClosed):
            world.download(job, tmp_path / "m")
        assert litter(tmp_path) == [".m.part", ".m.part.json"]


def test_a_file_that_is_whole_but_for_its_name_costs_one_byte(make_world: Any, tmp_path: Path) -> None:
    world = make_world(GeneratedContent(2 * MB))
    job = world.create()

    def interrupt(done: int, total: int) -> None:
        if done == total:
            raise RuntimeError("just before the end")

    with pytest.raises(RuntimeError, match="just before"):
        world.download(job, tmp_path / "m", interrupt)
    assert (tmp_path / ".m.part").stat().st_size == 2 * MB
    assert world.download(job, tmp_path / "m").check.verified
    assert world.ranges() == [None, f"bytes={2 * MB - 1}-"]


@pytest.mark.parametrize("found", ["bytes 0-2097151/2097152", "bytes 1048576-2097151/9", "bytes */2097152", "", None])
def test_another_range_than_asked_for_is_not_taken(make_world: Any, tmp_path: Path, found: str | None) -> None:
    world = make_world(GeneratedContent(2 * MB))
    job = world.create()

    def tamper(response: HttpResponse) -> HttpResponse:
        if response.status != 206:
            return response
        kept = tuple(one for one in response.headers if one[0] != "content-range")
        return evolve(response, headers=kept if found is None else (*kept, ("content-range", found)))

    world.buckets.after = tamper
    world.buckets.script(CutOff(MB))
    assert world.download(job, tmp_path / "m").check.verified
    assert world.ranges() == [None, f"bytes={MB}-", None]


def test_shorter_ranges_than_asked_for_add_up(make_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neo_wire.local.bucket.authenticate", lambda *_: None)
    world = make_world(GeneratedContent(2 * MB))
    job = world.create()

    def shorten(request: HttpRequest) -> HttpRequest:
        start = request.header("range")
        if start is None:
            return request
        first = int(start.removeprefix("bytes=").rstrip("-"))
        return evolve(
            without(request, "range"),
            headers=(*without(request, "range").headers, ("range", f"{start}{first + 400_000}")),
        )

    world.buckets.before = shorten
    world.buckets.script(CutOff(MB))
    assert world.download(job, tmp_path / "m").check.verified
    assert len(world.buckets.seen) == 4
