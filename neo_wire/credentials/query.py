"""The AWS Query protocol: a form goes out, XML comes back.

The XML is read by a small strict reader: a document type, and with it every entity, is refused before it can mean
anything, and so is a length or a nesting that no answer has. Elements go by their local names, in any order.

Source: Smithy 2.0, AWS Query protocol; AWS STS API reference, common errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NoReturn, TypeAlias
from urllib.parse import urlencode
from xml.parsers import expat

from neo_wire.credentials.redaction import blotted, blotted_response
from neo_wire.errors import Fault, ServerError, ServiceError
from neo_wire.http import HttpResponse
from neo_wire.protocol.error_mapper import COMMON_ERRORS, map_error, request_id

CONTENT_TYPE: Final = "application/x-www-form-urlencoded; charset=utf-8"
MAX_ANSWER: Final = 256 * 1024
"""The longest answer that is read, in bytes; those of STS have a few thousand."""

Xml: TypeAlias = dict[tuple[str, ...], list[str]]
"""The texts of a document's elements, by their path below the root."""

_MAX_DEPTH: Final = 16
_MAX_MESSAGE: Final = 1000  # characters
_FAULTS: Final[dict[str, Fault]] = {"sender": "client", "receiver": "server"}
_ERRORS: Final = {code: error for error in COMMON_ERRORS for code in error.codes}


def form(action: str, version: str, parameters: Mapping[str, str]) -> bytes:
    """The body of a request of the Query protocol."""
    return urlencode({"Action": action, "Version": version, **parameters}).encode("ascii")


def read_error(
    response: HttpResponse, action: str, *, attempts: int = 1, secrets: Collection[str] = ()
) -> ServiceError:
    """The exception that an error response stands for; it is returned, not raised.

    Both forms are known: `ErrorResponse/Error` of the Query protocol, and `Response/Errors/Error` of some front ends.
    A body that is neither, such as a proxy's page, counts by its status alone.

    Args:
        response: one with a status that is no success.
        action: what was called.
        attempts: how many times the request was sent.
        secrets: what is blotted out: STS quotes what it was sent, such as the headers of a refused signature.
    """
    response = blotted_response(response, secrets)
    try:
        answer = read_xml(response.body)
    except ValueError:
        answer = {}
    error = ("Error",) if ("Error",) in answer else ("Errors", "Error")
    code = first(answer, *error, "Code")
    if not code:
        return map_error(response, attempts=attempts)
    by_status = ServiceError if response.status < 500 else ServerError
    return _ERRORS.get(code, by_status)(
        blotted(first(answer, *error, "Message"), secrets)[:_MAX_MESSAGE],  # again, now without XML's escapes
        code=code,
        status=response.status,
        request_id=request_id(response) or first(answer, "RequestId") or first(answer, "RequestID") or None,
        fault=_FAULTS.get(first(answer, *error, "Type").lower()),
        operation=action,
        attempts=attempts,
        headers=response.headers,
    )


def read_xml(body: bytes) -> Xml:
    """The texts of a document's elements, stripped, by path and in order; attributes and namespaces are left out.

    Raises:
        ValueError: the body is too long, nested too deeply, no XML in UTF-8, or has a document type; the text quotes
            nothing of it.
    """
    if len(body) > MAX_ANSWER:
        raise ValueError(f"the body has more than {MAX_ANSWER >> 10} KiB")
    texts: dict[tuple[str, ...], list[str]] = {}
    path: list[str] = []

    def start(name: str, _attributes: object) -> None:
        if len(path) > _MAX_DEPTH:
            raise ValueError("the body is nested too deeply")
        path.append(name.rpartition(" ")[2])
        texts.setdefault(tuple(path[1:]), []).append("")

    def data(text: str) -> None:
        texts[tuple(path[1:])][-1] += text

    def end(_name: str) -> None:
        texts[tuple(path[1:])][-1] = texts[tuple(path[1:])][-1].strip(" \t\r\n")
        path.pop()

    parser = expat.ParserCreate("utf-8", " ")  # the separator of a namespace from the local name
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = data
    parser.EndElementHandler = end
    # Without a document type no entity can be declared; expat refuses one that is not.
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.EntityDeclHandler = _refuse_document_type
    parser.ExternalEntityRefHandler = _refuse_document_type
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"the body is no XML ({error})") from None
    return texts


def _refuse_document_type(*_: object) -> NoReturn:
    raise ValueError("the body has a document type, which no answer has")


def first(answer: Xml, *path: str) -> str:
    """The text of the first element with a path; empty when there is none."""
    return answer.get(path, [""])[0]


def only(answer: Xml, *path: str) -> str:
    """The text of the one element with a path."""
    texts = answer.get(path, [])
    if len(texts) != 1 or not texts[0]:
        raise ValueError(f"{'/'.join(path)} is {'missing or empty' if len(texts) < 2 else 'there more than once'}")
    return texts[0]
