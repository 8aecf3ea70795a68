"""A service and its operations as data, which is all that a call needs to know of either."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from attrs import field, frozen

from neo_wire.errors import Headers, ServiceError
from neo_wire.members import members
from neo_wire.schema import UNMODELLED, structure

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


@frozen
class ResponseMetadata:
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


@frozen
class Service:
    """What the operations of one service share.

    Attributes:
        name: the service's id, such as "SageMaker".
        target_prefix: what stands before the operation in X-Amz-Target, such as "SageMaker".
        signing_name: the service in the credential scope, such as "sagemaker".
        endpoint_prefix: what stands before the region in the host name, such as "api.sagemaker".
        json_version: of AWS JSON; it decides the content type.
        errors: error classes that any of its operations may raise, beside those that all AWS services share.
    """

    name: str
    target_prefix: str
    signing_name: str
    endpoint_prefix: str
    json_version: Literal["1.0", "1.1"] = "1.1"
    errors: tuple[type[ServiceError], ...] = ()


@frozen
class Operation(Generic[I, O]):
    """One operation: its name, its input and output structures, and the errors of its model.

    Attributes:
        service: the service that has it.
        name: as it stands in X-Amz-Target, such as "DescribeCompilationJob".
        input: the structure of its input; `Unit` for none.
        output: the structure of its output; `Unit` for none. One that derives from `OperationOutput` carries metadata.
        errors: the error classes of its model, which are matched before those of the service.
    """

    service: Service
    name: str
    input: type[I]
    output: type[O]
    errors: tuple[type[ServiceError], ...] = ()

    @property
    def has_output(self) -> bool:
        """Whether the output has members, so that an empty body is no valid answer."""
        return bool(members(self.output))
