"""`neo-wire download` and `neo-wire verify`: what a job made, whole and checked."""

from __future__ import annotations

import argparse
import errno
import os

from neo_wire.cli.connection import connected
from neo_wire.cli.failure import UsageError
from neo_wire.cli.output import show, show_rows
from neo_wire.cli.progress import Progress, size
from neo_wire.jobs.digests import Digest, DigestCheck
from neo_wire.transports.artifact_files import LocalArtifactFile

UNCHECKED = 5


def fetch(arguments: argparse.Namespace) -> int:
    """Download the artifact of a job; a digest that nobody told is worth a warning."""
    options = {"overwrite": arguments.overwrite}
    if arguments.timeout is not None:
        options["timeout"] = arguments.timeout
    with connected(arguments) as client, Progress(quiet=arguments.quiet) as progress:

        def told(there: int, whole: int) -> None:
            percent = f" ({there * 100 // whole} %)" if whole else ""
            progress.show(f"{arguments.name}: {size(there)} of {size(whole)}{percent}", passing=there < whole)

        found = client.download_compilation_artifact(arguments.name, arguments.path, on_progress=told, **options)
    if arguments.output == "json":
        document = {
            "Path": found.path,
            "Size": found.size,
            "S3Uri": found.uri,
            "Downloaded": found.downloaded,
            "ResumedAt": found.resumed_at,
            **_checked(found.check),
        }
        show(document, "json")
    else:
        rows = [(found.path, found.size, str(found.check.outcome), found.uri)]
        show_rows(("Path", "Bytes", "Digest", "From"), rows, arguments.output)
    if not found.check.verified:
        Progress.note(f"neo-wire: {found.path} was not checked: {found.check.reason}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check a file against the artifact of a job, or against a digest."""
    if arguments.digest is None:
        with connected(arguments) as client:
            found = client.verify_compilation_artifact(arguments.job, arguments.file)
    else:
        found = _by_digest(arguments.file, Digest.parse(arguments.digest))
    if arguments.output == "json":
        show({"Path": arguments.file, **_checked(found)}, "json")
    else:
        what = found.algorithm if found.verified else found.reason
        show_rows(("Path", "Digest", "By"), [(arguments.file, found.outcome, what)], arguments.output)
    return 0 if found.verified else UNCHECKED


def _by_digest(path: str, digest: Digest) -> DigestCheck:
    if not digest.algorithms:
        raise UsageError(f"--digest: {digest.reason}")
    there = LocalArtifactFile(path, "").existing(digest)
    if there is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return there[1]


def _checked(found: DigestCheck) -> dict[str, object]:
    return {"Digest": found.outcome, "Algorithm": found.algorithm, "Reason": found.reason or None}
