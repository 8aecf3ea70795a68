"""The Query protocol, against botocore's serializer and parsers, and what no answer may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import botocore.parsers
import botocore.serialize
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.credentials.query import MAX_ANSWER, Xml, form, only, read_error, read_xml
from neo_wire.errors import AccessDenied, ExpiredToken, ServerError, ServiceError, Throttling
from neo_wire.http import HttpResponse

STS = botocore.session.Session().get_service_model("sts")
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=30)
BOMB = b"".join(
    [
        b'<!DOCTYPE a [<!ENTITY x0 "ha">',
        *(b'<!ENTITY x%d "&x%d;&x%d;&x%d;">' % (n, n - 1, n - 1, n - 1) for n in range(1, 30)),
        b"]><ErrorResponse><Error><Code>&x29;</Code></Error></ErrorResponse>",
    ]
)


@given(
    st.fixed_dictionaries(
        {"RoleArn": st.text(min_size=1), "RoleSessionName": st.text(min_size=1)},
        optional={
            "ExternalId": st.text(min_size=1),
            "SerialNumber": st.text(min_size=1),
            "TokenCode": st.text(min_size=1),
            "SourceIdentity": st.text(min_size=1),
        },
    ).filter(lambda values: not any("\ud800" <= character <= "\udfff" for v in values.values() for character in v))
)
def test_a_form_says_what_botocore_says(parameters: dict[str, str]) -> None:
    serializer = botocore.serialize.create_serializer("query", include_validation=False)
    theirs = serializer.serialize_to_request(parameters, STS.operation_model("AssumeRole"))
    ours = form("AssumeRole", "2011-06-15", parameters)
    assert dict(parse_qsl(ours.decode("ascii"), keep_blank_values=True, strict_parsing=True)) == dict(theirs["body"])


def error_xml(code: str, message: str, root: str, namespace: str, wrapped: bool, order: list[str]) -> bytes:
    parts = {"Type": "Sender", "Code": code, "Message": message, "Detail": ""}
    document = ET.Element(f"{{{namespace}}}{root}" if namespace else root)

    def child(parent: ET.Element, name: str) -> ET.Element:
        return ET.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)

    error = child(child(document, "Errors"), "Error") if wrapped else child(document, "Error")
    for name in order:
        child(error, name).text = parts[name]
    child(document, "RequestID" if wrapped else "RequestId").text = "request-9"
    document.append(ET.Element("Unknown"))
    written: bytes = ET.tostring(document, encoding="utf-8")
    return written


@given(
    code=st.from_regex(r"[A-Za-z.]{1,30}", fullmatch=True),
    message=XML_TEXT,
    namespace=st.sampled_from(["", NAMESPACE, "urn:other"]),
    wrapped=st.booleans(),
    order=st.permutations(["Type", "Code", "Message", "Detail"]),
    status=st.sampled_from([400, 403, 429, 500, 503]),
)
def test_errors_are_read_as_botocore_reads_them(
    code: str, message: str, namespace: str, wrapped: bool, order: list[str], status: int
) -> None:
    body = error_xml(code, message, "Response" if wrapped else "ErrorResponse", namespace, wrapped, order)
    ours = read_error(HttpResponse(status, (), body), "AssumeRole")
    parser = botocore.parsers.create_parser("ec2" if wrapped else "query")
    shape: Any = STS.operation_model("AssumeRole").output_shape
    theirs = parser.parse({"status_code": status, "headers": {}, "body": body}, shape)
    assert ours.code == theirs["Error"]["Code"]
    assert ours.message == (theirs["Error"]["Message"] or "").strip(" \t\r\n")
    assert ours.request_id == theirs["ResponseMetadata"]["RequestId"] == "request-9"
    assert (ours.status, ours.operation, ours.fault) == (status, "AssumeRole", "client")


@pytest.mark.parametrize(
    ("code", "kind", "fault"),
    [
        ("AccessDenied", AccessDenied, "client"),
        ("ExpiredTokenException", ExpiredToken, "client"),
        ("Throttling", Throttling, "client"),
        ("RegionDisabledException", ServiceError, "client"),
        ("InternalFailure", ServerError, "server"),
        ("SomethingNew", ServerError, "server"),
    ],
)
def test_codes_have_their_classes(code: str, kind: type[ServiceError], fault: str) -> None:
    who = "Receiver" if fault == "server" else "Sender"
    body = f"<ErrorResponse><Error><Type>{who}</Type><Code>{code}</Code></Error></ErrorResponse>".encode()
    error = read_error(HttpResponse(500 if fault == "server" else 403, (), body), "AssumeRole")
    assert (type(error), error.code, error.fault) == (kind, code, fault)


@pytest.mark.parametrize("body", [b"", b"<html><body>Bad Gateway</body></html>", b"<!DOCTYPE html><p>", b"oops", BOMB])
@pytest.mark.parametrize(("status", "kind"), [(302, ServiceError), (403, ServiceError), (502, ServerError)])
def test_what_is_no_error_document_counts_by_its_status(body: bytes, status: int, kind: type[ServiceError]) -> None:
    error = read_error(HttpResponse(status, (), body), "AssumeRole", attempts=2)
    assert (type(error), error.code, error.status, error.attempts) == (kind, f"HTTP{status}", status, 2)


@pytest.mark.parametrize(
    "written", ["s3cret/To+ken=", "s3cret%2FTo%2Bken%3D", "s3cret&#47;To&#43;ken=", "s3cret/To+ken= "]
)
@pytest.mark.parametrize(
    "form_of_body", ["<ErrorResponse><Error><Code>Bad</Code><Message>{}</Message></Error></ErrorResponse>", "{}"]
)
def test_secrets_are_blotted_out(written: str, form_of_body: str) -> None:
    quoted = f"the canonical request has x-amz-security-token:{written}\nand more"
    error = read_error(
        HttpResponse(403, (), form_of_body.format(quoted).encode()), "AssumeRole", secrets=["s3cret/To+ken="]
    )
    if form_of_body != "{}" or "&#" not in written:  # plain text has no escapes of XML, so there it is another text
        assert "To" not in error.message
    assert "the canonical request has" in error.message


def test_a_long_message_is_cut_after_its_secrets() -> None:
    message = "x" * 990 + "s3cret-token"
    body = f"<ErrorResponse><Error><Code>Bad</Code><Message>{message}</Message></Error></ErrorResponse>".encode()
    error = read_error(HttpResponse(403, (), body), "AssumeRole", secrets=["s3cret-token"])
    assert error.message == "x" * 990 + "…"


def test_text_by_path() -> None:
    found = read_xml(
        b'<?xml version="1.0"?><r><!-- c --><a>1</a><b> <a>2 </a>\n<a>&lt;3&#62;<![CDATA[<4>]]></a></b></r>'
    )
    assert found == {(): [""], ("a",): ["1"], ("b",): [""], ("b", "a"): ["2", "<3><4>"]}


def test_the_only_one() -> None:
    found: Xml = {("a",): ["1"], ("b",): ["1", "2"], ("c",): [""]}
    assert only(found, "a") == "1"
    for path, words in (("b", "more than once"), ("c", "missing or empty"), ("d", "missing or empty")):
        with pytest.raises(ValueError, match=f"{path} is .*{words}"):
            only(found, path)


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd">%p;]><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "default">]><a/>',
        b"<?xml version='1.0' standalone='no'?>\n<!-- first -->\n<!DOCTYPE a PUBLIC 'x' 'y'><a/>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"),
    ],
)
def test_document_types_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="document type"):
        read_xml(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no XML"),
        (b"<a>", "no XML"),
        (b"<a>&undefined;</a>", "no XML"),
        (b"<a></b>", "no XML"),
        (b"<a/><b/>", "no XML"),
        (b"<x:a/>", "no XML"),
        (b"<a>\xff</a>", "no XML"),
        (b"<a>\0</a>", "no XML"),
        (b'{"a": 1}', "no XML"),
        (b"<a>" * 18 + b"</a>" * 18, "nested too deeply"),
        (b"<a>" * 90_000, "more than 256 KiB"),
        (b"<a>" + b" " * MAX_ANSWER + b"</a>", "more than 256 KiB"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_xml(body)
    assert "etc" not in str(caught.value)


@given(st.binary(max_size=200) | st.text(alphabet="<>/ab&;!D[] =\"'", max_size=60).map(str.encode))
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    try:
        theirs: Any = ET.XMLParser(encoding="utf-8")  # noqa: S314  # of a few bytes, to compare with
        theirs.feed(body)
        expected: Any = theirs.close()
    except ET.ParseError:
        expected = None
    try:
        found = read_xml(body)
    except ValueError:
        assert expected is None or b"<!" in body
    else:
        assert expected is not None
        assert sum(map(len, found.values())) == sum(1 for _ in expected.iter())
