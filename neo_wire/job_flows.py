"""What the two clients do with many jobs and with artifacts: the flows of `jobs`, with what a session knows put in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from neo_wire.flow import Flow
from neo_wire.jobs import artifacts, clean_up, compile_many
from neo_wire.jobs.arguments import CleanUpOptions, CompileManyOptions, DownloadOptions
from neo_wire.jobs.artifacts import DownloadedArtifact, Job
from neo_wire.jobs.clean_up import CleanUp
from neo_wire.jobs.compile_many import ManyInputs, Variant
from neo_wire.jobs.compile_results import CompileResults
from neo_wire.jobs.digests import DigestCheck
from neo_wire.jobs.s3_objects import S3Access
from neo_wire.jobs.targets import Target
from neo_wire.machine import random_fraction
from neo_wire.session import Session
from neo_wire.shapes.structures import ListCompilationJobsRequest
from neo_wire.transports.artifact_files import LocalArtifactFile

_INPUTS = frozenset(ManyInputs.__annotations__)
_FILTERS = frozenset(ListCompilationJobsRequest.__annotations__)


def compile_for_targets(
    session: Session, model: str, targets: Iterable[Target | Variant], options: CompileManyOptions
) -> Flow[CompileResults]:
    """Compile a model for each of some targets, as `jobs.compile_many` says."""
    inputs, rest = _parted(options, _INPUTS)
    region = (yield from session.prepare()).scope.region
    return (
        yield from compile_many.compile_many(
            session.invoke, model, targets, inputs, random=random_fraction, region=region, **rest
        )
    )


def clean_up_jobs(session: Session, options: CleanUpOptions) -> Flow[CleanUp]:
    """Delete the jobs that pass some filters, as `jobs.clean_up` says."""
    filters, rest = _parted(options, _FILTERS)
    request = ListCompilationJobsRequest(**filters)
    return (yield from clean_up.clean_up(session.invoke, request, random=random_fraction, **rest))


def download_artifact(
    session: Session,
    job: Job,
    path: str | os.PathLike[str],
    options: DownloadOptions,
    progress: Callable[[int, int], None] | None,
) -> Flow[DownloadedArtifact]:
    """Download the artifact of a job to a file or into a folder, as `jobs.artifacts` says."""
    rest: dict[str, Any] = {
        name: value for name, value in options.items() if name != "on_progress"
    }  # Any: of each type

    def access() -> Flow[S3Access]:
        return S3Access.of((yield from session.prepare()), (yield from session.context()))

    return (
        yield from artifacts.download_artifact(
            session.invoke, access(), job, lambda name: LocalArtifactFile(path, name), progress=progress, **rest
        )
    )


def verify_artifact(session: Session, job: Job, path: str | os.PathLike[str]) -> Flow[DigestCheck]:
    """Check a file against the digest of a job's artifact, as `jobs.artifacts` says."""
    return (yield from artifacts.verify_artifact(session.invoke, job, LocalArtifactFile(path, "")))


def _parted(options: Any, names: frozenset[str]) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401  # typed dictionaries
    """Options in two: those of these names, and the others."""
    return (
        {name: value for name, value in options.items() if name in names},
        {name: value for name, value in options.items() if name not in names},
    )
