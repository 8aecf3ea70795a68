"""The clients of any AWS JSON 1.0 or 1.1 service whose operations the user declares."""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext
from copy import copy
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from neo_wire.session import Session
from neo_wire.transports.blocking import BlockingDriver
from neo_wire.transports.clock import as_clock
from neo_wire.transports.exchanges import async_exchange, blocking_exchange

if TYPE_CHECKING:
    from neo_wire.client_options import CallOptions, ClientOptions
    from neo_wire.explanation import Explanation
    from neo_wire.json_service import Service
    from neo_wire.service import Operation
    from neo_wire.transports.httpx_bridge import AsyncHttpxClient, AsyncHttpxTransport, HttpxClient, HttpxTransport

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


class JsonClient:
    """A blocking client of any AWS JSON 1.0 or 1.1 service whose operations you declare.

    Making one reads nothing and sends nothing; what the options leave open is found out at the first call.

    Args:
        service: what its operations share.
        transport: an httpx (or httpx2) client or transport to send with, which stays yours to close.
        options: see `ClientOptions`.

    Raises:
        ConfigurationError: an option cannot be used.
    """

    def __init__(
        self,
        service: Service,
        *,
        transport: HttpxClient | HttpxTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._session = Session(service, options, lock=threading.Lock)
        self._driver = BlockingDriver(
            blocking_exchange(transport, options.get("max_connections")), clock=as_clock(options.get("clock"))
        )
        self._derived = False

    def call(self, operation: Operation[I, O], input: I) -> O:  # noqa: A002  # Smithy's word
        """Call an operation with an instance of its input structure.

        Raises:
            ConfigurationError: a setting is missing or cannot be used, or the operation is one of another service;
                nothing was sent.
            InputValidationError: the input breaks a rule; nothing was sent.
            CredentialsError: there are no credentials to sign an attempt with.
            TransportError: no usable answer came back; CallTimeout when the total timeout was over.
            ServiceError: the service refused or failed the request; of the subclass that its code stands for.
            ResponseDecodeError: the answer is not what the operation's output says.
        """
        return self._driver.run(self._session.invoke(operation, input))

    def with_options(self, **changes: Unpack[CallOptions]) -> Self:
        """A client with other options, which shares the connections, credentials and retry quota of this one.

        It needs no closing: its connections are closed with the client that it derives from.

        Raises:
            ConfigurationError: an option cannot be used.
        """
        derived = copy(self)
        derived._session = self._session.derive(changes)
        derived._derived = True
        return derived

    def explain_credentials(self) -> Explanation:
        """Tell where credentials, region, endpoint and every setting come from, secrets masked.

        The sources of credentials are asked as a call would ask them.

        Raises:
            ConfigurationError: a setting cannot be used, or a profile file cannot be read.
        """
        return self._driver.run(self._session.explain())

    def close(self) -> None:
        """Let go of the connections and of the signing keys; a later call raises ClientClosed.

        Calls that other threads make at the time come to their end; those that wait for a connection do not.
        """
        if not self._derived:
            _forget_keys()
            self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session})"


class AsyncJsonClient:
    """An asynchronous client of any AWS JSON 1.0 or 1.1 service whose operations you declare; else as `JsonClient`."""

    def __init__(
        self,
        service: Service,
        *,
        transport: AsyncHttpxClient | AsyncHttpxTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        from neo_wire.transports.asynchronous import AsyncDriver  # here, as blocking clients have no use for it

        # Its calls run in one event loop, where nothing interrupts a step: no lock is needed.
        self._session = Session(service, options, lock=nullcontext)
        self._driver = AsyncDriver(
            async_exchange(transport, options.get("max_connections")), clock=as_clock(options.get("clock"))
        )
        self._derived = False

    async def call(self, operation: Operation[I, O], input: I) -> O:  # noqa: A002  # Smithy's word
        """Call an operation with an instance of its input structure; it raises what `JsonClient.call` does."""
        return await self._driver.run(self._session.invoke(operation, input))

    def with_options(self, **changes: Unpack[CallOptions]) -> Self:
        """A client with other options, which shares what `JsonClient.with_options` says."""
        derived = copy(self)
        derived._session = self._session.derive(changes)
        derived._derived = True
        return derived

    async def explain_credentials(self) -> Explanation:
        """Tell where credentials, region, endpoint and every setting come from, as `JsonClient.explain_credentials`."""
        return await self._driver.run(self._session.explain())

    async def aclose(self) -> None:
        """Let go of the connections and of the signing keys; a later call raises ClientClosed.

        So do the calls that other tasks make at the time, as their event loop may be about to end; the error says by
        `maybe_processed` whether the service may have acted. Those over httpx come to their end.
        """
        if not self._derived:
            _forget_keys()
            await self._driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session})"


def _forget_keys() -> None:
    # Without a signer there are no keys; and when the interpreter ends, a client may be closed, but nothing imported.
    if sys.modules.get("neo_wire.signing.sigv4"):
        from neo_wire.signing.sigv4 import forget_keys

        forget_keys()
