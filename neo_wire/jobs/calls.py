"""What the flows of this package call operations with."""

from __future__ import annotations

from typing import Protocol, TypeVar

from neo_wire.flow import Flow
from neo_wire.service import Operation

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


class Calls(Protocol):
    """Calls operations as a client does: signed, retried, decoded."""

    def __call__(self, operation: Operation[I, O], input: I, /) -> Flow[O]:  # noqa: A002  # Smithy's word
        """Call one operation with an instance of its input structure."""
