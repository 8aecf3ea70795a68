"""One exchange over httpx, httpx2 or httpcore: what is sent, what takes the answer, and what a failure means.

Source: httpx's transport API; httpcore's request extensions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import evolve

from neo_wire.errors import ConfigurationError, TransportError
from neo_wire.flow import Send
from neo_wire.http import DIRECT
from neo_wire.transports.deadline import Deadline, Waits
from neo_wire.transports.http1 import is_framed_twice
from neo_wire.transports.httpcore_pools import SentBody, pool_head, pool_request
from neo_wire.transports.httpx_errors import (
    pool_timeout,
    printable_cause,
    proxy_refused,
    total_timeout,
    transport_error,
)
from neo_wire.transports.response_body import ResponseBody
from neo_wire.transports.watchdog import WatchedWaits


class HttpxCall:
    """One exchange, over a pool of ours or with what the user gave: its request, its response, and what goes wrong.

    Args:
        effect: the exchange.
        library: httpx or httpx2; None for a pool of ours.
        watched: whether it is ended from outside when its total time is up, and so has to be released.

    Attributes:
        effect: the exchange.
        waits: its timeouts.
        doubtful: the connection, of a pool of ours, when nothing may follow the response on it; it is to be closed
            before the response is, as that gives it back to the pool.
    """

    def __init__(self, effect: Send, library: Any, *, watched: bool = False) -> None:  # noqa: ANN401  # a module
        # what the user gave has a route of its own
        self.effect = effect if library is None or effect.route == DIRECT else evolve(effect, route=DIRECT)
        self._library = library
        self._deadline = Deadline(effect.timeout.total)
        self._watched = WatchedWaits(effect.timeout, self._deadline) if watched else None
        self.waits = Waits(effect.timeout, self._deadline) if self._watched is None else self._watched
        self._sent_body = SentBody(effect.request.body)
        self.doubtful: Any = None

    def request(self, *, blocking: bool) -> Any:  # noqa: ANN401  # of the library
        """The request as it is to be sent."""
        effect, library = self.effect, self._library
        headers = [(name.encode("ascii"), value.encode("utf-8")) for name, value in effect.request.headers]
        if effect.request.header("host") is None:
            headers.insert(0, (b"Host", effect.request.url.authority.encode("ascii")))
        if library is None:
            return pool_request(effect, headers, self._sent_body, self.waits, blocking=blocking)
        return library.Request(
            effect.request.method,
            _url(library, effect),
            headers=headers,
            stream=library.ByteStream(effect.request.body),
            extensions={"timeout": self.waits} | ({} if self._watched is None else {"trace": self._watched.trace}),
        )

    def body_of(self, response: Any) -> ResponseBody:  # noqa: ANN401  # of the library
        """What takes the body of a response, whose head has come."""
        if self._library is None:
            status, headers, reason = pool_head(response)
            if status == 407 and self.effect.route.proxy is not None:
                raise proxy_refused(self.effect, status)
            if is_framed_twice(headers):
                self.doubtful = response.extensions.get("network_stream")
            return ResponseBody(self.effect, status, headers, reason)
        headers = tuple(
            [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        )
        # one that was read before it came here, as that of a mock, has its coding undone
        coded = not response.is_stream_consumed
        if self._watched is not None:
            self._watched.know(response.extensions.get("network_stream"))
        return ResponseBody(self.effect, response.status_code, headers, response.reason_phrase, coded=coded)

    def pieces_of(self, response: Any, prefix: str = "") -> Any:  # noqa: ANN401  # of the library; an iterator, blocking or not
        """The pieces of the body of a response as they arrive."""
        name = "iter_stream" if self._library is None else "iter_bytes" if response.is_stream_consumed else "iter_raw"
        return getattr(response, prefix + name)()

    def step(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401  # what the function gives
        """Do a step of the exchange; what the library raises is raised as an error of ours."""
        try:
            return function(*arguments)
        except Exception as error:
            if (failure := self._failure(error)) is None:
                raise
            cause = printable_cause(error)
        raise failure from cause  # out here, so that it has no other context

    async def step_async(self, awaitable: Awaitable[Any]) -> Any:  # noqa: ANN401  # what is awaited
        """As `step`."""
        try:
            return await awaitable
        except Exception as error:
            if (failure := self._failure(error)) is None:
                raise
            cause = printable_cause(error)
        raise failure from cause  # as above

    def _failure(self, error: Exception) -> TransportError | None:
        failure = transport_error(error, self.effect, self._deadline, sent=self._sent)
        return self.late() if failure is not None and self.is_cut else failure

    @property
    def is_late(self) -> bool:
        """Whether the total time is up."""
        return self._deadline.left() <= 0

    @property
    def is_cut(self) -> bool:
        """Whether it was ended from outside, so that what came of the response may not be the whole."""
        return self._watched is not None and self._watched.is_cut

    def release(self) -> None:
        """Have it ended by nobody any more."""
        if self._watched is not None:
            self._watched.release()

    def no_connection(self) -> TransportError:
        """The error of an exchange that no connection came free for."""
        return pool_timeout(self.effect, self._deadline)

    def late(self) -> TransportError:
        """The error of an exchange whose total time is up."""
        return total_timeout(self.effect, sent=self._sent)

    @property
    def _sent(self) -> bool | None:
        return self._sent_body.sent if self._library is None else None


def _url(library: Any, effect: Send) -> Any:  # noqa: ANN401  # of the library
    wanted = effect.request.url
    try:
        url = library.URL(str(wanted))
    except library.InvalidURL as error:
        raise ConfigurationError(f"{library.__name__} refuses the URL of {wanted.origin}: {error}") from None
    if url.raw_path != wanted.target.encode("ascii"):
        raise ConfigurationError(
            f"{library.__name__} rewrites the path {wanted.path!r}, which would break the signature; write it as "
            f"{url.raw_path.decode('ascii').partition('?')[0]!r}"
        )
    return url
