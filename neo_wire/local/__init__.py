"""A SageMaker Neo service on this machine, to develop and to test against without an AWS account.

It implements the five operations on compilation jobs and the S3 buckets that artifacts are in, checks every signature
and every input as AWS does, and lets a test script what becomes of a job and what goes wrong on the way. `LocalServer`
serves it to any client over a socket; `LocalTransport` plugs it into an httpx client within the process;
`NeoService.handle` is a plain function of requests.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from neo_wire.local.artifacts import Artifact
from neo_wire.local.authentication import EXAMPLE_CREDENTIALS
from neo_wire.local.bucket import Buckets
from neo_wire.local.contents import GeneratedContent
from neo_wire.local.script import CutOff, LostAnswer, RateLimit, Slow
from neo_wire.local.service import NeoService
from neo_wire.local.timeline import Timeline

if TYPE_CHECKING:
    from neo_wire.local.httpx_transport import LocalTransport
    from neo_wire.local.server import LocalServer

__all__ = [
    "EXAMPLE_CREDENTIALS",
    "Artifact",
    "Buckets",
    "CutOff",
    "GeneratedContent",
    "LocalServer",
    "LocalTransport",
    "LostAnswer",
    "NeoService",
    "RateLimit",
    "Slow",
    "Timeline",
]

_MODULE_OF = {"LocalServer": "neo_wire.local.server", "LocalTransport": "neo_wire.local.httpx_transport"}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # type checkers see the imports above
    """Import `LocalServer` and `LocalTransport` at their first use, as the one brings h11 and the other httpx."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'neo_wire.local' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value
