"""What commands do with several jobs or with artifacts, each as one call on a blocking client."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from typing import Any

from neo_wire.client import NeoClient
from neo_wire.flow import Flow
from neo_wire.jobs.artifacts import DownloadedArtifact, download_artifact, verify_artifact
from neo_wire.jobs.clean_up import CleanUp, clean_up
from neo_wire.jobs.compile_many import CompileResults, ManyInputs, Variant, compile_many
from neo_wire.jobs.digests import DigestCheck
from neo_wire.jobs.s3_objects import S3Access
from neo_wire.shapes.structures import ListCompilationJobsRequest
from neo_wire.transports.artifact_files import LocalArtifactFile
from neo_wire.transports.progress import in_this_thread


def compile_for_targets(
    client: NeoClient,
    model: str,
    variants: Iterable[Variant],
    inputs: ManyInputs,
    **options: Any,  # noqa: ANN401  # those of `compile_many`, which checks them
) -> CompileResults:
    """Compile a model for several targets, as `compile_many`."""
    session = client._session

    def flow() -> Flow[CompileResults]:
        region = (yield from session.prepare()).scope.region
        return (
            yield from compile_many(
                session.invoke, model, variants, inputs, random=random.random, region=region, **options
            )
        )

    return client._driver.run(flow())


def clean_up_jobs(
    client: NeoClient,
    filters: ListCompilationJobsRequest,
    **options: Any,  # noqa: ANN401  # as above
) -> CleanUp:
    """Delete the jobs that pass the filters, as `clean_up`."""
    return client._driver.run(clean_up(client._session.invoke, filters, random=random.random, **options))


def download(
    client: NeoClient,
    name: str,
    target: str | os.PathLike[str],
    progress: Callable[[int, int], None],
    **options: Any,  # noqa: ANN401  # as above
) -> DownloadedArtifact:
    """Download the artifact of a job, as `download_artifact`."""
    session = client._session

    def access() -> Flow[S3Access]:
        return S3Access.of((yield from session.prepare()), (yield from session.context()))

    return client._driver.run(
        download_artifact(
            session.invoke,
            access(),
            name,
            lambda own_name: LocalArtifactFile(target, own_name),
            progress=in_this_thread(progress),
            **options,
        )
    )


def verify(client: NeoClient, name: str, path: str | os.PathLike[str]) -> DigestCheck:
    """Check a file against the artifact of a job, as `verify_artifact`."""
    return client._driver.run(verify_artifact(client._session.invoke, name, LocalArtifactFile(path, "")))
