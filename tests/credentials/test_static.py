from __future__ import annotations

import pytest

from neo_wire.credentials import static
from neo_wire.errors import NoCredentials
from neo_wire.signing.credentials import Credentials


def test_given_credentials_are_provided_each_time_without_asking_for_anything(credentials: Credentials) -> None:
    provide = static.given(credentials)
    for _ in range(2):
        with pytest.raises(StopIteration) as end:
            next(provide())
        assert end.value.value is credentials


def test_the_environment_is_read_at_each_use() -> None:
    environ: dict[str, str] = {}
    provide = static.environment(environ)
    with pytest.raises(NoCredentials):
        next(provide())
    environ |= {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    with pytest.raises(StopIteration) as end:
        next(provide())
    assert end.value.value.access_key_id == "AKID"
