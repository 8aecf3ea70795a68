"""SageMaker as a service, and its five operations on compilation jobs.

Each operation is imported, with its structures, from a module of its own when it is first used: a program that only
describes jobs makes no class that only creating one needs.

Source: Amazon SageMaker API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from neo_wire._lazy import lazy_names
from neo_wire.json_service import Service

if TYPE_CHECKING:
    from neo_wire.shapes.create import CREATE_COMPILATION_JOB as CREATE_COMPILATION_JOB
    from neo_wire.shapes.delete import DELETE_COMPILATION_JOB as DELETE_COMPILATION_JOB
    from neo_wire.shapes.describe import DESCRIBE_COMPILATION_JOB as DESCRIBE_COMPILATION_JOB
    from neo_wire.shapes.listing import LIST_COMPILATION_JOBS as LIST_COMPILATION_JOBS
    from neo_wire.shapes.stop import STOP_COMPILATION_JOB as STOP_COMPILATION_JOB
else:
    _MODULES = {
        "neo_wire.shapes.create": "CREATE_COMPILATION_JOB",
        "neo_wire.shapes.delete": "DELETE_COMPILATION_JOB",
        "neo_wire.shapes.describe": "DESCRIBE_COMPILATION_JOB",
        "neo_wire.shapes.listing": "LIST_COMPILATION_JOBS",
        "neo_wire.shapes.stop": "STOP_COMPILATION_JOB",
    }
    _MODULE_OF, __getattr__ = lazy_names(__name__, _MODULES)

    __all__ = ["SAGEMAKER", *_MODULE_OF]

    def __dir__() -> list[str]:
        """The names, loaded or not."""
        return __all__


SAGEMAKER: Final = Service(
    name="SageMaker", target_prefix="SageMaker", signing_name="sagemaker", endpoint_prefix="api.sagemaker"
)
