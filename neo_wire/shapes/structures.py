"""The structures of SageMaker Neo's compilation jobs and their simple types, whichever operation they belong to.

Each is imported from its own module when it is first used, as making a class takes its time.

Source: Amazon SageMaker API reference: Describe-, Create- and ListCompilationJob(s) and their types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neo_wire._lazy import lazy_names

if TYPE_CHECKING:
    from neo_wire.shapes.configuration import *  # noqa: F403  # all that is named below
    from neo_wire.shapes.create import *  # noqa: F403  # as above
    from neo_wire.shapes.delete import *  # noqa: F403  # as above
    from neo_wire.shapes.describe import *  # noqa: F403  # as above
    from neo_wire.shapes.listing import *  # noqa: F403  # as above
    from neo_wire.shapes.simple_types import *  # noqa: F403  # as above
    from neo_wire.shapes.stop import *  # noqa: F403  # as above
else:
    _MODULES = {
        "neo_wire.shapes.configuration": "InputConfig NeoVpcConfig OutputConfig StoppingCondition TargetPlatform",
        "neo_wire.shapes.create": "CreateCompilationJobRequest CreateCompilationJobResponse Tag",
        "neo_wire.shapes.delete": "DeleteCompilationJobRequest",
        "neo_wire.shapes.describe": """
            DerivedInformation DescribeCompilationJobRequest DescribeCompilationJobResponse ModelArtifacts ModelDigests
        """,
        "neo_wire.shapes.listing": """
            CompilationJobSummary ListCompilationJobsRequest ListCompilationJobsResponse
        """,
        "neo_wire.shapes.simple_types": """
            ArtifactDigest CompilationJobArn CompilerOptions DataInputConfig EntityName FailureReason FrameworkVersion
            InferenceImage KmsKeyId MaxPendingTimeInSeconds MaxResults MaxRuntimeInSeconds MaxWaitTimeInSeconds
            ModelPackageArn NameContains NeoVpcSecurityGroupId NeoVpcSubnetId NextToken RoleArn S3Uri TagKey TagValue
        """,
        "neo_wire.shapes.stop": "StopCompilationJobRequest",
    }
    _MODULE_OF, __getattr__ = lazy_names(__name__, _MODULES)

    __all__ = [*_MODULE_OF]

    def __dir__() -> list[str]:
        """The names, loaded or not."""
        return __all__
