"""`neo-wire download` and `neo-wire verify`, against a local service and its bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from neo_wire.local import LocalServer, NeoService, Timeline
from neo_wire.local.artifacts import Artifact

Run = Callable[..., Any]
CONTENT = b"a compiled model " * 20_000
FILE = "resnet50-ml_c5.tar.gz"


def timeline(request: Any) -> Timeline:
    name = request.compilation_job_name
    if name == "slow":
        return Timeline(in_progress=86_400)
    if name == "bad":
        return Timeline(starting=0, in_progress=0, outcome="FAILED", failure_reason="ClientError: TVM")
    digest: Any = name if name in ("wrong", "none") else "right"
    return Timeline(starting=0, in_progress=0, artifact=Artifact(content=CONTENT, digest=digest))


@pytest.fixture
def service() -> NeoService:
    return NeoService(timeline=timeline)


@pytest.fixture
def server(service: NeoService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalServer]:
    with LocalServer(service) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        monkeypatch.chdir(tmp_path)
        yield server


def test_an_artifact_is_downloaded_and_verified(create: Run, call: Run, tmp_path: Path) -> None:
    create("net")
    done = call("download", "net", "--output", "json")
    assert done.status == 0, done.err
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert done.json == {
        "Path": FILE, "Size": len(CONTENT), "S3Uri": f"s3://models/compiled/{FILE}", "Downloaded": True,
        "ResumedAt": 0, "Digest": "verified", "Algorithm": "blake2b",
    }  # fmt: skip
    assert done.err == "net: 0.3 MB of 0.3 MB (100 %), 0:00\n"
    again = call("download", "net", "-q", "--output", "json")
    assert (again.status, again.json["Downloaded"], again.err) == (0, False, "")
    named = call("download", "net", "model.tar.gz", "--output", "text")
    assert named.out == f"model.tar.gz\t{len(CONTENT)}\tverified\ts3://models/compiled/{FILE}\n"


def test_a_file_that_is_there_is_left_unless_it_may_be_replaced(create: Run, call: Run, tmp_path: Path) -> None:
    create("net")
    (tmp_path / FILE).write_bytes(b"mine")
    refused = call("download", "net")
    assert refused.status == 255
    assert (tmp_path / FILE).read_bytes() == b"mine"
    assert "ArtifactExists" in refused.err
    assert call("download", "net", "--overwrite").status == 0
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_a_wrong_digest_is_4_and_the_file_is_kept_aside(create: Run, call: Run, tmp_path: Path) -> None:
    create("wrong")
    refused = call("download", "wrong", "-q")
    assert (refused.status, refused.out) == (4, "")
    assert refused.err.startswith("neo-wire: DigestMismatch: ")
    assert not (tmp_path / FILE).exists()


def test_an_artifact_without_a_digest_is_a_warning(create: Run, call: Run, tmp_path: Path) -> None:
    create("none")
    done = call("download", "none", "-q", "--output", "text")
    assert (done.status, (tmp_path / FILE).read_bytes()) == (0, CONTENT)
    assert done.out.split("\t")[2] == "unknown"
    assert done.err == f"neo-wire: {FILE} was not checked: the service told no digest\n"


def test_jobs_without_an_artifact(create: Run, call: Run) -> None:
    create("bad")
    create("slow")
    assert call("download", "bad").status == 1
    slow = call("download", "slow")
    assert slow.status == 255
    assert "wait for it first" in slow.err
    assert call("download", "nothing").status == 254


def test_verify_against_a_job(create: Run, call: Run, tmp_path: Path) -> None:
    for name in ("net", "none"):
        create(name)
    (tmp_path / "model").write_bytes(CONTENT)
    (tmp_path / "other").write_bytes(CONTENT + b"!")
    good = call("verify", "model", "--job", "net", "--output", "text")
    assert (good.status, good.out, good.err) == (0, "model\tverified\tblake2b\n", "")
    bad = call("verify", "other", "--job", "net")
    assert (bad.status, bad.out) == (4, "")
    assert "'other' is not the artifact that the job made" in bad.err
    unknown = call("verify", "model", "--job", "none", "--output", "json")
    assert unknown.status == 5
    assert unknown.json == {"Path": "model", "Digest": "unknown", "Reason": "the service told no digest"}
    missing = call("verify", "nothing", "--job", "net")
    assert missing.status == 255
    assert "No such file" in missing.err


def test_verify_against_a_digest_asks_nobody(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    path = tmp_path / "model"
    path.write_bytes(CONTENT)
    for digest in (
        hashlib.blake2b(CONTENT).hexdigest(),
        f"blake2b:{hashlib.blake2b(CONTENT, digest_size=32).hexdigest()}",
        hashlib.sha256(CONTENT).hexdigest().upper(),
    ):
        assert run("verify", str(path), "--digest", digest).status == 0
    assert run("verify", str(path), "--digest", hashlib.sha256(b"other").hexdigest()).status == 4
    refused = run("verify", str(path), "--digest", "12345")
    assert refused.status == 252
    assert refused.err.startswith("neo-wire: --digest: ")
    assert run("verify", str(tmp_path / "nothing"), "--digest", "ab" * 32).status == 255
    assert "one of the arguments --job --digest is required" in run("verify", str(path)).err
