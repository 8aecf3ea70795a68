"""A stand-in for STS, and the chain that a profile begins: what the tests of assumed roles share."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from attrs import define, evolve, field

from neo_wire.credentials import chain, environment
from neo_wire.credentials.assume_role import find
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.signing.authorization import read_authorization


def answer_xml(access_key_id: str, expiration: str = "2026-01-01T01:00:00Z") -> bytes:
    return (
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>"
        "<Arn>arn:aws:sts::123456789012:assumed-role/reader/x</Arn></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>{access_key_id}</AccessKeyId><SecretAccessKey>temporary</SecretAccessKey>"
        f"<SessionToken>token-of-{access_key_id}</SessionToken><Expiration>{expiration}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    ).encode()


@define
class FakeSts:
    """Gives a key that is named after the role, and keeps who asked for which role and with what."""

    calls: list[tuple[str, dict[str, str]]] = field(factory=list)
    requests: list[HttpRequest] = field(factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parameters = dict(parse_qsl(request.body.decode()))
        self.requests.append(request)
        self.calls.append((read_authorization(request).access_key_id, parameters))
        return HttpResponse(200, (), answer_xml(key_of(parameters["RoleArn"])))


def key_of(role_arn: str) -> str:
    return f"ASIA{role_arn.rpartition('/')[2].upper()}"


def found(context: Context, source: Callable[[str], Provider | Skipped] | None = None) -> Provider | Skipped:
    """What the chain finds for a context."""

    def named(name: str) -> Provider | Skipped:
        asked = evolve(context, profile_in_code=False)  # the variables count, whoever named the profile
        return environment.find(asked) if name == "Environment" else Skipped("it is not asked in tests")

    return find(context, lambda name: chain.of_profile(context, name), source or named)


def provider(context: Context, source: Callable[[str], Provider | Skipped] | None = None) -> Provider:
    one = found(context, source)
    assert not isinstance(one, Skipped), one.reason
    return one
