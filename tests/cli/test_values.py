"""What the values of arguments are read into."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from neo_wire.cli.failure import UsageError
from neo_wire.cli.values import (
    duration,
    header,
    moment,
    platform,
    polling,
    port,
    read_bytes,
    tag,
    text_or_file,
    whole_number,
)
from neo_wire.jobs.polling import Polling


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.25+02:00", datetime(2026, 1, 31, 12, 0, 0, 250_000, timezone(timedelta(hours=2)))),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600.5", datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    read = moment(text)
    assert read == expected
    assert read.utcoffset() is not None


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-01-31T12:00:00", "2026-01-31 12:00", "2026-13-01", "20260131T120000", "-1", "9" * 30, "١٢"],
)
def test_no_moments(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no time; give one with its zone"):
        moment(text)


def test_durations() -> None:
    assert duration("2.5") == 2.5
    assert duration("0") == 0
    assert [duration(text) for text in ("90s", "1.5m", "2h", "7d")] == [90, 90, 7200, 604_800]
    for text in ("-1", "nan", "inf", "soon", "", "m", "1h30m", "5 w"):
        with pytest.raises(ArgumentTypeError, match="is no duration"):
            duration(text)


def test_polling() -> None:
    assert polling("5") == Polling(5, 5)
    assert polling("0.5,1m") == Polling(0.5, 60)
    for text in ("", "5,", ",5", "0", "60,5", "1,2,3"):
        with pytest.raises(ArgumentTypeError, match=r"is no duration|polling interval"):
            polling(text)


def test_ports() -> None:
    assert [port(text) for text in ("0", "8080", "65535")] == [0, 8080, 65_535]
    for text in ("65536", "-1", "", "http", "8" * 5000, "٨"):
        with pytest.raises(ArgumentTypeError, match="is no port"):
            port(text)


def test_whole_numbers() -> None:
    assert [whole_number(text) for text in ("0", "12")] == [0, 12]
    for text in ("-1", "1.5", "", "many", "9" * 10, "٨"):
        with pytest.raises(ArgumentTypeError, match="is no whole number"):
            whole_number(text)


def test_tags_platforms_and_headers() -> None:
    assert tag("team=vision=2") == {"Key": "team", "Value": "vision=2"}
    assert tag("team=") == {"Key": "team", "Value": ""}
    assert platform("linux/x86_64") == {"Os": "LINUX", "Arch": "X86_64"}
    assert platform("ANDROID/ARM64/MALI") == {"Os": "ANDROID", "Arch": "ARM64", "Accelerator": "MALI"}
    assert header("X-Amz-Target:  SageMaker.List: all ") == ("X-Amz-Target", "SageMaker.List: all")
    assert header("X-Empty:") == ("X-Empty", "")


@pytest.mark.parametrize(
    ("read", "text"), [(tag, "team"), (platform, "LINUX"), (platform, "a/b/c/d"), (platform, "LINUX/"), (header, ": v")]
)
def test_malformed_ones(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="; give "):
        read(text)


def test_a_header_without_a_colon_is_not_shown() -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        header("Authorization Bearer hush")
    assert "hush" not in str(caught.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("é".encode())
    assert text_or_file(f"file://{path}") == "é"
    assert text_or_file("plain") == "plain"
    assert read_bytes(str(path)) == "é".encode()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_bytes(str(tmp_path / "nothing"))
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        text_or_file(f"file://{path}")
