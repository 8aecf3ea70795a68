"""StopCompilationJob: its structure and itself.

Source: Amazon SageMaker API reference: StopCompilationJob.
"""

from __future__ import annotations

from typing import Final

from neo_wire.errors import ResourceNotFound
from neo_wire.schema import structure
from neo_wire.service import Operation, Unit
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.simple_types import EntityName


@structure
class StopCompilationJobRequest:
    """Which job to stop."""

    compilation_job_name: EntityName


STOP_COMPILATION_JOB: Final = Operation(
    SAGEMAKER, "StopCompilationJob", StopCompilationJobRequest, Unit, (ResourceNotFound,)
)
