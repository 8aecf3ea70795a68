"""The file that an artifact goes to: its names, its part, its lock, and what is left when something goes wrong."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from neo_wire.errors import ConfigurationError
from neo_wire.jobs.artifact_file import ArtifactExists, DownloadInProgress, Part
from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch, Hashing
from neo_wire.transports import artifact_files
from neo_wire.transports.artifact_files import LocalArtifactFile, _can_be_a_file

DATA = b"a compiled model"
DIGEST = Digest.parse(hashlib.blake2b(DATA).hexdigest())
PART = Part("s3://b/k", '"1"', len(DATA))
NONE = Digest.parse(None)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(target: Path, data: bytes = DATA, digest: Digest = DIGEST) -> LocalArtifactFile:
    file = LocalArtifactFile(target, "k")
    assert file.open(digest) is None
    file.restart(PART)
    file.append(data)
    return file


def test_a_whole_file_gets_its_name_and_nothing_else_is_left(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        file = begun(tmp_path / "model")
    finally:
        os.umask(old)
    assert names(tmp_path) == [".model.part", ".model.part.json"]
    assert file.finish(overwrite=False).verified
    file.close()
    assert names(tmp_path) == ["model"]
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o640
    assert file.existing(DIGEST) == (len(DATA), DigestCheck("verified", "blake2b"))
    with pytest.raises(DigestMismatch):
        file.existing(Digest.parse("00" * 64))


def test_what_was_left_is_taken_up_with_its_hash(tmp_path: Path) -> None:
    begun(tmp_path / "model", DATA[:5]).close()
    file = LocalArtifactFile(tmp_path / "model", "k")
    assert file.open(DIGEST) == PART
    assert file.size == 5
    file.append(DATA[5:])
    assert file.finish(overwrite=False).verified
    file.close()


@pytest.mark.parametrize(
    "note", ["", "{", "[]", "{}", '{"uri": "s3://b/k", "etag": "1"}', '{"total": "x"}', "x" * 20000]
)
def test_a_note_that_cannot_be_read_begins_anew(tmp_path: Path, note: str) -> None:
    begun(tmp_path / "model", DATA[:5]).close()
    (tmp_path / ".model.part.json").write_text(note)
    file = LocalArtifactFile(tmp_path / "model", "k")
    assert file.open(DIGEST) is None
    assert file.size == 0
    file.close()
    assert names(tmp_path) == []


def test_at_no_moment_does_the_note_tell_of_other_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = begun(tmp_path / "model")
    part = tmp_path / ".model.part"

    def killed(_path: str, data: bytes) -> None:
        assert part.read_bytes() == b""  # before the note says something else
        assert json.loads(data)["etag"] == '"2"'
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("neo_wire.transports.artifact_files.write_file", killed)
    with pytest.raises(OSError, match="No space"):
        file.restart(Part("s3://b/k", '"2"', 5))
    file.close()
    assert names(tmp_path) == []


def test_nobody_else_writes_the_same_file(tmp_path: Path) -> None:
    file = begun(tmp_path / "model")
    other = LocalArtifactFile(tmp_path / "model", "k")
    with pytest.raises(DownloadInProgress, match="is under way"):
        other.open(DIGEST)
    other.close()
    assert names(tmp_path) == [".model.part", ".model.part.json"]
    file.close()
    assert other.size == 0
    third = LocalArtifactFile(tmp_path / "model", "k")
    assert third.open(DIGEST) == PART
    third.close()


def test_one_that_ends_while_another_one_opens_does_not_lend_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begun(tmp_path / "model")
    real_open = os.open

    def late(path: str | Path, flags: int, mode: int = 0o777) -> int:
        handle = real_open(path, flags, mode)
        if str(path).endswith(".part") and first.size:
            monkeypatch.undo()
            first.finish(overwrite=False)
            first.close()
        return handle

    monkeypatch.setattr(os, "open", late)
    second = LocalArtifactFile(tmp_path / "model", "k")
    assert second.open(DIGEST) is None
    second.restart(PART)
    second.append(b"other")
    assert (tmp_path / "model").read_bytes() == DATA
    second.close()


def test_a_wrong_digest_keeps_the_file_aside_the_latest_one(tmp_path: Path) -> None:
    for data in (b"wrong", b"wrong again"):
        file = begun(tmp_path / "model", data)
        with pytest.raises(DigestMismatch) as caught:
            file.finish(overwrite=True)
        file.close()
        assert caught.value.path == str(tmp_path / "model.digest-mismatch")
        assert Path(caught.value.path).read_bytes() == data
        assert names(tmp_path) == ["model.digest-mismatch"]


def test_a_file_that_has_come_meanwhile_stays_unless_it_may_go(tmp_path: Path) -> None:
    file = begun(tmp_path / "model")
    (tmp_path / "model").write_bytes(b"mine")
    with pytest.raises(ArtifactExists):
        file.finish(overwrite=False)
    assert (tmp_path / "model").read_bytes() == b"mine"
    file.finish(overwrite=True)
    file.close()
    assert (tmp_path / "model").read_bytes() == DATA


def test_a_symbolic_link_is_kept_and_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "model")
    file = begun(tmp_path / "link")
    file.finish(overwrite=True)
    file.close()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "model").read_bytes() == DATA
    assert file.path == str(tmp_path / "link")


def test_what_has_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = begun(tmp_path / "model", b"")
    raw = file._opened()

    class Short:
        def write(self, data: memoryview) -> int:
            return os.write(raw.fileno(), data[:3])

    monkeypatch.setattr(file, "_file", Short())
    file.append(DATA)
    monkeypatch.undo()
    assert file.size == len(DATA)
    assert file.finish(overwrite=False).verified
    file.close()


def test_a_thread_that_nobody_waits_for_writes_nothing_more(tmp_path: Path) -> None:
    file = begun(tmp_path / "model", DATA[:5])
    file.close()
    for late in (lambda: file.append(b"x"), lambda: file.restart(PART), lambda: file.finish(overwrite=True)):
        with pytest.raises(OSError, match="has ended"):
            late()
    assert (tmp_path / ".model.part").read_bytes() == DATA[:5]
    closed = LocalArtifactFile(tmp_path / "other", "k")
    closed.close()
    thread = threading.Thread(target=closed.open, args=(DIGEST,))
    thread.start()
    thread.join(10)
    assert names(tmp_path) == [".model.part", ".model.part.json"]
    again = LocalArtifactFile(tmp_path / "other", "k")
    assert again.open(DIGEST) is None  # nobody has it locked
    again.close()


def test_a_folder_takes_the_name_of_the_artifact_when_a_file_can_have_it(tmp_path: Path) -> None:
    assert LocalArtifactFile(tmp_path, "k.tar.gz").path == str(tmp_path / "k.tar.gz")
    assert LocalArtifactFile(f"{tmp_path}/new/", "k.tar.gz").path == str(tmp_path / "new" / "k.tar.gz")
    for name in ("", ".", "..", "a\\b", "a\0b"):
        with pytest.raises(ConfigurationError, match="as no file can be"):
            LocalArtifactFile(tmp_path, name)
    for target in ("", "a\0b"):
        with pytest.raises(ConfigurationError, match="give the path of a file"):
            LocalArtifactFile(target, "k")


def test_what_cannot_be_hashed_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(DATA)
    found = LocalArtifactFile(tmp_path / "model", "k").existing(NONE)
    assert found is not None
    assert (found[0], found[1].outcome) == (len(DATA), "unknown")
    assert LocalArtifactFile(tmp_path / "none", "k").existing(NONE) is None
    with pytest.raises(OSError, match="no plain file"):
        LocalArtifactFile("/dev/null", "k").existing(NONE)


def test_a_link_in_the_place_of_the_part_is_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / ".model.part").symlink_to(precious)
    file = LocalArtifactFile(tmp_path / "model", "k")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        file.open(DIGEST)
    file.close()
    assert precious.read_text() == "mine"


def test_a_folder_that_cannot_be_synchronised_takes_the_file_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchronise = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "a folder")
        synchronise(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    assert begun(tmp_path / "model").finish(overwrite=False).verified
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize(("number", "passes"), [(errno.ENOLCK, True), (errno.ENOSYS, True), (errno.EIO, False)])
def test_a_folder_without_locks_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, passes: bool
) -> None:
    import fcntl

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    if passes:
        assert begun(tmp_path / "model").finish(overwrite=False).verified
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            begun(tmp_path / "model")


@pytest.mark.parametrize("name", ["m" * 255, "é" * 127 + "m"])
def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path, name: str) -> None:
    begun(tmp_path / name, DATA[:5]).close()
    begun(tmp_path / (name[:-1] + "n"), DATA[:5]).close()  # has a part of its own
    assert len(names(tmp_path)) == 4
    file = LocalArtifactFile(tmp_path / name, "k")
    assert file.open(DIGEST) == PART
    file.append(b"not what it was")
    with pytest.raises(DigestMismatch):
        file.finish(overwrite=False)
    file = LocalArtifactFile(tmp_path / (name[:-1] + "n"), "k")
    file.open(DIGEST)
    file.append(DATA[5:])
    assert file.finish(overwrite=False).verified
    assert len(names(tmp_path)) == 2


@pytest.mark.parametrize(
    "name", ["C:m.tar.gz", "m.tar.gz:s", "NUL", "con.tar.gz", "LPT1 .x", "m.", "m ", "a?b", "a\nb"]
)
def test_on_windows_a_name_is_of_a_file_in_the_folder_and_no_drive_stream_or_device(name: str) -> None:
    assert _can_be_a_file(name, windows=False)
    assert not _can_be_a_file(name, windows=True)
    for good in ("m.tar.gz", "console.tar.gz", "model-ml_c5 (1).tar.gz", "é.tar.gz", ".hidden"):
        assert _can_be_a_file(good, windows=True)


def test_closing_does_not_wait_until_a_large_part_is_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called by the task that was cancelled: an event loop stands still until it is done."""
    begun(tmp_path / "model", DATA).close()
    monkeypatch.setattr(artifact_files, "_PIECE", 1)
    file = LocalArtifactFile(tmp_path / "model", "k")
    hashed, reading, closing = [], threading.Event(), threading.Event()
    update = Hashing.update

    def slow(self: Hashing, data: bytes | memoryview) -> None:
        hashed.append(bytes(data))
        reading.set()
        closing.wait(10)
        update(self, data)

    monkeypatch.setattr(Hashing, "update", slow)
    opener = threading.Thread(target=file.open, args=(DIGEST,))
    closer = threading.Thread(target=file.close)
    opener.start()
    assert reading.wait(10)
    closer.start()
    while not file._closed:
        closer.join(0.001)
    closing.set()
    closer.join(10)
    opener.join(10)
    assert len(hashed) < 3
    monkeypatch.undo()
    again = LocalArtifactFile(tmp_path / "model", "k")
    assert again.open(DIGEST) == PART  # what was there is there still, and nobody has it locked
    assert again.size == len(DATA)
    again.close()
