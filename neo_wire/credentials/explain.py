"""What each source of credentials said, for people: which one won, which were passed over, and why. No secret is shown.

Source: AWS SDKs and Tools reference guide, credential provider chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from attrs import frozen

from neo_wire.signing.credentials import Credentials
from neo_wire.values import Value

HOW_TO: Final = (
    "give credentials=Credentials(…) in code",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "write a profile, as `aws configure`, `aws configure sso` or `aws login` does, and name it in AWS_PROFILE",
    "or, on AWS, attach a role to the instance, task, pod or function",
)


@frozen(eq=False, repr=False)
class SourceRow(Value):
    """One source of credentials, and what became of it.

    Attributes:
        source: its name, such as "shared credentials file".
        outcome: "won": its credentials are used; "failed": it is configured and broken, which ends the search;
            "tried": it was asked, and has none; "skipped": it is not configured; "not asked": one before it won or
            failed.
        reason: why, without secrets.
    """

    source: str
    outcome: Literal["won", "failed", "tried", "skipped", "not asked"]
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.outcome}{f', {self.reason}' if self.reason else ''}"


def describe(credentials: Credentials) -> str:
    """What may be shown of credentials: the end of the key id, the account, and when they end."""
    key = credentials.access_key_id
    shown = f"…{key[-4:]}" if len(key) >= 16 else "…"
    token = ", with a session token" if credentials.session_token else ""
    account = f", of account {credentials.account_id}" if credentials.account_id else ""
    ends = f", until {credentials.expiration.isoformat()}" if credentials.expiration else ""
    return f"access key id {shown}{token}{account}{ends}, from {credentials.source}"


def none_found(rows: Sequence[SourceRow]) -> str:
    """The message of the error that no source has any: every source and its reason, and what can be done."""
    listed = "".join(f"\n- {row}" for row in rows)
    ways = "".join(f"\n- {way}" for way in HOW_TO)
    return f"no credentials, from any of these:{listed}\nTo have some, one of:{ways}"
