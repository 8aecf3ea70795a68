"""How many seconds of a compilation job are billed.

Source: Amazon SageMaker API reference, DescribeCompilationJob (CompilationStartTime, CompilationEndTime).
"""

from __future__ import annotations

from datetime import datetime

from neo_wire.errors import ConfigurationError
from neo_wire.jobs.outcomes import SeenJob


def billed_seconds(job: SeenJob, now: datetime | None = None) -> float:
    """The seconds from the start of a job to its end, as Describe or List tells of it; 0 when it never started.

    Args:
        job: as it was last seen.
        now: the present time, aware: a job that still runs is billed until then.

    Raises:
        ConfigurationError: the job still runs and no `now` is given, or one that is naive.
    """
    start, end = job.compilation_start_time, job.compilation_end_time
    if start is None:
        return 0.0
    if end is None:
        if now is None:
            raise ConfigurationError(
                f"the compilation job {job.compilation_job_name!r} still runs; give now=, such as datetime.now(UTC)"
            )
        if now.utcoffset() is None:
            raise ConfigurationError("now is naive; give it a time zone, as datetime.now(UTC) has")
        end = now
    return max(0.0, (end - start).total_seconds())  # never negative by two clocks that differ
