"""Every class of the tree pickles and copies with all that it knows, says what a reader needs, and hides secrets."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest

from neo_wire import errors
from neo_wire.errors import (
    AccessDenied,
    ConfigurationError,
    ConnectFailed,
    CredentialsError,
    CredentialsFetchFailed,
    EndpointError,
    InputValidationError,
    MissingExtra,
    NeoWireError,
    NoCredentials,
    PaginationError,
    ReadTimeout,
    ResourceInUse,
    ResourceNotFound,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    SigningError,
    Throttling,
    TransportError,
    UndecodableErrorResponse,
    ValidationException,
    Violation,
)

CLASSES: list[type[NeoWireError]] = [
    one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, NeoWireError)
]
HEADERS = (("x-amzn-requestid", "r-1"), ("x-amzn-requestid", "twice"))


def made(cls: type[NeoWireError]) -> NeoWireError:
    """An error with a value of its own for each of its attributes."""
    any_class: Any = cls
    found: NeoWireError
    if issubclass(cls, UndecodableErrorResponse):
        found = any_class(
            "reason", status=502, request_id="r-1", excerpt="<", operation="Do", attempts=3, headers=HEADERS
        )
    elif issubclass(cls, ServiceError):
        found = any_class(
            "message",
            code="Code",
            status=418,
            request_id="r-1",
            fault="server",
            operation="Do",
            attempts=3,
            headers=HEADERS,
            body_code="Other",
            detail=("a", 1),
        )
    elif issubclass(cls, ResponseDecodeError):
        found = any_class("reason", status=200, request_id="r-1", excerpt="<html>", attempts=3)
    elif issubclass(cls, TransportError):
        found = any_class("it broke", endpoint="https://a.example", maybe_processed=True, attempts=3)
    elif issubclass(cls, InputValidationError):
        found = any_class("Thing", [Violation("A.B", "is wrong"), Violation("", "give one")])
    elif issubclass(cls, CredentialsFetchFailed):
        found = any_class("assume role", "it broke")
    elif issubclass(cls, PaginationError):
        found = any_class("the same token twice", next_token="next")
    elif issubclass(cls, MissingExtra):
        found = any_class("install it", name="rich", path="/nowhere")
    else:
        found = any_class("what happened")
    return found


every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def facts(error: BaseException) -> dict[str, object]:
    """All that an error knows, in its dict and, of an ImportError, beside it."""
    more = {name: getattr(error, name) for name in ("name", "path", "msg")} if isinstance(error, ImportError) else {}
    return vars(error) | more | {"args": error.args, "str": str(error), "repr": repr(error)}


@every_class
def test_an_error_pickles_and_copies_with_every_attribute(cls: type[NeoWireError]) -> None:
    error = made(cls)
    expected = facts(error)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes
        assert type(twin) is cls
        assert facts(twin) == expected
    for twin in (copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert facts(twin) == expected


class OwnError(ServiceError):
    """A user's subclass with a constructor of its own, which pickling does not call."""

    codes = ("Own",)

    def __init__(self, limit: int) -> None:
        super().__init__(f"over {limit}", status=400)
        self.limit = limit


def test_a_users_subclass_and_notes_pickle_too() -> None:
    error = OwnError(5)
    error.add_note("while compiling")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (twin.limit, twin.code, twin.message, twin.__notes__) == (5, "Own", "over 5", ["while compiling"])


@every_class
def test_an_error_is_of_the_one_base_and_says_why(cls: type[NeoWireError]) -> None:
    assert issubclass(cls, NeoWireError)
    assert cls.__doc__
    if cls is not NeoWireError:
        assert cls.__doc__ != cls.__mro__[1].__doc__
    with pytest.raises(NeoWireError):
        raise made(cls)


def test_builtin_bases_are_kept_where_users_expect_them() -> None:
    assert issubclass(InputValidationError, ValueError)
    assert issubclass(MissingExtra, ImportError)
    assert issubclass(EndpointError, ConfigurationError)
    assert issubclass(NoCredentials, CredentialsError)
    assert issubclass(UndecodableErrorResponse, ServiceError)
    assert issubclass(UndecodableErrorResponse, ResponseDecodeError)
    assert not issubclass(SigningError, TransportError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ResourceNotFound("no such job", request_id="r-1", operation="DescribeCompilationJob"),
            "ResourceNotFound from DescribeCompilationJob: no such job (HTTP 400, request id r-1)",
        ),
        (Throttling(status=429, attempts=3), "ThrottlingException (HTTP 429, request id None, 3 attempts)"),
        (ServiceError("m", code="HTTP502", status=502), "HTTP502: m (HTTP 502, request id None)"),
        (
            ResponseDecodeError("a list where an object belongs", status=200, request_id="r-1"),
            "cannot decode the response: a list where an object belongs (HTTP 200, request id r-1)",
        ),
        (
            ResponseDecodeError("no JSON", status=200, excerpt="<html>\n"),
            "cannot decode the response: no JSON (HTTP 200, request id None); the body begins '<html>\\n'",
        ),
        (
            UndecodableErrorResponse("no JSON", status=502, request_id="r-1", operation="Do"),
            "cannot decode the response: no JSON (HTTP 502, request id r-1)",
        ),
        (
            ReadTimeout("nothing in 60 s", endpoint="https://a.example", maybe_processed=True),
            "https://a.example: nothing in 60 s (the request may have been processed)",
        ),
        (
            ConnectFailed("refused", endpoint="http://127.0.0.1:1", maybe_processed=False),
            "http://127.0.0.1:1: refused (the request was not processed)",
        ),
        (
            InputValidationError("Thing", [Violation("A", "is wrong")]),
            "Thing has 1 problem, nothing was sent:\n- A: is wrong",
        ),
        (
            InputValidationError("Thing", [Violation("A[3].B", "is wrong"), Violation("", "give one")]),
            "Thing has 2 problems, nothing was sent:\n- A[3].B: is wrong\n- give one",
        ),
        (ConfigurationError("no region"), "no region"),
    ],
)
def test_what_an_error_says(error: NeoWireError, text: str) -> None:
    assert str(error) == text


