"""Which failures may be retried, and as what kind: by error code, by the operation's own errors, by status.

Source: AWS SDKs and Tools reference guide, retry behavior; Smithy 2.0, retryable trait.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from neo_wire.errors import NeoWireError, ResponseDecodeError, ServiceError, Throttling, TransportError


class Kind(Enum):
    """What kind of failure is retried; it decides the delay and what the retry costs."""

    THROTTLING = "throttling"
    TRANSIENT = "transient"


THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TRANSIENT_CODES: Final = frozenset(
    {
        "IDPCommunicationError",  # of STS alone, when it cannot reach the identity provider
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
TRANSIENT_STATUSES: Final = frozenset({500, 502, 503, 504})
THROTTLING_STATUS: Final = 429

EXPIRED_CREDENTIALS_CODES: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""The codes of credentials that the service does not take any more; newer ones may do."""


def classify(error: NeoWireError, modelled: Iterable[type[ServiceError]] = ()) -> Kind | None:
    """The kind of a failure that may be retried; None for one that may not.

    A response of 2xx that cannot be decoded, a redirect, a certificate that is not trusted and a request that is no
    valid HTTP are not: the next attempt would end the same way.

    Args:
        error: what an attempt ended with.
        modelled: the error classes of the operation's model. One whose `retryable` is set is retried at any status, as
            throttling when it derives from `Throttling`; one whose is not stays final even with a status of 429.
    """
    if isinstance(error, TransportError):
        return Kind.TRANSIENT if error.retryable else None
    if not isinstance(error, ServiceError):
        failed = isinstance(error, ResponseDecodeError) and error.status in TRANSIENT_STATUSES
        return Kind.TRANSIENT if failed else None
    code = error.code
    if code in THROTTLING_CODES:
        return Kind.THROTTLING
    own = next((cls for cls in modelled if code in cls.codes), None)
    if own is not None and own.retryable:
        return Kind.THROTTLING if issubclass(own, Throttling) else Kind.TRANSIENT
    if error.status == THROTTLING_STATUS and own is None:
        return Kind.THROTTLING
    return Kind.TRANSIENT if error.status in TRANSIENT_STATUSES or code in TRANSIENT_CODES else None


def credentials_expired(error: NeoWireError) -> bool:
    """Whether the service refused the credentials themselves, so that newer ones may help."""
    return isinstance(error, ServiceError) and error.code in EXPIRED_CREDENTIALS_CODES
