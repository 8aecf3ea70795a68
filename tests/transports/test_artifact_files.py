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
from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch
from neo_wire.transports.artifact_files import LocalArtifactFile

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
