"""What was sent in secret does not come back in a message."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from neo_wire.credentials.redaction import blotted, blotted_response
from neo_wire.credentials.rest_json import OAuthError, read_error
from neo_wire.http import HttpResponse

SECRET = 'to/ken+"quoted"\\='


@pytest.mark.parametrize("form", [SECRET, quote(SECRET, safe=""), json.dumps(SECRET)])
def test_a_secret_is_blotted_out_in_every_form(form: str) -> None:
    assert "ken" not in blotted(f"<{form}> and {form}", (SECRET, ""))


def test_a_body_that_is_no_text_is_left_as_it_is_else() -> None:
    assert blotted_response(HttpResponse(400, body=b"\xff\xfe secret \x00"), ("secret",)).body == (
        b"\xff\xfe \xe2\x80\xa6 \x00"
    )


@pytest.mark.parametrize("length", range(0, 2000, 7))
def test_a_secret_that_an_error_cuts_off_shows_no_part_of_it(length: int) -> None:
    secret = "s3cr3t-" * 20
    for body in (f"{'x' * length} {secret}", json.dumps({"message": f"{'x' * length} {secret}"})):
        error = read_error(HttpResponse(400, body=body.encode()), "Op", secrets=(secret,))
        assert "s3c" not in f"{error} {error!r} {vars(error)}"


def test_what_oauth_adds_is_blotted_too() -> None:
    body = json.dumps({"error": f"invalid {SECRET}", "error_description": f"not {SECRET}"}).encode()
    error = read_error(HttpResponse(400, body=body), "Op", secrets=(SECRET,))
    assert error.detail == OAuthError("invalid …", "not …")
    assert "ken" not in f"{error} {error.code}"
