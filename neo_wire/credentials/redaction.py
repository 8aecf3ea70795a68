"""What was sent in secret is blotted out of what comes back, as services quote what they were sent in their errors."""

from __future__ import annotations

import json
from collections.abc import Collection
from urllib.parse import quote

from attrs import evolve

from neo_wire.http import HttpResponse


def blotted(text: str, secrets: Collection[str]) -> str:
    """The text without the secrets, as they are, percent-encoded, or as JSON escapes them."""
    for secret in filter(None, secrets):
        for form in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            text = text.replace(form, "…")
    return text


def blotted_response(response: HttpResponse, secrets: Collection[str]) -> HttpResponse:
    """A response whose body has none of the secrets; done first, as a secret that is cut off is found no more."""
    text = response.body.decode("utf-8", "surrogateescape")
    return evolve(response, body=blotted(text, secrets).encode("utf-8", "surrogateescape"))
