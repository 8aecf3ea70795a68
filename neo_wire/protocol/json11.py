"""AWS JSON 1.1 (and 1.0): from an operation and its input to an HTTP request, from the HTTP response to its output.

Source: Smithy 2.0, AWS JSON 1.0 and 1.1 protocols.
"""

from __future__ import annotations

from typing import Any, TypeVar

from neo_wire.errors import ResponseDecodeError
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.protocol.decoder import MAX_BODY_BYTES, JsonLoads, decode, decode_plain, parse_json
from neo_wire.protocol.encoder import encode
from neo_wire.protocol.error_mapper import excerpt, map_error, request_id
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.protocol.valid_encoder import encode_valid
from neo_wire.protocol.validation import validate
from neo_wire.service import Operation, OperationOutput, ResponseMetadata

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


def serialize(operation: Operation[I, O], input: I, url: Url, *, validate_input: bool = True) -> HttpRequest:  # noqa: A002  # Smithy's word
    """The request of one operation, unsigned, with the headers that the protocol asks for and no others.

    Args:
        operation: which one.
        input: an instance of its input structure.
        url: the endpoint.
        validate_input: whether the rules of the input's members are checked first.

    Raises:
        InputValidationError: a rule is broken, or a value is of another type than its member.
        TypeError: the input is of another class than the operation's.
    """
    if not isinstance(input, operation.input):
        raise TypeError(f"{operation.name} takes a {operation.input.__name__}, not a {type(input).__name__}")
    body = encode_valid(input) if validate_input else None
    if body is None:
        if validate_input:
            validate(input)
        body = encode(input)
    headers = (
        ("Content-Type", f"application/x-amz-json-{operation.service.json_version}"),
        ("X-Amz-Target", f"{operation.service.target_prefix}.{operation.name}"),
    )
    return HttpRequest("POST", url, headers, body)


def deserialize(
    operation: Operation[Any, O],  # Any: the input plays no part in reading the answer
    response: HttpResponse,
    *,
    attempts: int = 1,
    loads: JsonLoads | None = None,
) -> O:
    """The output of a successful response; the exception of any other, raised.

    An empty body, or `null`, is an output only for an operation that has none: a hollow result is worse than an error.

    Args:
        operation: which one was called.
        response: read to its end.
        attempts: how many times the request was sent, for metadata and errors.
        loads: a JSON parser in place of the standard library's.

    Raises:
        ServiceError: the status is no success; of the subclass that its code stands for.
        ResponseDecodeError: the body is not what the operation's output says.
    """
    if not 200 <= response.status < 300:
        raise map_error(response, operation, attempts=attempts, loads=loads)
    try:
        output = decode_plain(operation.output, response.body) if loads is None else None
        if output is None:
            output = _decode_exactly(operation, response.body, loads)
    except Mismatch as mismatch:
        raise ResponseDecodeError(
            str(mismatch),
            status=response.status,
            request_id=request_id(response),
            excerpt=excerpt(response.body),
            attempts=attempts,
        ) from None
    if isinstance(output, OperationOutput):
        metadata = ResponseMetadata(response.status, request_id(response), response.headers, attempts)
        object.__setattr__(output, "response_metadata", metadata)  # nobody else has seen the frozen value yet
    return output


def _decode_exactly(operation: Operation[Any, O], body: bytes, loads: JsonLoads | None) -> O:  # Any: as above
    empty = len(body) <= MAX_BODY_BYTES and not body.strip()
    value = None if empty else parse_json(body, loads)
    if value is None and operation.has_output:
        raise Mismatch(f"the body is empty, and {operation.name} has an output")
    return decode(operation.output, {} if value is None else value)
