"""The canonical request: the one text form of a request that the signer and the service both make and hash.

Everything here is a pure function, and public, because signatures are debugged by comparing these texts.

Source: IAM user guide, "Create a signed AWS API request"; where it is silent, what aws-c-auth and botocore agree on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import BinaryIO, Final, NamedTuple, TypeAlias, cast

from neo_wire.errors import Headers, SigningError
from neo_wire.http import HttpRequest, Url

NEVER_SIGNED: Final = frozenset(
    {
        "authorization",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
"""Headers, in lower case, that proxies and tracers add or change on the way, and the one that holds the signature."""

EMPTY_SHA256: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of an empty body."""

Chunk: TypeAlias = bytes | bytearray | memoryview

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_IN_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CONTROL: Final = r"[\x00-\x08\x0a-\x1f\x7f]"
_FOLD: Final = r"\r?\n(?=[ \t])"  # RFC 9112 section 5.2: to be read as spaces
_SPACES: Final = r"[ \t]+"
_SURROGATE: Final = "[\ud800-\udfff]"
_VISIBLE: Final = bytes(range(0x21, 0x7F))
_BYTES: Final = (bytes, bytearray, memoryview)
_CHUNK: Final = 1024 * 1024


def canonical_request(
    request: HttpRequest,
    payload_hash: str,
    *,
    normalize_path: bool = True,
    double_encode_path: bool = True,
    signed_headers: Collection[str] | None = None,
) -> str:
    """The canonical request of what is about to be sent, or was received.

    Args:
        request: its URL in wire form; without a Host header, the URL's host stands for it.
        payload_hash: the hex SHA-256 of the body, or a marker such as UNSIGNED-PAYLOAD.
        normalize_path: remove dot segments and empty segments; False for S3.
        double_encode_path: percent-encode the encoded path once more; False for S3.
        signed_headers: sign just these, in lower case; None for all but those of `NEVER_SIGNED`.

    Raises:
        SigningError: the method or a header cannot be sent as it is.
    """
    headers = request.headers
    if request.header("host") is None:
        headers = (("host", request.url.authority), *headers)
    lines, names = canonical_headers(headers) if signed_headers is None else _chosen_headers(headers, signed_headers)
    return compose(request.method, request.url, lines, names, payload_hash, normalize_path, double_encode_path)


def compose(
    method: str, url: Url, lines: str, names: str, payload_hash: str, normalize_path: bool, double_encode_path: bool
) -> str:
    """Put a canonical request together from the two results of `canonical_headers` and what stands around them."""
    if method not in _METHODS:
        method = _checked_method(method)
    path = url.path
    if path != "/":
        path = canonical_path(path, normalize=normalize_path, double_encode=double_encode_path)
    query = canonical_query(url.query) if url.query else ""
    return f"{method}\n{path}\n{query}\n{lines}\n\n{names}\n{payload_hash}"


def _checked_method(method: str) -> str:
    if not _is_token(method):
        raise SigningError(f"{method!r} is no HTTP method; give a name such as POST")
    return method.upper()


def _is_token(text: str) -> bool:
    """Whether it is a name as HTTP has them: RFC 9110 section 5.6.2."""
    return bool(text) and _IN_TOKEN.issuperset(text)


def canonical_path(path: str, *, normalize: bool = True, double_encode: bool = True) -> str:
    """The path of a canonical request, of a path that is percent-encoded once, as it goes over the wire.

    Normalising differs from RFC 3986 at the end of a path, as all AWS signers do: `/a/b/..` is `/a`, not `/a/`. What no
    wire form may have, such as a space or a letter outside of ASCII, is encoded once in every mode.

    Raises:
        SigningError: the path has a lone surrogate, which UTF-8 cannot express.
    """
    if path in ("/", ""):
        return "/"
    if normalize:
        path = _normalized(path)
    elif not path.startswith("/"):
        path = "/" + path
    from urllib.parse import quote  # here, as most calls have the path "/", and it brings ipaddress

    try:
        return quote(path, "/" if double_encode else _VISIBLE)
    except UnicodeEncodeError:
        raise SigningError("the path has a lone surrogate in it, which UTF-8 cannot express") from None


