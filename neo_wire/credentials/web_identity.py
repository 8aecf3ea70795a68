"""Credentials of an IAM role for a web identity token that stands in a file, from STS AssumeRoleWithWebIdentity.

So pods of Kubernetes and jobs of build services are let in: whatever runs them keeps a fresh token in the file, which
is read again at each fetch. The request is not signed; the token proves the identity.

Source: AWS SDKs and Tools reference guide, assume role credential provider; AWS STS API reference,
AssumeRoleWithWebIdentity.
"""

from __future__ import annotations

import re
from typing import Final

from neo_wire.config.endpoints import is_loopback
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.profile_keys import ProfileKeys
from neo_wire.credentials.sts import ROLE_ARN, SESSION_NAME, Sts
from neo_wire.errors import CredentialsFetchFailed
from neo_wire.flow import Flow, read_file
from neo_wire.signing.credentials import Credentials

NAME: Final = "web identity"
TOKEN_FILE: Final = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105  # the variable's name

_MAX_FILE: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[!-~]{4,20000}")


def find(context: Context) -> Provider | Skipped:
    """The web identity of the environment or of the profile.

    AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME come before the profile's keys of the same
    meaning, unless the profile was named in code. An empty variable counts as not set. The profile's duration_seconds
    is for assumed roles alone, as in the other SDKs.

    Raises:
        CredentialsFetchFailed: there is a token file but no role, a value that STS does not take, no region, or
            an endpoint that would have the token sent without TLS.
    """
    keys = ProfileKeys(context.section, {} if context.profile_in_code else context.environ)
    value, origin = keys.find("web_identity_token_file", TOKEN_FILE)
    if value is None:
        return Skipped(f"neither {TOKEN_FILE} nor web_identity_token_file in the profile {context.profile!r}")
    path = keys.path("web_identity_token_file", context.home, variable=TOKEN_FILE) or ""
    if keys.find("role_arn", "AWS_ROLE_ARN")[0] is None:
        keys.problems.append(f"{origin} names a token, and nothing names the role: set AWS_ROLE_ARN or role_arn")
    role_arn = keys.text("role_arn", ROLE_ARN, "give the ARN of a role", variable="AWS_ROLE_ARN")
    session_name = keys.text(
        "role_session_name",
        SESSION_NAME,
        "give 2 to 64 letters, digits and _+=,.@-",
        variable="AWS_ROLE_SESSION_NAME",
    )
    keys.check(NAME)
    sts = Sts.of(context, NAME)
    if sts.url.scheme == "http" and not is_loopback(sts.url.host):
        raise CredentialsFetchFailed(
            NAME, f"the token, which serves whoever reads it, would be sent to {sts.url.origin}; use an https endpoint"
        )
    parameters = {"RoleArn": role_arn or "", "RoleSessionName": session_name or f"neo-wire-{context.new_id()}"}

    def provide() -> Flow[Credentials]:
        token = yield from _token(path)
        sent = {**parameters, "WebIdentityToken": token}
        return (yield from sts.fetch("AssumeRoleWithWebIdentity", sent, secrets=(token,)))

    return provide


def _token(path: str) -> Flow[str]:
    """The token that the file holds now, without the line break that editors and `echo` put at its end."""
    try:
        data = yield from read_file(path, max_bytes=_MAX_FILE)
    except OSError as error:
        raise CredentialsFetchFailed(
            NAME, f"the token's file {path!r} cannot be read: {error.strerror or error}"
        ) from error
    token = data.decode("latin-1").rstrip("\r\n")
    if not _TOKEN.fullmatch(token):
        raise CredentialsFetchFailed(
            NAME,
            f"the token's file {path!r} holds no token: one has 4 to 20000 visible ASCII characters, and it has "
            f"{len(token)} characters{'' if token.isascii() and token.isprintable() else ', or others'}",
        )
    return token
