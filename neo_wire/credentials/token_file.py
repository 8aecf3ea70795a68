"""The JSON file that a sign-in keeps its tokens in, which other programs read and write as well."""

from __future__ import annotations

import json
import logging
from typing import Final

from neo_wire.credentials.json_members import MAX_LENGTH, JsonObject, read_object
from neo_wire.flow import Flow, read_file, write_file

_log: Final = logging.getLogger(__name__)


class TokenFile:
    """One such file. Refresh tokens may be good for one use, so what cannot be written is remembered.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._seen = b""
        self._unwritten: JsonObject | None = None

    def read(self) -> Flow[JsonObject]:
        """What the file says, or what should stand in it by now.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it cannot be read.
            Mismatch: it holds no JSON object, as when another program is just writing it.
        """
        data = yield from read_file(self.path, max_bytes=MAX_LENGTH)
        if self._unwritten is not None and data == self._seen:
            return self._unwritten
        self._seen, self._unwritten = data, None
        return read_object(data)

    def write(self, members: JsonObject) -> Flow[None]:
        """Replace the file; when it cannot be, as in a read-only home, remember what should stand there."""
        try:
            yield from write_file(self.path, json.dumps(members, default=float).encode("ascii"))
        except OSError as error:
            self._unwritten = members
            _log.warning("%s cannot be written (%s); its new token is used without", self.path, error.strerror or error)
        else:
            self._unwritten = None
