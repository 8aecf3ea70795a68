"""ListCompilationJobs: its structures and itself.

Source: Amazon SageMaker API reference: ListCompilationJobs and its types.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from neo_wire.schema import structure
from neo_wire.service import Operation, OperationOutput
from neo_wire.shapes.enums import (
    CompilationJobStatus,
    ListCompilationJobsSortBy,
    SortOrder,
    TargetDevice,
    TargetPlatformAccelerator,
    TargetPlatformArch,
    TargetPlatformOs,
)
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.simple_types import CompilationJobArn, EntityName, MaxResults, NameContains, NextToken


@structure
class ListCompilationJobsRequest:
    """Which jobs to list, in which order, and how many a page."""

    next_token: NextToken | None = None
    max_results: MaxResults | None = None
    creation_time_after: datetime | None = None
    creation_time_before: datetime | None = None
    last_modified_time_after: datetime | None = None
    last_modified_time_before: datetime | None = None
    name_contains: NameContains | None = None
    status_equals: CompilationJobStatus | None = None
    sort_by: ListCompilationJobsSortBy | None = None
    sort_order: SortOrder | None = None


@structure
class CompilationJobSummary:
    """One job of a list."""

    compilation_job_name: EntityName
    compilation_job_arn: CompilationJobArn
    creation_time: datetime
    compilation_start_time: datetime | None = None
    compilation_end_time: datetime | None = None
    compilation_target_device: TargetDevice | None = None
    compilation_target_platform_os: TargetPlatformOs | None = None
    compilation_target_platform_arch: TargetPlatformArch | None = None
    compilation_target_platform_accelerator: TargetPlatformAccelerator | None = None
    last_modified_time: datetime | None = None
    compilation_job_status: CompilationJobStatus


@structure
class ListCompilationJobsResponse(OperationOutput):
    """One page of jobs; `next_token` asks for the next, and is None on the last."""

    compilation_job_summaries: Sequence[CompilationJobSummary]
    next_token: NextToken | None = None


LIST_COMPILATION_JOBS: Final = Operation(
    SAGEMAKER, "ListCompilationJobs", ListCompilationJobsRequest, ListCompilationJobsResponse
)
