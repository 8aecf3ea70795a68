"""The operations of a service as data, which with the service is all that a call needs to know."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import field, frozen

from neo_wire.errors import Headers, ServiceError
from neo_wire.json_service import Service as Service
from neo_wire.members import members
from neo_wire.schema import UNMODELLED, structure
from neo_wire.values import Value

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


@frozen(eq=False, repr=False)
class ResponseMetadata(Value):
    """How the service answered, beside what it said.

    Attributes:
        status: the HTTP status code; 0 for an output that no service sent.
        request_id: the service's id of the request, for AWS support; None when the response had none.
        headers: the response's headers, names in lower case.
        attempts: how many times the request was sent.
    """

    status: int = 0
    request_id: str | None = None
    headers: Headers = field(default=(), repr=False)
    attempts: int = 0


_NO_RESPONSE = ResponseMetadata()


@structure
class OperationOutput:
    """What an operation's output derives from to carry the metadata of its response, which does not enter equality."""

    response_metadata: ResponseMetadata = field(default=_NO_RESPONSE, eq=False, repr=False, metadata=UNMODELLED)


@structure
class Unit(OperationOutput):
    """No members: the input or the output of an operation that has none.

    Source: Smithy 2.0, unit type.
    """


@frozen(eq=False, repr=False)
class Operation(Value, Generic[I, O]):
    """One operation: its name, its input and output structures, and the errors of its model.

    Attributes:
        service: the service that has it.
        name: as it stands in X-Amz-Target, such as "DescribeCompilationJob".
        input: the structure of its input; `Unit` for none.
        output: the structure of its output; `Unit` for none. One that derives from `OperationOutput` carries metadata.
        errors: the error classes of its model, which are matched before those of the service.
        long_polling: whether the service holds its answer back until there is something to tell, so that callers ask in
            a loop, as with ReceiveMessage of SQS. A failure that only the retry quota keeps from being retried is
            raised after the wait that the retry would have had, or such a loop would turn without any.
            Source: Smithy, trait aws.api#longPoll; botocore 1.44, the standard retry mode.
    """

    service: Service
    name: str
    input: type[I]
    output: type[O]
    errors: tuple[type[ServiceError], ...] = ()
    long_polling: bool = False

    @property
    def has_output(self) -> bool:
        """Whether the output has members, so that an empty body is no valid answer."""
        return bool(members(self.output))
