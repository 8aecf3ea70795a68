"""A request to sign, keys to sign it with, and ways to tamper with it once it is signed."""

from __future__ import annotations

from attrs import evolve

from neo_wire.http import HttpRequest, Url
from neo_wire.signing import Credentials
from tests.signing.vectors import KEY_PAIR, SECRET

TEMPORARY = Credentials("ASIDEXAMPLE", SECRET, "TOKEN/+==")
DESCRIBE = HttpRequest(
    "POST",
    Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/v1/jobs?b=%7e&a=1"),
    (("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.Describe"), ("User-Agent", "test")),
    b'{"CompilationJobName":"demo"}',
)


def lookup(access_key_id: str) -> Credentials | None:
    return {"AKIDEXAMPLE": KEY_PAIR, "ASIDEXAMPLE": TEMPORARY}.get(access_key_id)


def header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with the header changed to a value, or without it."""
    kept = tuple([header for header in request.headers if header[0].lower() != name.lower()])
    return evolve(request, headers=kept if value is None else (*kept, (name, value)))


def query(request: HttpRequest, old: str, new: str) -> HttpRequest:
    """The request with a part of its query replaced."""
    assert old in request.url.query
    return evolve(request, url=evolve(request.url, query=request.url.query.replace(old, new)))


def flipped(request: HttpRequest) -> str:
    """The Authorization header with another last digit."""
    value = request.header("authorization") or ""
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def authorization(request: HttpRequest, old: str, new: str) -> HttpRequest:
    """The request with a part of its Authorization header replaced."""
    value = request.header("authorization") or ""
    assert old in value
    return header(request, "Authorization", value.replace(old, new))
