"""The exception tree: everything that this library raises, in one importable place.

One base, `NeoWireError`; below it one class for each thing that can go wrong, named as the service or the protocol
names it. Every error keeps its facts as attributes, pickles and copies, and holds no secret in any text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

Headers = tuple[tuple[str, str], ...]
"""Header names and values in the order of arrival; a name may repeat."""

Fault = Literal["client", "server"]
"""Whose fault a service error is: the request's (4xx) or the service's (5xx)."""

Stopped = Literal["not retryable", "attempts used up", "retry quota reached", "total timeout"]
"""Why a call made no further attempt."""


def _restore(cls: type[NeoWireError], args: tuple[object, ...], state: dict[str, Any]) -> NeoWireError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class NeoWireError(Exception):
    """The base of every error of this library, so that one `except` catches them all.

    Attributes:
        attempts: how many times the request was sent or tried; 0 for never, and outside of a call.
        elapsed: how long the whole call took, in seconds.
        stopped: why no further attempt was made; None when the error was not raised by a call.
        maybe_processed: whether the service may have acted on the request, at any attempt of the call.
    """

    attempts: int = 0
    elapsed: float = 0.0
    stopped: Stopped | None = None
    maybe_processed: bool = False

    def __str__(self) -> str:
        doubt = "; an attempt of this call may have been processed" if self.maybe_processed else ""
        return super().__str__() + doubt

    def __reduce__(self) -> tuple[Any, ...]:  # Any: the shape that pickle asks for
        """Pickle by state, because the constructors of subclasses take keyword arguments."""
        return _restore, (type(self), self.args, self.__dict__)


class ConfigurationError(NeoWireError):
    """A setting is missing or has a value that cannot be used; the message names it and where it came from."""


class EndpointError(ConfigurationError):
    """No endpoint can be made of the region and the endpoint URL that were given."""


class ProfileNotFound(ConfigurationError):
    """The profile that was named stands in neither file; the message lists those that do."""


class ProfileFileError(ConfigurationError):
    """A config or credentials file cannot be read or parsed; the message names the file and the line.

    Attributes:
        path: the file.
        line: the number of the line, from 1; None when the file cannot be read at all.
    """

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        self.path = path
        self.line = line
        super().__init__(message)


class CredentialsError(NeoWireError):
    """Credentials could not be had, for the first attempt or a later one (`attempts`); the base of the reasons."""


class NoCredentials(CredentialsError):
    """No source of credentials had any; the message lists the sources that were asked."""


class PartialCredentials(CredentialsError):
    """A source of credentials has only one half of a key pair."""


class CredentialsFetchFailed(CredentialsError):
    """A source of credentials is configured, and failed; the sources after it were not asked.

    Attributes:
        provider: the source, such as "assume role".
        reason: what went wrong, without secrets.
    """

    def __init__(self, provider: str, reason: str) -> None:
        self.provider = provider
        self.reason = reason
        super().__init__(f"credentials from {provider}: {reason}")


class CredentialsTimeout(CredentialsError):
    """Credentials did not come within the time that the call had left for them; nothing was sent."""


class LoginRequired(CredentialsFetchFailed):
    """A sign-in has ended or never was; the message has the command that signs in."""


class SigningError(NeoWireError):
    """A request cannot be signed as asked: a value is malformed, or two options contradict each other."""


class ClientClosed(NeoWireError):
    """A call on a client that was closed, perhaps meanwhile, which `maybe_processed` tells; make a new one."""


class MissingExtra(NeoWireError, ImportError):
    """A feature needs a package that is not installed; the message names the extra that brings it."""

    # It keeps `name` and `path`, which are not in `__dict__`.
    __reduce__ = ImportError.__reduce__  # type: ignore[assignment]  # typeshed allows a str too, which it never is


class Violation(NamedTuple):
    """One broken rule of an input: where, and what is wrong."""

    path: str
    """The member in AWS's own spelling, such as `OutputConfig.TargetDevice` or `Tags[3].Key`; empty for the input."""
    message: str
    """What the value is and which rule it breaks."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InputValidationError(NeoWireError, ValueError):
    """An input breaks the service's rules; nothing was sent. `violations` has all of them at once."""

    def __init__(self, shape: str, violations: Sequence[Violation]) -> None:
        self.shape = shape
        self.violations = tuple(violations)
        listed = "".join(f"\n- {violation}" for violation in self.violations)
        count = f"{len(self.violations)} problem{'s' * (len(self.violations) != 1)}"
        super().__init__(f"{shape} has {count}, nothing was sent:{listed}")


def _ending(error: TransportError | ResponseDecodeError | ServiceError) -> str:
    """How the call went, for the end of a message; empty outside of a call."""
    if error.stopped is None:
        return ""
    plural = "s" * (error.attempts != 1)
    return f", {error.attempts} attempt{plural} in {error.elapsed:.3g} s, stopped: {error.stopped}"


