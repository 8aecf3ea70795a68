"""Texts that are signed with, checked without regular expressions, as the expressions do that say the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.errors import CredentialsError, SigningError
from neo_wire.signing import canonical
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope, is_hex_sha256

TEXTS = st.text("aZ09-_.:;/%@+#!~ \t\n\r\x00\x7f\x85é\u0663²\u2028", min_size=1, max_size=12) | st.text(min_size=1)


@given(text=TEXTS | st.text(max_size=3))
def test_tokens(text: str) -> None:
    assert canonical._is_token(text) is (re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", text) is not None)


@given(text=st.text("0123456789abcdef", min_size=62, max_size=66) | st.text("0aA\u0661\n", min_size=63, max_size=65))
@example(text="0" * 64 + "\n")
def test_hashes(text: str) -> None:
    assert is_hex_sha256(text) is (re.fullmatch(r"[0-9a-f]{64}", text) is not None)


@given(text=TEXTS)
def test_regions_and_services(text: str) -> None:
    for scope, pattern in (
        ((text, "sagemaker"), r"(?![0-9]+$)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)"),
        (("eu-west-1", text), r"[A-Za-z0-9._-]+"),
    ):
        if re.fullmatch(pattern, text):
            Scope(*scope)
        else:
            with pytest.raises(SigningError):
                Scope(*scope)


@given(text=TEXTS)
def test_the_characters_of_credentials(text: str) -> None:
    if re.fullmatch(r"[!-~]+", text):
        assert Credentials("AKIDEXAMPLE", text).secret_access_key == text
    else:
        with pytest.raises(CredentialsError):
            Credentials("AKIDEXAMPLE", text)
