"""The body of one response as it arrives in pieces over httpx: content coding undone, bounded, or given to a sink."""

from __future__ import annotations

from collections.abc import Iterator

from neo_wire.errors import Headers, ResponseDecodeError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse
from neo_wire.transports.content_coding import CodingError, inflater_for


class ResponseBody:
    """One body, from its first piece to its last.

    Args:
        effect: the exchange, which says how much may be kept, and whether there is a sink.
        status: of the response, as the two after it are.
        headers: names in lower case.
        reason: may be empty.
        coded: whether its content coding is still to be undone.

    Raises:
        ResponseDecodeError: its content coding is not known.
    """

    def __init__(self, effect: Send, status: int, headers: Headers, reason: str, *, coded: bool = True) -> None:
        self.status, self.headers, self._reason = status, headers, reason
        self._max_body = effect.max_body
        self._kept = bytearray()
        self._received = 0
        self._coding = ", ".join(
            [value for name, value in headers if coded and effect.decode and name == "content-encoding"]
        )
        try:
            self._inflater = inflater_for(self._coding)
        except CodingError as error:
            raise self._undecodable(error) from None

    def decoded(self, piece: bytes) -> Iterator[bytes]:
        """What a piece that has arrived stands for.

        Raises:
            ResponseDecodeError: it is not of the content coding.
        """
        if self._inflater is None:
            yield piece
            return
        try:
            yield from self._inflater.decode(piece)
        except CodingError as error:
            raise self._undecodable(error) from None

    def keep(self, piece: bytes) -> bool:
        """Add a piece that has arrived to what is kept; False when that is beyond the bound.

        Raises:
            ResponseDecodeError: as `decoded`; or the coded body is longer than what it may stand for.
        """
        self._received += len(piece)
        for plain in self.decoded(piece):
            self._kept += plain
            if len(self._kept) > self._max_body:
                return False
        # Before it is decoded a body may be a little longer than after, and not without end.
        if self._received > self._max_body + self._max_body // 64 + 1024:
            raise self._undecodable(f"it is longer than {self._max_body} bytes even before it is decoded")
        return True

    def response(self) -> HttpResponse:
        """The response, its body cut off one byte over the bound.

        Raises:
            ResponseDecodeError: the coded body was cut off.
        """
        if self._inflater is not None and len(self._kept) <= self._max_body:
            try:
                self._inflater.finish()
            except CodingError as error:
                raise self._undecodable(error) from None
        return HttpResponse(self.status, self.headers, bytes(self._kept[: self._max_body + 1]), self._reason)

    def _undecodable(self, why: object) -> ResponseDecodeError:
        return ResponseDecodeError(
            f"the content coding {self._coding!r} cannot be undone: {why}",
            status=self.status,
            request_id=next((value for name, value in self.headers if name == "x-amzn-requestid"), None),
        )
