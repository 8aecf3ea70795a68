"""Which failures are retried: the published table, and botocore's standard mode as an oracle over real models."""

from __future__ import annotations

import inspect
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import parsers
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
)
from botocore.retries.standard import RetryContext, RetryEventAdapter, StandardRetryConditions, ThrottlingErrorDetector
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from neo_wire import errors
from neo_wire.errors import (
    AccessDenied,
    ConfigurationError,
    NeoWireError,
    ResourceInUse,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    Throttling,
    TransportError,
    UndecodableErrorResponse,
)
from neo_wire.http import HttpResponse
from neo_wire.protocol.error_mapper import map_error
from neo_wire.retries.classify import (
    EXPIRED_CREDENTIALS_CODES,
    THROTTLING_CODES,
    TRANSIENT_CODES,
    Kind,
    classify,
    credentials_expired,
)

SERVICES = ("sagemaker", "pricing", "identitystore", "redshift-serverless", "sts")


@lru_cache(maxsize=1)
def operations() -> tuple[Any, ...]:
    """Operations of real models, those of Neo and those with errors that are marked as retryable among them."""
    found = []
    for name in SERVICES:
        model: Any = get_session().get_service_model(name)
        found += [model.operation_model(operation) for operation in model.operation_names]
    return tuple(found)


def modelled(operation: Any) -> tuple[type[ServiceError], ...]:
    """What a user of ours would declare for the errors of an operation's model."""
    made = []
    for shape in operation.error_shapes:
        code = shape.metadata.get("error", {}).get("code") or shape.name
        trait = shape.metadata.get("retryable")
        parent = Throttling if trait and trait.get("throttling") else ServiceError
        made.append(type(shape.name, (parent,), {"codes": (code,), "retryable": trait is not None}))
    return tuple(made)


def oracle(operation: Any, response: HttpResponse) -> Kind | None:
    """What botocore's standard mode makes of a response, read by its own parser."""
    raw = {"status_code": response.status, "headers": dict(response.headers), "body": response.body}
    parser: Any = parsers.create_parser("json")
    parsed = parser.parse(raw, None)
    answer: Any = SimpleNamespace(status_code=response.status, headers=dict(response.headers))
    context: Any = RetryContext(1, operation, parsed, answer)
    if not StandardRetryConditions(max_attempts=2).is_retryable(context):
        return None
    detector: Any = ThrottlingErrorDetector(RetryEventAdapter())
    return Kind.THROTTLING if detector.is_throttling_error_from_context(context) else Kind.TRANSIENT


STATUSES = st.sampled_from([400, 401, 403, 404, 408, 409, 413, 429, 500, 501, 502, 503, 504, 505, 509])
OTHER_CODES = ["ResourceInUse", "ValidationException", "InternalFailure", "ServiceUnavailable", "BrandNew", "Throttle"]


@given(st.data())
def test_botocore_retries_the_same_as_the_same_kind(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(operations()))
    own = [shape.metadata.get("error", {}).get("code") or shape.name for shape in operation.error_shapes]
    known = sorted((THROTTLING_CODES | TRANSIENT_CODES | EXPIRED_CREDENTIALS_CODES) - {"IDPCommunicationError"})
    code = data.draw(st.sampled_from([None, *known, *OTHER_CODES, *own]))
    body = b"" if code is None else f'{{"__type":"{code}"}}'.encode()
    response = HttpResponse(data.draw(STATUSES), (("content-type", "application/x-amz-json-1.1"),), body)
    classes = modelled(operation)
    assert classify(map_error(response), classes) is oracle(operation, response)


def test_the_models_have_errors_that_are_marked_as_retryable() -> None:
    """Else the test above would not have tried them."""
    marks = {
        bool(mark.get("throttling"))
        for operation in operations()
        for shape in operation.error_shapes
        if (mark := shape.metadata.get("retryable")) is not None
    }
    assert marks == {True, False}


