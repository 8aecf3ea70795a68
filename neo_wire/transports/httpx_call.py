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
from neo_wire.transports.httpcore_pools import SentBody, pool_head, pool_request
from neo_wire.transports.httpx_errors import (
    pool_timeout,
    printable_cause,
    proxy_refused,
    total_timeout,
    transport_error,
)
from neo_wire.transports.response_body import ResponseBody


class HttpxCall:
    """One exchange, over a pool of ours or with what the user gave: its request, its response, and what goes wrong."""

    def __init__(self, effect: Send, library: Any) -> None:  # noqa: ANN401  # httpx or httpx2; None for a pool of ours
        # what the user gave has a route of its own
        self.effect = effect if library is None or effect.route == DIRECT else evolve(effect, route=DIRECT)
        self._library = library
        self._deadline = Deadline(effect.timeout.total)
        self.waits = Waits(effect.timeout, self._deadline)
        self._sent_body = SentBody(effect.request.body)

    def request(self) -> Any:  # noqa: ANN401  # of the library
        """The request as it is to be sent."""
        effect, library = self.effect, self._library
        headers = [(name.encode("ascii"), value.encode("utf-8")) for name, value in effect.request.headers]
        if effect.request.header("host") is None:
            headers.insert(0, (b"Host", effect.request.url.authority.encode("ascii")))
        if library is None:
            return pool_request(effect, headers, self._sent_body, self.waits)
        return library.Request(
            effect.request.method,
            _url(library, effect),
            headers=headers,
            stream=library.ByteStream(effect.request.body),
            extensions={"timeout": self.waits},
        )

    def body_of(self, response: Any) -> ResponseBody:  # noqa: ANN401  # of the library
        """What takes the body of a response, whose head has come."""
        if self._library is None:
            status, headers, reason = pool_head(response)
            if status == 407 and self.effect.route.proxy is not None:
                raise proxy_refused(self.effect, status)
            return ResponseBody(self.effect, status, headers, reason)
        headers = tuple(
            [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        )
        # one that was read before it came here, as that of a mock, has its coding undone
        coded = not response.is_stream_consumed
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
        return transport_error(error, self.effect, self._deadline, sent=self._sent)

    @property
    def is_late(self) -> bool:
        """Whether the total time is up."""
        return self._deadline.left() <= 0

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
