from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from neo_wire.transports.files import read_file, write_file


@pytest.fixture
def umask() -> Iterator[None]:
    """Leave the process's umask as it was."""
    before = os.umask(0)
    os.umask(before)
    yield
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestReading:
    def test_the_whole_content(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"\x00\r\ntext")
        assert read_file(str(tmp_path / "a"), 7) == b"\x00\r\ntext"

    def test_none_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_file(str(tmp_path / "a"), 10)

    def test_one_that_is_too_long(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"12345678")
        with pytest.raises(OSError, match="longer than 7 bytes"):
            read_file(str(tmp_path / "a"), 7)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(IsADirectoryError):
            read_file(str(tmp_path), 10)

    def test_a_device_without_end_and_one_without_content(self) -> None:
        with pytest.raises(OSError, match="longer than"):
            read_file("/dev/zero", 1000)
        assert read_file("/dev/null", 1000) == b""

    def test_a_pipe_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="is a pipe"):
            read_file(str(tmp_path / "pipe"), 10)

    def test_a_terminal_keeps_nobody_waiting(self) -> None:
        ours, terminal = os.openpty()
        try:
            with pytest.raises(OSError, match="nothing to read yet"):
                read_file(os.ttyname(terminal), 10)
        finally:
            os.close(ours)
            os.close(terminal)

    @pytest.mark.parametrize("path", ["a\0b", "a" * 10_000])
    def test_a_path_that_no_file_can_have(self, path: str) -> None:
        with pytest.raises(OSError, match=r"NUL|too long"):
            read_file(path, 10)


class TestWriting:
    def test_a_new_file_in_new_folders(self, tmp_path: Path) -> None:
        path = tmp_path / "aws" / "sso" / "cache" / "a.json"
        write_file(str(path), b"secret")
        assert path.read_bytes() == b"secret"
        assert mode_of(path.parent) == 0o700
        assert names(path.parent) == ["a.json"]

    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277, 0o777])
    @pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o400])
    def test_only_its_owner_may_read_it(self, tmp_path: Path, umask: None, mask: int, before: int | None) -> None:
        path = tmp_path / "a.json"
        if before is not None:
            path.write_bytes(b"old")
            path.chmod(before)
        os.umask(mask)
        write_file(str(path), b"secret")
        assert mode_of(path) == 0o600
        assert path.read_bytes() == b"secret"

    def test_a_symbolic_link_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        target, link = tmp_path / "real" / "b.json", tmp_path / "a.json"
        target.write_bytes(b"old")
        link.symlink_to(Path("real") / "b.json")
        write_file(str(link), b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"
        assert mode_of(target) == 0o600

    def test_a_symbolic_link_to_nothing_yet(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").symlink_to(tmp_path / "later" / "b.json")
        write_file(str(tmp_path / "a.json"), b"new")
        assert (tmp_path / "later" / "b.json").read_bytes() == b"new"

    def test_a_symbolic_link_round_in_a_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(OSError, match="symbolic links"):
            read_file(str(tmp_path / "a"), 10)

    @pytest.mark.parametrize("step", ["fsync", "replace", "write"])
    def test_after_a_failure_the_old_one_stands_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"old")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        class Full:
            def __init__(self, handle: int, _mode: str) -> None:
                self.handle = handle

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                os.close(self.handle)

            write = full

        targets: dict[str, tuple[object, str, object]] = {
            "fsync": (os, "fsync", full),
            "replace": (Path, "replace", full),
            "write": (os, "fdopen", Full),
        }
        with monkeypatch.context() as patch:
            patch.setattr(*targets[step])
            with pytest.raises(OSError, match="No space left"):
                write_file(str(path), b"new")
        assert path.read_bytes() == b"old"
        assert names(tmp_path) == ["a.json"]

    def test_a_home_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_bytes(b"a file")
        with pytest.raises(OSError, match="home"):
            write_file(str(tmp_path / "home" / ".aws" / "a.json"), b"new")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_a_folder_that_belongs_to_somebody_else(self, tmp_path: Path) -> None:
        folder = tmp_path / "home"
        folder.mkdir()
        program = """
import os, pathlib, sys, tempfile  # these two before they cannot be read any more
from neo_wire.transports.files import write_file
os.chdir(sys.argv[1])
os.setuid(65534)
try:
    write_file(".aws/a.json", b"new")
except PermissionError:
    print("refused")
"""
        done = subprocess.run(  # noqa: S603  # our own
            [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout == "refused\n"
        assert names(folder) == []

    def test_a_path_that_no_file_can_have(self) -> None:
        with pytest.raises(OSError, match="NUL"):
            write_file("a\0b", b"new")

    def test_a_long_name(self, tmp_path: Path) -> None:
        write_file(str(tmp_path / ("a" * 255)), b"new")
        assert (tmp_path / ("a" * 255)).read_bytes() == b"new"

    def test_readers_never_see_half_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        contents = [bytes([letter]) * 100_000 for letter in b"ab"]
        write_file(str(path), contents[0])
        done = threading.Event()
        seen: set[bytes] = set()

        def read() -> None:
            while not done.is_set():
                seen.add(read_file(str(path), 1_000_000))

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(30):
            write_file(str(path), contents[number % 2])
        done.set()
        for reader in readers:
            reader.join(10)
        assert seen <= set(contents)
        assert seen

    def test_of_many_who_write_at_once_one_wins_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "a.json"
        contents = [bytes([number]) * 10_000 for number in range(8)]
        writers = [threading.Thread(target=write_file, args=(str(path), content)) for content in contents]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(10)
        assert path.read_bytes() in contents
        assert names(path.parent) == ["a.json"]
