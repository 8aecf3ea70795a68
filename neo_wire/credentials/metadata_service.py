"""The instance metadata service (IMDS) of EC2: what stands at a path of it.

Version 2 of the service is spoken: a session token comes first. Version 1, which lets any request out of the instance
read all of it, is spoken only where the settings ask for it.

Source: Amazon EC2 user guide, use the instance metadata service; AWS SDKs and Tools reference guide, IMDS credential
provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import evolve, field, frozen

from neo_wire.credentials.context import Context, NothingFound
from neo_wire.credentials.json_members import MAX_LENGTH
from neo_wire.credentials.rest_json import unsigned_request
from neo_wire.errors import (
    CallTimeout,
    CredentialsFetchFailed,
    Headers,
    ReadTimeout,
    ResponseDecodeError,
    TransportError,
)
from neo_wire.flow import Flow, monotonic, send
from neo_wire.http import HttpResponse, Timeout, Url
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.values import Value

T = TypeVar("T")

NAME: Final = "instance metadata"
IPV4: Final = "http://169.254.169.254/"
IPV6: Final = "http://[fd00:ec2::254]/"
TOKEN_TTL: Final = 21_600
"""Seconds that a session token is asked for."""

_TOKEN_PATH: Final = "latest/api/token"  # noqa: S105  # a path
_TTL_HEADER: Final = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN: Final = re.compile(rb"[!-~]+")
_HOP_LIMIT: Final = (
    "; if this is a container on an instance, raise the hop limit of the answers: aws ec2 "
    "modify-instance-metadata-options --http-put-response-hop-limit 2"
)
_ALLOW_VERSION_1: Final = "version 1 is spoken when AWS_EC2_METADATA_V1_DISABLED is false"


@frozen(eq=False, repr=False)
class _SessionToken(Value):
    """What requests show; without text under version 1."""

    text: str | None = field(repr=False)
    ends: float


class MetadataService:
    """The service as the settings of a client reach it; keeps the session token while it is good.

    Args:
        context: of the chain.
        attempts: how often to try; as often as the settings say when None.
    """

    def __init__(self, context: Context, *, attempts: int | None = None) -> None:
        settings = context.settings
        self.attempts = attempts or settings.metadata_service_num_attempts
        seconds = settings.metadata_service_timeout
        self._timeout = Timeout(connect=seconds, read=seconds, write=seconds, pool=seconds, total=2 * seconds)
        by_mode = IPV6 if settings.ec2_metadata_service_endpoint_mode == "IPv6" else IPV4
        self._endpoint = Url.parse(settings.ec2_metadata_service_endpoint or by_mode)
        self._version_1_allowed = settings.ec2_metadata_v1_disabled is False
        self._user_agent = context.user_agent
        self._token: _SessionToken | None = None

    def get(self, path: str, read: Callable[[bytes], T]) -> Flow[T | None]:
        """What `read` makes of the body at a path, or None when nothing is there (404).

        Args:
            path: without a slash at its beginning.
            read: raises a Mismatch for a body that it cannot use, which is then asked for again.

        Raises:
            NothingFound: the service cannot be reached.
            CredentialsFetchFailed: it can, and fails.
        """
        url = self._url(path)
        renewed = False
        number = 1
        while True:
            token = yield from self._session_token()
            shown: Headers = (("x-aws-ec2-metadata-token", token.text),) if token.text else ()
            try:
                response = yield from self._send("GET", url, shown)
                if response.status == 404:
                    return None
                if response.status == 200:
                    return read(response.body)
                if response.status == 401 and not renewed:
                    self._token, renewed = None, True
                    continue
                problem: Exception = failed(f"GET {url} answers HTTP {response.status}")
            except Mismatch as mismatch:
                problem = failed(f"what GET {url} answers cannot be used: {mismatch}")
            except TransportError as error:
                # With a token in hand the service was there, so it is not for the chain to go on.
                problem = failed(str(error)) if token.text else self._unreachable(error)
            except ResponseDecodeError as error:
                problem = failed(str(error))
            if number >= self.attempts:
                raise problem
            number += 1

    def _session_token(self) -> Flow[_SessionToken]:
        reading = yield from monotonic()
        if self._token is None or reading >= self._token.ends:
            self._token = yield from self._fetch_token(reading)
        return self._token

    def _fetch_token(self, reading: float) -> Flow[_SessionToken]:
        url = self._url(_TOKEN_PATH)
        version_1 = _SessionToken(None, reading + TOKEN_TTL)
        number = 1
        while True:
            status = 0
            try:
                response = yield from self._send("PUT", url, ((_TTL_HEADER, str(TOKEN_TTL)),))
                status = response.status
                if status == 200 and _TOKEN.fullmatch(response.body) and len(response.body) < MAX_LENGTH:
                    return _SessionToken(response.body.decode("ascii"), reading + _ttl(response))
                problem: Exception = failed(f"PUT {url} answers HTTP {status}" + " without a token" * (status == 200))
            except TransportError as error:
                problem = self._unreachable(error)
                if self._version_1_allowed and isinstance(error, ReadTimeout | CallTimeout):
                    return version_1  # the answer died on its way, of the hop limit
            except ResponseDecodeError as error:
                problem = failed(str(error))
            if status in (403, 404, 405):
                if self._version_1_allowed:
                    return version_1
                turned_off = "the service is turned off" if status == 403 else "it has no version 2"
                raise failed(f"PUT {url} answers HTTP {status}: {turned_off}; {_ALLOW_VERSION_1}")
            if status == 400 or number >= self.attempts:
                break
            number += 1
        if self._version_1_allowed and status not in (0, 400):
            return version_1
        raise problem

    def _url(self, path: str) -> Url:
        return evolve(self._endpoint, path=f"{self._endpoint.path.rstrip('/')}/{path}")

    def _send(self, method: str, url: Url, headers: Headers) -> Flow[HttpResponse]:
        request = unsigned_request(method, url, headers, user_agent=self._user_agent)
        return (yield from send(request, self._timeout, max_body=MAX_LENGTH))  # never by way of a proxy

    def _unreachable(self, error: TransportError) -> NothingFound:
        hint = _HOP_LIMIT if isinstance(error, ReadTimeout | CallTimeout) else ""
        return NothingFound(f"the instance metadata service cannot be reached: {error.endpoint}: {error.message}{hint}")


def failed(reason: str) -> CredentialsFetchFailed:
    """The error of a service that is there and fails."""
    return CredentialsFetchFailed(NAME, reason)


def _ttl(response: HttpResponse) -> float:
    header = response.header(_TTL_HEADER) or ""
    return min(int(header), TOKEN_TTL) if re.fullmatch("[0-9]{1,6}", header) else TOKEN_TTL
