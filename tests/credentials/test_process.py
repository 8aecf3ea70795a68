from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from botocore.compat import compat_shell_split
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.credentials.context import Provider, Skipped
from neo_wire.credentials.process import MAX_OUTPUT, TIMEOUT, find, split_windows, without_secrets
from neo_wire.errors import CredentialsError, CredentialsFetchFailed
from neo_wire.flow import Flow, ProcessResult, RunProcess
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import ModeName, context_of, run

BOTH = pytest.mark.parametrize("mode", ["sync", "async"])
WHOLE = {
    "Version": 1,
    "AccessKeyId": "AKID",
    "SecretAccessKey": "s3cret",
    "SessionToken": "t0ken",
    "Expiration": "2026-01-31T12:00:00Z",
    "AccountId": "123456789012",
}


def provider(command: str, rest: str = "", *, windows: bool = False) -> Provider:
    found = find(attrs.evolve(context_of(f"[default]\ncredential_process = {command}\n{rest}"), windows=windows))
    assert not isinstance(found, Skipped)
    return found


def command(tmp_path: Path, code: str) -> str:
    """A command line that runs a program in Python."""
    program = tmp_path / "a program.py"
    program.write_text(code, "utf-8")
    return shlex.join([sys.executable, "-S", str(program)])


def printing(tmp_path: Path, document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return command(tmp_path, f"print({text!r})")


def answered(flow: Flow[Credentials], answer: ProcessResult | Exception) -> tuple[RunProcess, Credentials]:
    """What a provider asks for, and what it makes of an answer that no program gave."""
    effect = next(flow)
    assert isinstance(effect, RunProcess)
    try:
        if isinstance(answer, Exception):
            flow.throw(answer)
        else:
            flow.send(answer)
    except StopIteration as end:
        return effect, end.value
    raise AssertionError("it asks for more")


def printed(document: Any) -> ProcessResult:
    return ProcessResult(0, (document if isinstance(document, str) else json.dumps(document)).encode(), b"")


@BOTH
def test_what_a_program_prints(mode: ModeName, tmp_path: Path) -> None:
    found = run(mode, provider(printing(tmp_path, WHOLE))())
    ends = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert found == Credentials(
        "AKID", "s3cret", "t0ken", expiration=ends, account_id="123456789012", source="a process"
    )


@BOTH
def test_the_least_that_it_may_print_and_the_account_of_the_profile(mode: ModeName, tmp_path: Path) -> None:
    least = {name: WHOLE[name] for name in ("Version", "AccessKeyId", "SecretAccessKey")}
    provide = provider(
        printing(tmp_path, least | {"SessionToken": None, "Unknown": [1]}), "aws_account_id = 210987654321\n"
    )
    assert run(mode, provide()) == Credentials("AKID", "s3cret", account_id="210987654321", source="a process")


@BOTH
def test_it_is_run_anew_at_each_fetch(mode: ModeName, tmp_path: Path) -> None:
    counter = tmp_path / "count"
    code = (
        f"import json, pathlib\ncounter = pathlib.Path({str(counter)!r})\n"
        "counter.write_text((counter.read_text() if counter.exists() else '') + 'x')\n"
        f"print(json.dumps({WHOLE!r} | {{'AccessKeyId': 'AK' + str(len(counter.read_text()))}}))"
    )
    provide = provider(command(tmp_path, code))
    assert [run(mode, provide()).access_key_id for _ in range(2)] == ["AK1", "AK2"]


@BOTH
def test_no_shell_and_no_input(mode: ModeName, tmp_path: Path) -> None:
    token = "'|'.join(sys.argv[1:]) + sys.stdin.read()"
    code = f"import json, sys\nprint(json.dumps({WHOLE!r} | {{'SessionToken': {token}}}))"
    provide = provider(f"{command(tmp_path, code)} '$HOME' ~ \"a;b\" c>d")
    assert run(mode, provide()).session_token == "$HOME|~|a;b|c>d"


@pytest.mark.parametrize("text", ["[default]\nregion = eu-west-1\n", ""])
def test_without_the_key_it_is_not_configured(text: str) -> None:
    assert find(context_of(text)) == Skipped("the profile 'default' has no credential_process")


def test_the_key_may_stand_in_the_credentials_file() -> None:
    assert callable(find(context_of(credentials="[default]\ncredential_process = x\n")))


def test_the_bounds_that_are_asked_for() -> None:
    effect, _ = answered(provider("a 'b c'")(), printed(WHOLE))
    assert effect == RunProcess(("a", "b c"), TIMEOUT, MAX_OUTPUT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("\n  nested = x", "is empty"),
        ("'a", "a quote that is not closed"),
        ("''", "names no program"),
        ("a\0b", "NUL"),
    ],
)
def test_a_command_that_is_none(text: str, reason: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=reason) as caught:
        next(provider(text)())
    assert "/config, line 2, [default]" in str(caught.value)


@BOTH
def test_a_program_that_is_not_there(mode: ModeName) -> None:
    with pytest.raises(CredentialsFetchFailed, match="there is no program '/no/such'") as caught:
        run(mode, provider("/no/such --password pa55word")())
    assert "pa55word" not in str(caught.value)
    assert "/config, line 2" in str(caught.value)