class TransportError(NeoWireError):
    """No usable answer came back. `maybe_processed` says whether the service may have acted on the request.

    Attributes:
        endpoint: scheme, host and port that the request was for.
        maybe_processed: False only when it is certain that the service did not act on the request, at any attempt.
        attempts: how many times the request was sent or tried, the failed one included.
        elapsed: how long the whole call took, in seconds.
        stopped: why no further attempt was made; None when the error was not raised by a call.
    """

    retryable: ClassVar[bool] = False
    """Whether the request is sent again."""

    elapsed: float = 0.0
    stopped: Stopped | None = None

    def __init__(self, message: str, *, endpoint: str, maybe_processed: bool, attempts: int = 1) -> None:
        self.message = message
        self.endpoint = endpoint
        self.maybe_processed = maybe_processed
        self.attempts = attempts
        super().__init__(message)

    def __str__(self) -> str:
        outcome = "may have been processed" if self.maybe_processed else "was not processed"
        return f"{self.endpoint}: {self.message} (the request {outcome}{_ending(self)})"


class ConnectFailed(TransportError):
    """No connection could be made: the name does not resolve, or the port refuses."""

    retryable = True


class ConnectTimeout(TransportError):
    """No connection was made within the connect timeout."""

    retryable = True


class PoolTimeout(TransportError):
    """No connection of the pool came free within the pool timeout; nothing was sent."""

    retryable = True


class TlsError(TransportError):
    """The TLS handshake failed, most often because the certificate is not trusted or is for another name."""


class ProxyFailed(TransportError):
    """The proxy could not be reached or refused to connect."""

    retryable = True


class WriteTimeout(TransportError):
    """The request could not be written within the write timeout."""

    retryable = True


class ReadTimeout(TransportError):
    """Nothing was received for the length of the read timeout."""

    retryable = True


class ConnectionClosed(TransportError):
    """The connection broke or spoke no valid HTTP before the whole response had arrived."""

    retryable = True


class CallTimeout(TransportError):
    """The whole call, with its attempts, waits and credentials, did not fit into its total timeout."""


class RedirectRefused(TransportError):
    """The server answered with a redirect, which is never followed with a signed request."""


class ResponseDecodeError(NeoWireError):
    """A response is not what its operation's output says: not JSON, not an object, or a member of another type.

    Attributes:
        reason: what is wrong, with the path of the member.
        status: the HTTP status code.
        request_id: the service's id of the request, for AWS support; None when the response had none.
        excerpt: the first characters of the body.
        attempts: how many times the request was sent.
        elapsed: how long the whole call took, in seconds.
        stopped: why no further attempt was made; None when the error was not raised by a call.
        maybe_processed: whether the service may have acted on the request; after a status of 2xx it has.
    """

    reason: str
    status: int
    request_id: str | None
    excerpt: str
    attempts: int
    elapsed: float = 0.0
    stopped: Stopped | None = None
    maybe_processed: bool = True

    def __init__(
        self, reason: str, *, status: int, request_id: str | None = None, excerpt: str = "", attempts: int = 1
    ) -> None:
        self.reason = reason
        self.status = status
        self.request_id = request_id
        self.excerpt = excerpt
        self.attempts = attempts
        super().__init__(reason)

    def __str__(self) -> str:
        shown = f"; the body begins {self.excerpt!r}" if self.excerpt else ""
        facts = f"HTTP {self.status}, request id {self.request_id}{_ending(self)}"
        return f"cannot decode the response: {self.reason} ({facts}){shown}"


class ServiceError(NeoWireError):
    """The service refused or failed the request; the base of one class for each kind of code.

    An unknown code is kept, in this class itself, or in `Throttling` or `ServerError` when the status says so.

    Attributes:
        code: the error code, without namespace, such as `ResourceNotFound`; `HTTP502` and the like when none was sent.
        message: the service's text; may be empty.
        status: the HTTP status code.
        request_id: the service's id of the request, for AWS support; None when the response had none.
        fault: "client" or "server".
        operation: the name of the operation; None when the error was mapped outside of a call.
        attempts: how many times the request was sent.
        headers: the response's headers, names in lower case.
        body_code: the code in the body, when a header overrode it; else None.
        detail: the error's own members when its class declares a `shape`, else None.
        elapsed: how long the whole call took, in seconds.
        stopped: why no further attempt was made; None when the error was not raised by a call.
        maybe_processed: whether the service may have acted on the request, at this attempt, of which a fault of the
            server leaves it open, or at an earlier one of the same call.

    Source: Smithy 2.0, AWS JSON 1.1 protocol, operation error serialization; AWS API reference, common errors.
    """

    codes: ClassVar[tuple[str, ...]] = ()
    """The codes that this class stands for."""
    shape: ClassVar[type | None] = None
    """A structure that the members of the error's body are decoded into, as `detail`."""
    retryable: bool = False
    """Whether the same request may succeed when it is sent again."""

    code: str
    message: str
    status: int
    request_id: str | None
    fault: Fault
    operation: str | None
    attempts: int
    headers: Headers
    body_code: str | None
    detail: object | None
    elapsed: float
    stopped: Stopped | None
    maybe_processed: bool

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int = 400,
        request_id: str | None = None,
        fault: Fault | None = None,
        operation: str | None = None,
        attempts: int = 1,
        headers: Headers = (),
        body_code: str | None = None,
        detail: object | None = None,
    ) -> None:
        self.code = code if code is not None else (self.codes[0] if self.codes else type(self).__name__)
        self.message = message
        self.status = status
        self.request_id = request_id
        self.fault = fault or ("server" if status >= 500 else "client")
        self.operation = operation
        self.attempts = attempts
        self.headers = headers
        self.body_code = body_code
        self.detail = detail
        self.elapsed = 0.0
        self.stopped = None
        self.maybe_processed = status >= 500 and not isinstance(self, Throttling)
        NeoWireError.__init__(self, message)  # not by super(), which may be ResponseDecodeError

    def __str__(self) -> str:
        where = f" from {self.operation}" if self.operation else ""
        ending = _ending(self) or (f", {self.attempts} attempts" if self.attempts > 1 else "")
        text = f": {self.message}" if self.message else ""
        return f"{self.code}{where}{text} (HTTP {self.status}, request id {self.request_id}{ending}){self._doubt()}"

    def _doubt(self) -> str:
        """What a refusal leaves open when an earlier attempt of the same call may have been processed."""
        if self.status < 500 and self.maybe_processed:
            return "; an earlier attempt of this call may have been processed"
        return ""


