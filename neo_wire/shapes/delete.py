"""DeleteCompilationJob: its structure and itself.

Source: Amazon SageMaker API reference: DeleteCompilationJob.
"""

from __future__ import annotations

from typing import Final

from neo_wire.errors import ResourceNotFound
from neo_wire.schema import structure
from neo_wire.service import Operation, Unit
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.simple_types import EntityName


@structure
class DeleteCompilationJobRequest:
    """Which job to delete."""

    compilation_job_name: EntityName


DELETE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER, "DeleteCompilationJob", DeleteCompilationJobRequest, Unit, (ResourceNotFound,)
)