@BOTH
def test_a_program_that_may_not_be_run(mode: ModeName, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("not a program", "utf-8")
    with pytest.raises(CredentialsFetchFailed, match="may not be run"):
        run(mode, provider(str(tmp_path / "plain"))())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("the program did not end within 60 s and was killed"), "did not end within 60 s"),
        (OSError("the program printed more than 1048576 bytes and was killed"), "printed more than"),
        (OSError(8, "Exec format error"), "Exec format error"),
    ],
)
def test_a_program_that_is_killed_or_cannot_be_started(error: Exception, reason: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=reason):
        answered(provider("a b")(), error)


@BOTH
def test_the_error_of_a_program_that_fails_is_shown_without_secrets(mode: ModeName, tmp_path: Path) -> None:
    code = (
        'import sys\nprint(\'{"SecretAccessKey": "on-stdout"}\')\n'
        "print('no\\x1b[31m session: sign in\\nsecret_access_key = on-stderr', file=sys.stderr)\nsys.exit(3)"
    )
    with pytest.raises(CredentialsFetchFailed) as caught:
        run(mode, provider(command(tmp_path, code))())
    text = str(caught.value)
    assert "ended with status 3: no [31m session: sign in secret_access_key = …" in text
    assert "on-stdout" not in text
    assert "on-stderr" not in text


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "not JSON"),
        ("s3cret", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('["s3cret"]', "not an object"),
        ('"s3cret"', "not an object"),
        ("{}", "is a NoneType"),
        (WHOLE | {"Version": "1"}, "is a str"),
        (WHOLE | {"Version": 2}, "and is 2"),
        (WHOLE | {"Version": True}, "and is True"),
        (WHOLE | {"Version": 1.0}, r"and is 1\.0"),
        ({"Version": 1}, "AccessKeyId is missing, SecretAccessKey is missing"),
        (WHOLE | {"AccessKeyId": "", "SecretAccessKey": None}, "AccessKeyId is missing, SecretAccessKey is missing"),
        (WHOLE | {"SecretAccessKey": ["s3cret"]}, "SecretAccessKey is a list instead of a string"),
        (WHOLE | {"SessionToken": 5, "AccountId": 7}, "SessionToken is a int instead of a string, AccountId is a int"),
        (WHOLE | {"Expiration": "tomorrow"}, "an Expiration that is no time"),
        (WHOLE | {"Expiration": 1767225600}, "Expiration is a int"),
    ],
)
def test_what_is_printed_is_read_strictly_and_never_shown(document: Any, reason: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=reason) as caught:
        answered(provider("program")(), printed(document))
    assert caught.value.provider == "a process"
    assert "'program'" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_bytes_that_are_not_utf_8() -> None:
    with pytest.raises(CredentialsFetchFailed, match="not JSON in UTF-8"):
        answered(provider("program")(), ProcessResult(0, b'{"Version": 1, "x": "\xff"}', b""))


def test_a_key_that_is_none() -> None:
    with pytest.raises(CredentialsError, match="secret_access_key from a process") as caught:
        answered(provider("program")(), printed(WHOLE | {"SecretAccessKey": "s3cret\n"}))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("  a\r\n\tb\x00c ", "a b c"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!", "…!"),
        ('{"SecretAccessKey": "short", "SessionToken": "t"}', '{"SecretAccessKey": …, "SessionToken": …}'),
        ("password=pa55 and passphrase: 'a b' end", "password=… and passphrase: … end"),
        ("Authorization: Bearer", "Authorization: …"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- gone", "… gone"),
        ("-----BEGIN PRIVATE KEY-----\nMHc", "…"),
        ("caf\xe9", "caf\ufffd"),
        ("arn:aws:iam::123456789012:role/reader", "arn:aws:iam::123456789012:role/reader"),
    ],
)
def test_what_looks_like_a_secret_is_left_out(text: str, shown: str) -> None:
    assert without_secrets(text.encode("latin-1")) == shown


def test_a_long_complaint_is_cut() -> None:
    assert len(without_secrets(b"word " * 1_000_000)) == 501


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (r"C:\tools\aws.exe --role x", [r"C:\tools\aws.exe", "--role", "x"]),
        (r'"C:\Program Files\aws.exe" "a b"', [r"C:\Program Files\aws.exe", "a b"]),
        (r'a "b\"c"', ["a", 'b"c']),
        (r'a "b\\" c', ["a", "b\\", "c"]),
        (r"a b\\c", ["a", r"b\\c"]),
        ('a "" b', ["a", "", "b"]),
        ("a '$b c'", ["a", "'$b", "c'"]),
        ("a\\", ["a\\"]),
    ],
)
def test_a_command_line_of_windows(line: str, arguments: list[str]) -> None:
    assert split_windows(line) == arguments
    effect, _ = answered(provider(line, windows=True)(), printed(WHOLE))
    assert effect.arguments == tuple(arguments)


@given(st.text("ab\\\" \t'", max_size=30))
@example('"')
@example(r"a\\\"b")
def test_windows_rules_agree_with_botocore(line: str) -> None:
    try:
        theirs = compat_shell_split(line, "win32")
    except ValueError:
        with pytest.raises(ValueError, match="not closed"):
            split_windows(line)
    else:
        assert split_windows(line) == theirs