class ResourceNotFound(ServiceError):
    """There is no such job in this account and region."""

    codes: ClassVar[tuple[str, ...]] = ("ResourceNotFound",)


class ResourceInUse(ServiceError):
    """The name is taken: a job of that name exists already in this account and region."""

    codes: ClassVar[tuple[str, ...]] = ("ResourceInUse",)

    @property
    def maybe_created_by_this_call(self) -> bool:
        """Whether an earlier attempt of this same Create call, of unknown outcome, may be what took the name.

        Describe what has the name, and compare, before taking it for somebody else's.
        """
        return self.maybe_processed and (self.operation or "").startswith("Create")

    def _doubt(self) -> str:
        if not self.maybe_created_by_this_call:
            return super()._doubt()
        return (
            "; the outcome of an earlier attempt of this call is unknown, so it may be what took the name: "
            "describe it, and compare"
        )


class ResourceLimitExceeded(ServiceError):
    """An account quota is used up, such as that of concurrent compilation jobs."""

    codes: ClassVar[tuple[str, ...]] = ("ResourceLimitExceeded",)


class ValidationException(ServiceError):
    """The service found the input invalid, or the job in a state that does not allow the operation."""

    codes: ClassVar[tuple[str, ...]] = ("ValidationException", "ValidationError")


class AccessDenied(ServiceError):
    """A policy denies the operation to these credentials."""

    codes: ClassVar[tuple[str, ...]] = ("AccessDeniedException", "AccessDenied", "NotAuthorized", "OptInRequired")


class Throttling(ServiceError):
    """Too many requests for now; the same request may succeed later."""

    codes: ClassVar[tuple[str, ...]] = (
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    )
    retryable = True


class ExpiredToken(ServiceError):
    """The session token has expired; new credentials are needed."""

    codes: ClassVar[tuple[str, ...]] = ("ExpiredTokenException", "ExpiredToken")


class UnrecognizedClient(ServiceError):
    """The access key id or the session token is unknown to AWS."""

    codes: ClassVar[tuple[str, ...]] = ("UnrecognizedClientException", "InvalidClientTokenId")


class SignatureError(ServiceError):
    """The signature was refused: a wrong secret, a clock that is off, a request changed on its way, or no signature."""

    codes: ClassVar[tuple[str, ...]] = (
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "AuthFailure",
    )


class ServerError(ServiceError):
    """The service or a proxy before it failed (5xx); the same request may succeed later."""

    codes: ClassVar[tuple[str, ...]] = (
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    )
    retryable = True


class UndecodableErrorResponse(ServiceError, ResponseDecodeError):
    """An error response whose body claims to be JSON but cannot be read, and no header names its code.

    It is a `ServiceError` because the status is certain, and a `ResponseDecodeError` because nothing else is.
    """

    def __init__(
        self,
        reason: str,
        *,
        status: int,
        request_id: str | None = None,
        excerpt: str = "",
        operation: str | None = None,
        attempts: int = 1,
        headers: Headers = (),
    ) -> None:
        ServiceError.__init__(
            self,
            reason,
            code=f"HTTP{status}",
            status=status,
            request_id=request_id,
            operation=operation,
            attempts=attempts,
            headers=headers,
        )
        self.reason = reason
        self.excerpt = excerpt
        self.retryable = status >= 500

    __str__ = ResponseDecodeError.__str__


class PaginationError(NeoWireError):
    """A listing cannot go on: the service gave the same token twice.

    Attributes:
        next_token: the token.
    """

    def __init__(self, message: str, *, next_token: str) -> None:
        self.next_token = next_token
        super().__init__(message)