def test_an_identity_provider_that_sts_cannot_reach_is_asked_again() -> None:
    operation = next(one for one in operations() if one.name == "AssumeRoleWithWebIdentity")
    response = HttpResponse(400, (), b'{"__type":"IDPCommunicationError"}')
    assert classify(map_error(response)) is oracle(operation, response) is Kind.TRANSIENT


class Busy(ServiceError):
    """An error of a user's model that may pass."""

    codes = ("Busy",)
    retryable = True


class TooBusy(Throttling):
    """An error of a user's model that asks for fewer requests."""

    codes = ("TooBusy",)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Throttling("Rate exceeded"), Kind.THROTTLING),
        (ServiceError(code="ThrottlingException", status=500), Kind.THROTTLING),
        (ServiceError(code="PriorRequestNotComplete"), Kind.THROTTLING),
        (ServiceError(code="HTTP429", status=429), Kind.THROTTLING),
        (ServiceError(code="RequestTimeout"), Kind.TRANSIENT),
        (ServerError(status=500), Kind.TRANSIENT),
        (UndecodableErrorResponse("no JSON", status=502), Kind.TRANSIENT),
        (ServiceError(code="ResourceInUse", status=503), Kind.TRANSIENT),
        (Busy(), Kind.TRANSIENT),
        (Busy(status=429), Kind.TRANSIENT),
        (TooBusy(), Kind.THROTTLING),
        (ResourceInUse(status=429), None),
        (ResourceInUse(), None),
        (AccessDenied(status=403), None),
        (ServerError(status=400), None),
        (ServerError(status=501), None),
        (ServiceError(code="HTTP408", status=408), None),
        (ResponseDecodeError("no JSON", status=200), None),
        (ResponseDecodeError("the content coding cannot be undone", status=503), Kind.TRANSIENT),
        (ConfigurationError("no region"), None),
    ],
)
def test_the_table(error: NeoWireError, kind: Kind | None) -> None:
    assert classify(error, (ResourceInUse, Busy, TooBusy)) is kind


def test_an_error_of_another_operations_model_is_none_of_this_one() -> None:
    assert classify(ResourceInUse(status=429), (errors.ResourceNotFound,)) is Kind.THROTTLING


TRANSPORT = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, TransportError)]
FINAL = {"TransportError", "TlsError", "RedirectRefused", "CallTimeout"}


@pytest.mark.parametrize("cls", TRANSPORT, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("maybe_processed", [True, False])
def test_a_failure_of_the_connection_is_retried(cls: type[TransportError], maybe_processed: bool) -> None:
    error = cls("broke", endpoint="https://a.example", maybe_processed=maybe_processed)
    assert classify(error) is (None if cls.__name__ in FINAL else Kind.TRANSIENT)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (EndpointConnectionError(endpoint_url="x", error="x"), errors.ConnectFailed),
        (ConnectTimeoutError(endpoint_url="x", error="x"), errors.ConnectTimeout),
        (ProxyConnectionError(proxy_url="x", error="x"), errors.ProxyFailed),
        (ReadTimeoutError(endpoint_url="x", error="x"), errors.ReadTimeout),
        (ConnectionClosedError(endpoint_url="x", error="x", request=None), errors.ConnectionClosed),
    ],
)
def test_botocore_retries_the_same_failures_of_the_connection(theirs: Exception, ours: type[TransportError]) -> None:
    context: Any = RetryContext(1, operations()[0], caught_exception=theirs)
    assert StandardRetryConditions(max_attempts=2).is_retryable(context)
    assert classify(ours("broke", endpoint="https://a.example", maybe_processed=True)) is Kind.TRANSIENT


def test_credentials_that_a_service_does_not_take_any_more() -> None:
    assert credentials_expired(errors.ExpiredToken(code="ExpiredTokenException"))
    assert credentials_expired(errors.UnrecognizedClient(code="InvalidClientTokenId"))
    assert not credentials_expired(AccessDenied())
    assert not credentials_expired(errors.ConnectFailed("broke", endpoint="https://a.example", maybe_processed=False))
