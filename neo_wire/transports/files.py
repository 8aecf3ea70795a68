"""Small files: read with a bound, replaced at once or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def read_file(path: str, max_bytes: int) -> bytes:
    """The content of a file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read, is a pipe, which could keep its reader waiting for ever, or is longer than
            `max_bytes`.
    """
    _check(path)
    with open(path, "rb", opener=_open) as file:  # a Path takes no opener
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is a pipe; give a plain file")
        data: bytes | None = file.read(max_bytes + 1)
    if data is None:
        raise OSError(f"{path} has nothing to read yet, as a terminal; give a plain file")
    if len(data) > max_bytes:
        raise OSError(f"{path} is longer than {max_bytes} bytes")
    return data


def write_file(path: str, data: bytes) -> None:
    """Replace a file at once or not at all, readable by its owner alone; its folder is made when missing.

    A symbolic link is kept, and the file that it leads to replaced.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    import tempfile  # here, as few clients write a file, and it brings all of shutil's compression
    from pathlib import Path

    _check(path)
    target = Path(os.path.realpath(path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:64]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(handle, 0o600)  # the umask may have taken the owner's rights as well
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _check(path: str) -> None:
    if "\0" in path:
        raise OSError("the path has a NUL character in it")  # Python's own error is a ValueError


def _open(path: str, flags: int) -> int:
    """Open without waiting for the writer of a pipe, or for a terminal."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