def test_the_defaults_of_a_service_error() -> None:
    error = ValidationException("m")
    assert (error.code, error.status, error.fault, error.attempts) == ("ValidationException", 400, "client", 1)
    assert (error.request_id, error.operation, error.body_code, error.detail) == (None, None, None, None)
    assert error.headers == ()
    assert (ServiceError().code, OwnError(1).code, ServerError(status=500).fault) == ("ServiceError", "Own", "server")
    assert ServiceError(status=500, fault="client").fault == "client"


def test_only_a_fault_of_the_server_leaves_open_whether_the_request_was_processed() -> None:
    assert ServerError(status=500).maybe_processed
    assert ServiceError(status=504).maybe_processed
    assert UndecodableErrorResponse("no JSON", status=502).maybe_processed
    assert ResponseDecodeError("no JSON", status=200).maybe_processed
    assert not Throttling(status=503).maybe_processed
    assert not ValidationException().maybe_processed


def told(error: NeoWireError, **story: object) -> NeoWireError:
    """As a call leaves an error."""
    for name, value in {"attempts": 3, "elapsed": 4.25, "stopped": "attempts used up", **story}.items():
        setattr(error, name, value)
    return error


ENDING = "3 attempts in 4.25 s, stopped: attempts used up"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (told(ServerError("m", status=500)), f"InternalFailure: m (HTTP 500, request id None, {ENDING})"),
        (
            told(ReadTimeout("nothing", endpoint="https://a.example", maybe_processed=True)),
            f"https://a.example: nothing (the request may have been processed, {ENDING})",
        ),
        (
            told(
                ConnectFailed("refused", endpoint="https://a.example", maybe_processed=False), attempts=1, elapsed=0.5
            ),
            "https://a.example: refused (the request was not processed, 1 attempt in 0.5 s, stopped: attempts used up)",
        ),
        (
            told(ResponseDecodeError("no JSON", status=200)),
            f"cannot decode the response: no JSON (HTTP 200, request id None, {ENDING})",
        ),
        (
            told(AccessDenied("no", operation="StopCompilationJob"), maybe_processed=True),
            (
                f"AccessDeniedException from StopCompilationJob: no (HTTP 400, request id None, {ENDING}); an earlier "
                "attempt of this call may have been processed"
            ),
        ),
        (
            told(ResourceInUse("taken", operation="CreateCompilationJob"), maybe_processed=True),
            (
                f"ResourceInUse from CreateCompilationJob: taken (HTTP 400, request id None, {ENDING}); the outcome of "
                "an earlier attempt of this call is unknown, so it may be what took the name: describe it, and compare"
            ),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_a_call_tells_how_the_call_went_and_pickles_with_it(error: NeoWireError, text: str) -> None:
    assert str(error) == text
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (str(twin), facts(twin)) == (text, facts(error))


def test_the_connection_errors_that_are_retried() -> None:
    final = {cls.__name__ for cls in CLASSES if issubclass(cls, TransportError) and not cls.retryable}
    assert final == {"TransportError", "TlsError", "RedirectRefused", "CallTimeout"}


def test_only_throttling_and_server_errors_say_that_they_may_pass() -> None:
    retryable = {cls for cls in CLASSES if issubclass(cls, ServiceError) and cls.retryable}
    assert retryable == {Throttling, ServerError}


def test_headers_stand_in_no_text() -> None:
    error = ServiceError("m", headers=(("set-cookie", "session=hunter2"),))
    assert "hunter2" not in str(error) + repr(error)


@every_class
def test_every_documented_attribute_is_one(cls: type[NeoWireError]) -> None:
    lines = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")[2].partition("\n\n")[0].splitlines()
    documented = [line.split(":")[0].strip() for line in lines if line.startswith("    ") and line[4] != " "]
    error = made(cls)
    assert all(hasattr(error, name) for name in documented)
    if cls is ServiceError:
        assert set(documented) == set(vars(error))
