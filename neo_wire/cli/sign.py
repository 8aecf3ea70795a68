"""`neo-wire sign`: signs one request to any service, and prints it for curl or explains it."""

from __future__ import annotations

import argparse
import os
import re
import shlex

from attrs import evolve

from neo_wire.cli.failure import UsageError
from neo_wire.cli.progress import Progress
from neo_wire.cli.values import read_bytes
from neo_wire.config.partitions import PARTITIONS
from neo_wire.config.settings import resolve_region
from neo_wire.credentials.environment import from_environment
from neo_wire.errors import ConfigurationError, Headers
from neo_wire.http import HttpRequest, Url
from neo_wire.signing.explanation import explain
from neo_wire.signing.presigning import presign
from neo_wire.signing.sigv4 import DEFAULT, S3, S3_SERVICES, UNSIGNED_PAYLOAD, Scope, SigningOptions
from neo_wire.signing.sigv4 import sign as sign_headers
from neo_wire.transports.clock import utc_now


def sign(arguments: argparse.Namespace) -> int:
    """Sign the request and print its headers, its URL when presigned, a curl command, or an explanation."""
    request = HttpRequest(
        arguments.method.upper(), Url.parse(arguments.url), tuple(arguments.header), _body(arguments.data)
    )
    scope = _scope(arguments, request.url)
    options = _options(arguments, request.url, scope)
    credentials, now = from_environment(os.environ), utc_now()
    if arguments.presign is None:
        signed = sign_headers(request, credentials, scope, now, options)
    else:
        presigned = presign(request, credentials, scope, now, expires=arguments.presign, options=options)
        signed = presigned.to_request()
    if arguments.explain:
        (Progress.note if arguments.curl else print)(str(explain(signed, options)))
    if arguments.curl:
        print(_curl(signed, arguments.data))
    elif not arguments.explain:
        _print_signed(signed, presigned=arguments.presign is not None)
    return 0


def _body(data: str | None) -> bytes:
    if data is None:
        return b""
    if data == "-" or data.startswith("@"):
        return read_bytes(data.removeprefix("@"))
    return data.encode("utf-8", "surrogateescape")  # the bytes that the shell gave


def _options(arguments: argparse.Namespace, url: Url, scope: Scope) -> SigningOptions:
    options = S3 if arguments.s3 or scope.service in S3_SERVICES else DEFAULT
    if not arguments.unsigned_payload:
        return options
    if url.scheme != "https":
        raise UsageError("--unsigned-payload is accepted over https only; leave it out, or give an https:// URL")
    return evolve(options, payload=UNSIGNED_PAYLOAD)


def _scope(arguments: argparse.Namespace, url: Url) -> Scope:
    """Service and region as given; else those of AWS's host names, such as api.sagemaker.eu-west-1.amazonaws.com."""
    host_service, host_region = _of_host(url.host)
    service = arguments.service or ("s3" if arguments.s3 else host_service)
    if service is None:
        raise UsageError(f"give --service, such as --service sagemaker: the host {url.host!r} does not tell it")
    try:
        return Scope(resolve_region(arguments.region or host_region, os.environ), service)
    except ConfigurationError as error:
        raise UsageError(f"{error}; the option is --region") from None


def _of_host(host: str) -> tuple[str | None, str | None]:
    for partition in PARTITIONS:
        labels = host.removesuffix(f".{partition.dns_suffix}").split(".")
        if host.endswith(f".{partition.dns_suffix}") and re.fullmatch(partition.region_pattern, labels[-1], re.ASCII):
            names = [label for label in labels[:-1] if label != "dualstack"]
            return (names[-1] if names else None), labels[-1]
    return None, None


def _print_signed(signed: HttpRequest, *, presigned: bool) -> None:
    headers = _headers_to_give(signed, presigned=presigned)
    if not presigned:
        print("\n".join(f"{name}: {value}" for name, value in headers))
        return
    print(signed.url)
    if headers:
        listed = ", ".join(f"{name}: {value}" for name, value in headers)
        Progress.note(f"neo-wire: send it as {signed.method} with {listed}")


def _headers_to_give(signed: HttpRequest, *, presigned: bool) -> Headers:
    """The headers that a client has to be told: of a presigned request all but the host, which the URL tells."""
    if not presigned or signed.header("host") != signed.url.authority:
        return signed.headers
    return tuple([header for header in signed.headers if header[0].lower() != "host"])


def _curl(signed: HttpRequest, data: str | None) -> str:
    """A curl command that sends exactly what was signed: nothing added that has to be signed, no path made shorter."""
    words = ["curl", "--globoff", "--path-as-is"]
    if signed.method == "HEAD":
        words.append("--head")
    elif signed.method != "GET" or data is not None:
        words += ["--request", signed.method]
    for name, value in signed.headers:
        words += ["--header", f"{name}: {value}" if value else f"{name};"]
    if data is not None:
        if signed.header("content-type") is None:
            words += ["--header", "Content-Type:"]  # curl's own would be sent without being signed
        words += _data_words(signed.body, data)
    return shlex.join([*words, str(signed.url)])


def _data_words(body: bytes, data: str) -> list[str]:
    if data.startswith("@"):
        return ["--data-binary", data]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError("the body is not text, so no command line can hold it; give it as --data @FILE")
    return ["--data-raw", text]
