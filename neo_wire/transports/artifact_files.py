"""The file that an artifact is downloaded to: first under a temporary name, and under its own only when it is whole.

Beside the target `model.tar.gz` stand, while it is downloaded, `.model.tar.gz.part` with the bytes and
`.model.tar.gz.part.json`, which tells what object they are of. Both stay when the download breaks off, so that a later
one goes on. What has a wrong digest becomes `model.tar.gz.digest-mismatch`. Very long names are shortened in these.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final

from neo_wire.errors import ConfigurationError
from neo_wire.jobs.artifact_file import ArtifactExists, DownloadInProgress, Part
from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch, Hashing
from neo_wire.transports.files import read_file, write_file

_PIECE: Final = 1 << 20
_MAX_NOTE: Final = 16 * 1024
_LONGEST_NAME: Final = 200  # bytes; most file systems have 255 for a name and what goes before and after it here
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_WINDOWS_DEVICES: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}
)


class LocalArtifactFile:
    """The file, by its final name. Its methods may be called from any thread, one at a time.

    Args:
        target: a path, or a folder that is there, in which the file gets the artifact's own name.
        name: of the artifact in S3.

    Raises:
        ConfigurationError: no file can have that name.
    """

    def __init__(self, target: str | os.PathLike[str], name: str) -> None:
        given = os.fspath(target)
        if not given or "\0" in given:
            raise ConfigurationError(f"the path is {given!r}; give the path of a file, or of a folder")
        into = given.endswith(("/", os.sep)) or Path(given).is_dir()
        if into and not _can_be_a_file(name, windows=os.name == "nt"):
            raise ConfigurationError(f"the artifact is named {name!r}, as no file can be; give the path of a file")
        self._final = Path(os.path.realpath(Path(given) / name if into else given))
        self._shown = os.fspath(Path(given) / name) if into else given
        self._beside = _shortened(self._final.name)
        self._temporary = self._final.with_name(f".{self._beside}.part")
        self._note = self._final.with_name(f".{self._beside}.part.json")
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._closed = False
        self._size = 0
        self._digest = Digest("")
        self._hashing = Hashing(self._digest)

    @property
    def path(self) -> str:
        """The final name, as it was given."""
        return self._shown

    @property
    def size(self) -> int:
        """How many bytes the temporary file has."""
        return self._size

    def existing(self, digest: Digest) -> tuple[int, DigestCheck] | None:
        """The size and the check of the file under the final name; None when there is none.

        Raises:
            DigestMismatch: it has another digest.
            OSError: it is no plain file, or cannot be read.
        """
        try:
            found = self._final.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{self._shown!r} is there, and is no plain file; give another path")
        if not digest.algorithms:
            return found.st_size, digest.hashing().check(self._shown)
        with self._final.open("rb", buffering=0) as file:
            hashing = digest.hashing()
            while piece := file.read(_PIECE):
                hashing.update(piece)
        return found.st_size, hashing.check(self._shown)

    def open(self, digest: Digest) -> Part | None:
        """Open the temporary file for this process alone, and hash what an earlier download left in it.

        Returns:
            What that is of; None when there is nothing, or nobody can say.

        Raises:
            DownloadInProgress: somebody else has it open.
            OSError: it cannot be opened, or its folder cannot be made.
        """
        self._final.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._file = self._open_locked()
            self._digest, self._hashing = digest, digest.hashing()
            part = self._read_note()
            if part is None:
                self._file.truncate(0)
            # Whoever closes meanwhile waits for one piece, not for all of them: it may be an event loop.
            while part is not None and not self._closed and (piece := self._file.read(_PIECE)):
                self._hashing.update(piece)
            self._size = self._file.seek(0, os.SEEK_END)
            if self._closed:  # meanwhile, while this ran in a thread that nobody waits for any more
                self._end()
            return part

    def _open_locked(self) -> FileIO:
        # A link by that name is nobody's download: what it leads to would be overwritten.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        while True:
            file = FileIO(os.open(self._temporary, flags, 0o666), "r+")
            try:
                if not _lock(file):
                    raise DownloadInProgress(self._shown)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), self._temporary.stat()):
                        return file
            except BaseException:
                file.close()
                raise
            file.close()  # whoever had it open has just renamed it

    def _read_note(self) -> Part | None:
        try:
            note = json.loads(read_file(os.fspath(self._note), _MAX_NOTE))
            return Part(str(note["uri"]), str(note["etag"]), int(note["total"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def restart(self, part: Part) -> None:
        """Empty the temporary file, for the bytes of another object.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            file = self._opened()
            # In this order: at no moment does the note tell of bytes that are another object's.
            file.truncate(0)
            file.seek(0)
            self._size, self._hashing = 0, self._digest.hashing()
            note = {"uri": part.uri, "etag": part.etag, "total": part.total}
            write_file(os.fspath(self._note), json.dumps(note).encode())

    def append(self, data: bytes) -> None:
        """Write the next bytes.

        Raises:
            OSError: they cannot be written, as when the disk is full.
        """
        with self._lock:
            file = self._opened()
            view = memoryview(data)
            while view:
                written = file.write(view) or 0
                self._hashing.update(view[:written])
                self._size += written
                view = view[written:]

    def finish(self, *, overwrite: bool) -> DigestCheck:
        """Make sure that all is on the disk, check it, and give the file its final name.

        Raises:
            DigestMismatch: it has another digest; it is kept under another name, which the error has.
            ArtifactExists: a file of that name has come meanwhile; the temporary one stays.
            OSError: it cannot be written.
        """
        with self._lock:
            file = self._opened()
            os.fsync(file.fileno())
            aside = self._final.with_name(f"{self._beside}.digest-mismatch")
            try:
                check = self._hashing.check(os.fspath(Path(self._shown).with_name(aside.name)), kept_aside=True)
            except DigestMismatch:
                self._rename(aside)
                raise
            if not overwrite and self._final.exists():
                raise ArtifactExists(self._shown, ", since this download began")
            self._rename(self._final)
            return check

    def _rename(self, name: Path) -> None:
        if os.name == "nt":
            self._let_go()  # a file that is open has no new name there
        self._temporary.replace(name)
        with suppress(OSError):
            self._note.unlink()
        self._let_go()
        if os.name != "nt":
            with suppress(OSError):  # the file has its name; not every folder can be opened, nor every system do this
                folder = os.open(name.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def close(self) -> None:
        """Let go of the temporary file; it stays when there is something in it."""
        self._closed = True  # before the lock is had, for whoever has it to see
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._file is not None and self._size == 0:
            for name in (self._temporary, self._note):
                with suppress(OSError):
                    name.unlink()
        self._let_go()

    def _opened(self) -> FileIO:
        if self._file is None or self._closed:
            raise OSError(f"the download to {self._shown!r} has ended")  # a thread that nobody waits for any more
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _can_be_a_file(name: str, *, windows: bool) -> bool:
    """Whether a name is one of a file in a folder, and of nothing else: on Windows, no drive, stream or device."""
    if name in ("", ".", "..") or any(character in name for character in "\0/\\"):
        return False
    if not windows:
        return True
    device = name.partition(".")[0].rstrip(" ").upper() in _WINDOWS_DEVICES
    odd = any(character in '<>:"|?*' or character < " " for character in name)
    return not (device or odd or name.endswith((".", " ")))


def _shortened(name: str) -> str:
    """A name that leaves room for what is put before and after it: as it is, or its beginning and a hash of it."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST_NAME:
        return name
    digest = hashlib.blake2b(encoded, digest_size=8).hexdigest()
    while len(os.fsencode(name)) > _LONGEST_NAME - 17:
        name = name[:-1]
    return f"{name}-{digest}"


def _lock(file: FileIO) -> bool:
    """Lock a file until it is closed; False when somebody else has. Windows and some network folders have no locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
