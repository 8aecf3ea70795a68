"""The client that a command calls with, by its options, and what it logs, on stderr."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neo_wire.cli.failure import one_line
from neo_wire.cli.progress import Progress
from neo_wire.client import NeoClient
from neo_wire.client_options import ClientOptions


@contextmanager
def connected(arguments: argparse.Namespace) -> Iterator[NeoClient]:
    """A client, until the end of the block; warnings go to stderr meanwhile, and with --debug everything."""
    options = ClientOptions(
        profile=arguments.profile,
        region=arguments.region,
        endpoint_url=arguments.endpoint_url,
        max_attempts=arguments.max_attempts,
        validate_input=not arguments.no_validate,
    )
    if arguments.call_timeout is not None:
        options["timeout"] = arguments.call_timeout
    with _logging(debug=arguments.debug), NeoClient(**options) as client:
        try:
            yield client
        except Exception:
            logging.getLogger("neo_wire.cli").debug("the command failed", exc_info=True)
            raise


@contextmanager
def _logging(*, debug: bool) -> Iterator[None]:
    """Show what the package logs, and nothing of others: httpx would show signed headers."""
    logger = logging.getLogger("neo_wire")
    handler, before = _Handler(), (logger.level, logger.propagate)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s" if debug else None))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Print the record above the progress line, if there is one."""
        try:
            Progress.note(self.format(record))
        except Exception:  # noqa: BLE001  # as every handler: what is logged does not fail the command
            self.handleError(record)


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802, ANN401  # the name is logging's, and its type is typeshed's
        """The traceback, whose last lines may be a service's words, without what drives a terminal."""
        return "".join([char if char.isprintable() or char == "\n" else " " for char in super().formatException(ei)])

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is logging's
        """The record in one line, which cannot drive the terminal."""
        return one_line(f"neo-wire: {super().formatMessage(record)}")
