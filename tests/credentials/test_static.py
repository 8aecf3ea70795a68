from __future__ import annotations

import pytest

from neo_wire.credentials.static import given
from neo_wire.signing.credentials import Credentials


def test_given_credentials_are_provided_each_time_without_asking_for_anything(credentials: Credentials) -> None:
    provide = given(credentials)
    for _ in range(2):
        with pytest.raises(StopIteration) as end:
            next(provide())
        assert end.value.value is credentials
