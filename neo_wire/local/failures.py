"""Failure reasons as the service gives them, for the `failure_reason` of a `Timeline`.

The short ones are those that AWS publishes; the long ones say the same in other words. Model, bucket and role are made
up.

Source: SageMaker developer guide, "Troubleshoot Errors" and "Troubleshoot Neo Compilation Errors".
"""

from typing import Final

NO_H5_FILE: Final = "ClientError: InputConfiguration: No h5 file provided in /opt/ml/model"
"""Input configuration: the archive of a Keras model lacks its model file."""

CANNOT_LOAD_TENSORFLOW: Final = (
    "ClientError: InputConfiguration: Framework cannot load Tensorflow model: the saved model has no variables folder"
)
"""Input configuration: the framework cannot load what is in the archive."""

WRONG_SHAPE: Final = (
    "ClientError: InputConfiguration: Input data has wrong shape in Input Shape dictionary. "
    "Input shapes should be provided in NCHW format."
)
"""Input configuration: the input shapes are in the wrong order."""

OPERATOR_NOT_IMPLEMENTED: Final = "ClientError: OperatorNotImplemented: ['NonMaxSuppressionV5']"
"""Unsupported operator: the compiler does not know it."""

OPERATOR_ATTRIBUTE_NOT_VALID: Final = (
    "ClientError: OperatorAttributeValueNotValid: dilations of Conv2D is (0, 0), which is out of bounds"
)
"""Unsupported operator: the compiler knows it, but not like this."""

CANNOT_COMPILE: Final = "ClientError: CompilationError: Unable to compile the model for this target: TVMError"
"""Compiler: it gave up."""

ROLE_NOT_ASSUMED: Final = (
    "ClientError: AccessDenied: SageMaker cannot assume the role arn:aws:iam::123456789012:role/neo "
    "by sts:AssumeRole; its trust policy does not name the service"
)
"""Access: the service may not use the job's role."""

ROLE_NOT_PASSED: Final = (
    "ClientError: AccessDenied: the caller is not authorized to perform iam:PassRole on "
    "arn:aws:iam::123456789012:role/neo"
)
"""Access: whoever created the job may not hand its role on."""

S3_ACCESS_DENIED: Final = (
    "ClientError: An error occurred (403) when calling the HeadObject operation: Forbidden. "
    "Bucket: models, Key: resnet50.tar.gz"
)
"""S3: the job's role may not read the model."""

S3_NO_SUCH_KEY: Final = (
    "ClientError: An error occurred (NoSuchKey) when calling the GetObject operation: "
    "the object does not exist. Bucket: models, Key: resnet50.tar.gz"
)
"""S3: there is no model where the input configuration says."""

OUT_OF_MEMORY: Final = "ClientError: the compilation of the model ran out of memory"
"""Resource limit: the model is too large to compile."""

TIME_OUT: Final = "ClientError: TimeOut: the compilation did not end within its MaxRuntimeInSeconds"
"""Time-out: the stopping condition ended the job."""

SERVER_ERROR: Final = (
    "ServerError: There was an internal server error during the compilation job, please try again in a few minutes"
)
"""System: it is no fault of the caller's."""
