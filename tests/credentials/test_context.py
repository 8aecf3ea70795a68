"""What the providers are told."""

from __future__ import annotations

from tests.credentials.contexts import context_of


def test_its_repr_shows_no_secret() -> None:
    context = context_of(
        credentials="[default]\naws_secret_access_key = s3cret\n",
        environ={"AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "s3cret"},
    )
    assert "s3cret" not in repr(context)
    assert "profile='default'" in repr(context)