def _normalized(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def canonical_query(query: str) -> str:
    """The query of a canonical request: each name and value decoded, encoded as AWS does, and sorted.

    So it does not matter how the sender encoded: `%7e`, `%7E` and `~` are one. A plus is a plus, not a space; a name
    without `=` gets one; duplicates stay; a percent sign that begins no escape is taken literally.

    Raises:
        SigningError: the query has a lone surrogate, which UTF-8 cannot express.
    """
    if not query:
        return ""
    from urllib.parse import quote, unquote_to_bytes  # here, as most calls have no query

    pairs: list[tuple[str, str]] | None
    try:
        pairs = [
            (quote(unquote_to_bytes(name), ""), quote(unquote_to_bytes(value), ""))
            for name, _, value in (part.partition("=") for part in query.split("&") if part)
        ]
    except UnicodeEncodeError:
        pairs = None
    if pairs is None:  # raised below the handler: the codec's error holds the query, and so must not be its context
        raise SigningError("the query has a lone surrogate in it, which UTF-8 cannot express")
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def canonical_headers(headers: Headers) -> tuple[str, str]:
    r"""The `name:value` lines, joined by `\n`, and the list of their names, joined by `;`; without `NEVER_SIGNED`.

    Names in lower case and sorted; the values of a repeated header joined by commas in order of arrival; spaces, tabs
    and folded lines within a value collapsed to one space. Quoted strings are not special.

    Raises:
        SigningError: a name is no HTTP token, or a value is no string, or has a control character or a lone surrogate
            in it.
    """
    if not headers:
        return "", ""
    names: tuple[str, ...]
    values: Sequence[str]
    names, values = zip(*headers)  # noqa: B905  # pairs all have two members; strict= costs a third more
    layout = _layout(names)
    if not are_canonical(values):
        values = [_canonical_value(name, value) for name, value in headers]
    return layout.lines(*values), layout.names


def are_canonical(values: Sequence[str]) -> bool:
    """Whether all values are visible ASCII and single spaces within; a check of all at once, as most are."""
    try:
        joined = "".join(values)
    except TypeError:  # not all are strings
        return False
    if not joined.isascii():
        return False
    rest = joined.encode().translate(None, _VISIBLE)
    # A space at an end of a value, or two within, makes an empty word.
    return not rest or (not rest.strip(b" ") and "" not in " ".join(values).split(" "))


class HeaderLayout(NamedTuple):
    """What of the canonical headers follows from the names alone."""

    lines: Callable[..., str]
    """Makes the canonical lines of the values of all headers."""
    names: str


def lay_out(names: tuple[str, ...], chosen: Collection[str] | None = None) -> HeaderLayout:
    """Sort the names that are signed: the chosen ones, or all but `NEVER_SIGNED`.

    Raises:
        SigningError: a name is no HTTP token.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if not _is_token(name):
            raise SigningError(f"{name!r} is no header name; use letters, digits and hyphens")
        lower = name.lower()
        if lower not in NEVER_SIGNED if chosen is None else lower in chosen:
            places.setdefault(lower, []).append(place)
    signed = sorted(places)
    # A format string that takes each value from the place of its header; no token has a brace in it.
    lines = [f"{name}:{','.join([f'{{{place}}}' for place in places[name]])}" for name in signed]
    return HeaderLayout("\n".join(lines).format, ";".join(signed))


_layout = lru_cache(maxsize=128)(lay_out)  # names only: what is kept for the next request is no secret


def _chosen_headers(headers: Headers, chosen: Collection[str]) -> tuple[str, str]:
    layout = lay_out(tuple([name for name, _ in headers]), chosen)  # not cached: a stranger chose these names
    values = [_canonical_value(name, value) for name, value in headers]
    return layout.lines(*values), layout.names


def unfold(headers: Headers) -> Headers:
    """The headers with folded lines made one, as they have to be sent: RFC 9112 section 5.2 forbids to send a fold."""
    if not any("\n" in value for _, value in headers):
        return headers
    return tuple([(name, re.sub(_FOLD, " ", value)) for name, value in headers])


def _canonical_value(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise SigningError(f"the value of header {name!r} is a {type(value).__name__}; give a string")
    unfolded = re.sub(_FOLD, " ", value)
    if re.search(_CONTROL, unfolded):
        raise SigningError(f"the value of header {name!r} has a control character in it; remove it")
    if re.search(_SURROGATE, unfolded):
        raise SigningError(f"the value of header {name!r} has a lone surrogate, which UTF-8 cannot express")
    return re.sub(_SPACES, " ", unfolded).strip(" ")


def payload_hash(body: Chunk | BinaryIO | Iterable[Chunk]) -> str:
    """The hex SHA-256 of a body: bytes, a binary file or chunks of bytes.

    A file is read from where it stands, 1 MiB at a time, and put back there when it can seek; one that cannot, and an
    iterator, is used up.

    Raises:
        SigningError: it is text, or gives something else than bytes.
    """
    given: object = body  # what callers without a type checker give
    if isinstance(given, _BYTES):
        return sha256(given).hexdigest() if given else EMPTY_SHA256
    digest = sha256()
    if hasattr(given, "read"):
        file = cast("BinaryIO", given)
        start = _position(file)
        try:
            while chunk := require_bytes(file.read(_CHUNK)):
                digest.update(chunk)
        finally:
            if start is not None:
                file.seek(start)
    elif isinstance(given, Iterable) and not isinstance(given, str):
        for chunk in given:
            digest.update(require_bytes(chunk))
    else:
        raise SigningError(f"the body is a {type(body).__name__}; give bytes, a binary file or an iterable of bytes")
    return digest.hexdigest()


def _position(file: BinaryIO) -> int | None:
    try:
        start = file.tell()
        file.seek(start)  # some, such as the responses of urllib3, can tell but not seek
    except (AttributeError, OSError):  # a pipe or a socket
        return None
    return start


def require_bytes(chunk: object) -> Chunk:
    """Return a chunk of a body if it is bytes.

    Raises:
        SigningError: it is text or something else.
    """
    if not isinstance(chunk, _BYTES):
        raise SigningError(
            f"the body gives a {type(chunk).__name__} where bytes are due; encode text, open files in binary mode"
        )
    return chunk
