"""A service of AWS JSON as data. A client knows its service long before the first call needs a shape."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from neo_wire.errors import ServiceError
from neo_wire.values import Value


@frozen(eq=False, repr=False)
class Service(Value):
    """What the operations of one service share.

    Attributes:
        name: the service's id, such as "SageMaker".
        target_prefix: what stands before the operation in X-Amz-Target, such as "SageMaker".
        signing_name: the service in the credential scope, such as "sagemaker".
        endpoint_prefix: what stands before the region in the host name, such as "api.sagemaker".
        json_version: of AWS JSON; it decides the content type.
        errors: error classes that any of its operations may raise, beside those that all AWS services share.
    """

    name: str
    target_prefix: str
    signing_name: str
    endpoint_prefix: str
    json_version: Literal["1.0", "1.1"] = "1.1"
    errors: tuple[type[ServiceError], ...] = ()
