"""The simple types of SageMaker Neo's structures: strings and numbers with their constraints.

Source: Amazon SageMaker API reference: Describe-, Create- and ListCompilationJob(s) and their types.
"""

from __future__ import annotations

from typing import Annotated

from neo_wire.schema import Characters, Integer, Length, Pattern, Range

EntityName = Annotated[str, Length(1, 63), Pattern(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")]
CompilationJobArn = Annotated[
    str, Length(0, 256), Pattern(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:compilation-job/.*")
]
RoleArn = Annotated[str, Length(20, 2048), Pattern(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")]
ModelPackageArn = Annotated[
    str,
    Length(1, 2048),
    Pattern(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/[\S]{1,2048}"),
]
# The model has `(https|s3)://([^/]+)/?(.*)`: the same strings, but with two ways to match each character of the host.
S3Uri = Annotated[str, Length(0, 1024), Pattern(r"(https|s3)://[^/]+(/.*)?")]
DataInputConfig = Annotated[str, Length(1, 16384), Pattern(r"[\S\s]+")]
FrameworkVersion = Annotated[str, Length(3, 10), Pattern(r"[0-9]\.[A-Za-z0-9.]+")]
CompilerOptions = Annotated[str, Length(3, 1024), Pattern(r".*")]
KmsKeyId = Annotated[str, Length(0, 2048), Pattern(r"[a-zA-Z0-9:/_-]*")]
InferenceImage = Annotated[str, Length(0, 256)]
FailureReason = Annotated[str, Length(0, 1024)]
ArtifactDigest = Annotated[str, Pattern(r"[\w:]+")]
MaxRuntimeInSeconds = Annotated[Integer, Range(min=1)]
MaxWaitTimeInSeconds = Annotated[Integer, Range(min=1)]
MaxPendingTimeInSeconds = Annotated[Integer, Range(min=1800, max=2_419_200)]
NeoVpcSecurityGroupId = Annotated[str, Length(0, 32), Pattern(r"[-0-9a-zA-Z]+")]
NeoVpcSubnetId = Annotated[str, Length(0, 32), Pattern(r"[-0-9a-zA-Z]+")]
TagKey = Annotated[str, Length(1, 128), Characters("LZN", "_.:/=+-@")]
TagValue = Annotated[str, Length(0, 256), Characters("LZN", "_.:/=+-@")]
NextToken = Annotated[str, Length(0, 8192), Pattern(r".*")]
MaxResults = Annotated[Integer, Range(1, 100)]
NameContains = Annotated[str, Length(0, 63), Pattern(r"[a-zA-Z0-9\-]+")]
