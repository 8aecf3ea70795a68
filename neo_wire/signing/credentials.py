"""Credentials as a frozen value whose repr hides what is secret."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from neo_wire.errors import CredentialsError, PartialCredentials
from neo_wire.http import is_visible
from neo_wire.values import Value


def _none_if_empty(token: str | None) -> str | None:
    return token or None


@frozen(eq=False, repr=False)
class Credentials(Value):
    """An AWS key pair, and the session token when it is a temporary one.

    Attributes:
        access_key_id: the public half.
        secret_access_key: the secret half; never shown.
        session_token: of temporary credentials; None or an empty string for none; never shown.
        expiration: when temporary credentials end, aware; None for never.
        account_id: the account they belong to, when the source knows it.
        source: where they came from, for messages, such as "environment".

    Raises:
        PartialCredentials: one half of the pair is empty.
        CredentialsError: a value has a space, a line break or another character that no credential has; the expiration
            is naive or no datetime.
    """

    access_key_id: str
    # Hidden from the repr that attrs makes for a class derived from this one.
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, converter=_none_if_empty, repr=False)
    expiration: datetime | None = None
    account_id: str | None = None
    source: str = "code"

    def __attrs_post_init__(self) -> None:
        """Refuse what would make a signature that no service accepts, or a header that is two."""
        for name in ("access_key_id", "secret_access_key", "session_token"):
            value = getattr(self, name)
            if value is None and name == "session_token":
                continue
            if not isinstance(value, str):
                raise CredentialsError(f"{name} from {self.source} is a {type(value).__name__}; give a string")
            if not value:
                raise PartialCredentials(f"{name} from {self.source} is empty; give both halves of the key pair")
            if not is_visible(value):
                raise CredentialsError(
                    f"{name} from {self.source} has a character that no credential has, perhaps a space or a line "
                    "break at its end; check how it was read"
                )
        expiration: object = self.expiration  # what callers without a type checker give
        if expiration is not None and not isinstance(expiration, datetime):
            raise CredentialsError(
                f"the expiration from {self.source} is a {type(expiration).__name__}; give a datetime with a time zone"
            )
        if expiration is not None and expiration.utcoffset() is None:
            raise CredentialsError(f"the expiration from {self.source} is naive; give it a time zone")

    def __repr__(self) -> str:
        token = ", session_token=…" if self.session_token else ""
        ends = f", expiration={self.expiration.isoformat()}" if self.expiration else ""
        return f"Credentials({self.access_key_id!r}, secret_access_key=…{token}{ends}, source={self.source!r})"
