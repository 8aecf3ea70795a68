from neo_wire._version import __version__ as __version__
from neo_wire.async_client import AsyncNeoClient as AsyncNeoClient
from neo_wire.client import NeoClient as NeoClient
from neo_wire.client_options import CallOptions as CallOptions
from neo_wire.client_options import ClientOptions as ClientOptions
from neo_wire.credentials.explain import SourceRow as SourceRow
from neo_wire.errors import AccessDenied as AccessDenied
from neo_wire.errors import CallTimeout as CallTimeout
from neo_wire.errors import ClientClosed as ClientClosed
from neo_wire.errors import ConfigurationError as ConfigurationError
from neo_wire.errors import ConnectFailed as ConnectFailed
from neo_wire.errors import ConnectionClosed as ConnectionClosed
from neo_wire.errors import ConnectTimeout as ConnectTimeout
from neo_wire.errors import CredentialsError as CredentialsError
from neo_wire.errors import CredentialsFetchFailed as CredentialsFetchFailed
from neo_wire.errors import CredentialsTimeout as CredentialsTimeout
from neo_wire.errors import EndpointError as EndpointError
from neo_wire.errors import ExpiredToken as ExpiredToken
from neo_wire.errors import InputValidationError as InputValidationError
from neo_wire.errors import LoginRequired as LoginRequired
from neo_wire.errors import MissingExtra as MissingExtra
from neo_wire.errors import NeoWireError as NeoWireError
from neo_wire.errors import NoCredentials as NoCredentials
from neo_wire.errors import PaginationError as PaginationError
from neo_wire.errors import PartialCredentials as PartialCredentials
from neo_wire.errors import PoolTimeout as PoolTimeout
from neo_wire.errors import ProfileFileError as ProfileFileError
from neo_wire.errors import ProfileNotFound as ProfileNotFound
from neo_wire.errors import ProxyFailed as ProxyFailed
from neo_wire.errors import ReadTimeout as ReadTimeout
from neo_wire.errors import RedirectRefused as RedirectRefused
from neo_wire.errors import ResourceInUse as ResourceInUse
from neo_wire.errors import ResourceLimitExceeded as ResourceLimitExceeded
from neo_wire.errors import ResourceNotFound as ResourceNotFound
from neo_wire.errors import ResponseDecodeError as ResponseDecodeError
from neo_wire.errors import ServerError as ServerError
from neo_wire.errors import ServiceError as ServiceError
from neo_wire.errors import SignatureError as SignatureError
from neo_wire.errors import SigningError as SigningError
from neo_wire.errors import Throttling as Throttling
from neo_wire.errors import TlsError as TlsError
from neo_wire.errors import TransportError as TransportError
from neo_wire.errors import UndecodableErrorResponse as UndecodableErrorResponse
from neo_wire.errors import UnrecognizedClient as UnrecognizedClient
from neo_wire.errors import ValidationException as ValidationException
from neo_wire.errors import Violation as Violation
from neo_wire.errors import WriteTimeout as WriteTimeout
from neo_wire.events import AttemptFailed as AttemptFailed
from neo_wire.events import AttemptStarted as AttemptStarted
from neo_wire.events import CallEnded as CallEnded
from neo_wire.events import CredentialsRefreshed as CredentialsRefreshed
from neo_wire.events import Event as Event
from neo_wire.events import ResponseReceived as ResponseReceived
from neo_wire.events import RetryScheduled as RetryScheduled
from neo_wire.explanation import Explanation as Explanation
from neo_wire.explanation import SettingRow as SettingRow
from neo_wire.http import HttpRequest as HttpRequest
from neo_wire.http import HttpResponse as HttpResponse
from neo_wire.http import Timeout as Timeout
from neo_wire.http import Url as Url
from neo_wire.httpx_auth import SigV4Auth as SigV4Auth
from neo_wire.httpx_transports import AsyncNeoTransport as AsyncNeoTransport
from neo_wire.httpx_transports import NeoTransport as NeoTransport
from neo_wire.iterators import AsyncJobIterator as AsyncJobIterator
from neo_wire.iterators import JobIterator as JobIterator
from neo_wire.jobs.artifact_file import ArtifactExists as ArtifactExists
from neo_wire.jobs.artifact_file import DownloadInProgress as DownloadInProgress
from neo_wire.jobs.artifacts import DownloadedArtifact as DownloadedArtifact
from neo_wire.jobs.artifacts import NoArtifact as NoArtifact
from neo_wire.jobs.billing import billed_seconds as billed_seconds
from neo_wire.jobs.clean_up import CleanUp as CleanUp
from neo_wire.jobs.compile_many import Variant as Variant
from neo_wire.jobs.compile_results import CompileResults as CompileResults
from neo_wire.jobs.compile_results import TargetResult as TargetResult
from neo_wire.jobs.compiler_options import compiler_options as compiler_options
from neo_wire.jobs.compiler_options import neuron_options as neuron_options
from neo_wire.jobs.create_or_get import CreatedOrFound as CreatedOrFound
from neo_wire.jobs.data_inputs import CoreMLInput as CoreMLInput
from neo_wire.jobs.data_inputs import data_input_config as data_input_config
from neo_wire.jobs.data_inputs import input_config as input_config
from neo_wire.jobs.digests import DigestCheck as DigestCheck
from neo_wire.jobs.digests import DigestMismatch as DigestMismatch
from neo_wire.jobs.failure_reasons import FailureKind as FailureKind
from neo_wire.jobs.failure_reasons import FailureReason as FailureReason
from neo_wire.jobs.failure_reasons import classify_failure as classify_failure
from neo_wire.jobs.job_names import job_name as job_name
from neo_wire.jobs.object_transfer import ArtifactChanged as ArtifactChanged
from neo_wire.jobs.outcomes import CompilationFailed as CompilationFailed
from neo_wire.jobs.outcomes import CompilationJobDeleted as CompilationJobDeleted
from neo_wire.jobs.outcomes import CompilationJobMissing as CompilationJobMissing
from neo_wire.jobs.outcomes import CompilationStopped as CompilationStopped
from neo_wire.jobs.outcomes import Difference as Difference
from neo_wire.jobs.outcomes import JobDiffers as JobDiffers
from neo_wire.jobs.outcomes import WaitError as WaitError
from neo_wire.jobs.outcomes import WaitTimeout as WaitTimeout
from neo_wire.jobs.paging import JobPage as JobPage
from neo_wire.jobs.polling import Polling as Polling
from neo_wire.jobs.preflight import Preflight as Preflight
from neo_wire.jobs.preflight import preflight as preflight
from neo_wire.jobs.s3_objects import InvalidRange as InvalidRange
from neo_wire.jobs.s3_objects import NoSuchBucket as NoSuchBucket
from neo_wire.jobs.s3_objects import NoSuchKey as NoSuchKey
from neo_wire.jobs.s3_objects import PreconditionFailed as PreconditionFailed
from neo_wire.jobs.s3_uris import S3Location as S3Location
from neo_wire.jobs.s3_uris import model_archive as model_archive
from neo_wire.jobs.targets import Target as Target
from neo_wire.jobs.waiting_many import JobOutcome as JobOutcome
from neo_wire.json_client import AsyncJsonClient as AsyncJsonClient
from neo_wire.json_client import JsonClient as JsonClient
from neo_wire.schema import Byte as Byte
from neo_wire.schema import Document as Document
from neo_wire.schema import Float as Float
from neo_wire.schema import Integer as Integer
from neo_wire.schema import Length as Length
from neo_wire.schema import Long as Long
from neo_wire.schema import OpenIntEnum as OpenIntEnum
from neo_wire.schema import OpenStrEnum as OpenStrEnum
from neo_wire.schema import Pattern as Pattern
from neo_wire.schema import Range as Range
from neo_wire.schema import Sensitive as Sensitive
from neo_wire.schema import Short as Short
from neo_wire.schema import TaggedUnion as TaggedUnion
from neo_wire.schema import TimestampFormat as TimestampFormat
from neo_wire.schema import UnknownMember as UnknownMember
from neo_wire.schema import WireName as WireName
from neo_wire.schema import camel_case as camel_case
from neo_wire.schema import pascal_case as pascal_case
from neo_wire.schema import structure as structure
from neo_wire.schema import union as union
from neo_wire.service import Operation as Operation
from neo_wire.service import OperationOutput as OperationOutput
from neo_wire.service import ResponseMetadata as ResponseMetadata
from neo_wire.service import Service as Service
from neo_wire.service import Unit as Unit
from neo_wire.shapes.enums import CompilationJobStatus as CompilationJobStatus
from neo_wire.shapes.enums import Framework as Framework
from neo_wire.shapes.enums import ListCompilationJobsSortBy as ListCompilationJobsSortBy
from neo_wire.shapes.enums import SortOrder as SortOrder
from neo_wire.shapes.enums import TargetDevice as TargetDevice
from neo_wire.shapes.enums import TargetPlatformAccelerator as TargetPlatformAccelerator
from neo_wire.shapes.enums import TargetPlatformArch as TargetPlatformArch
from neo_wire.shapes.enums import TargetPlatformOs as TargetPlatformOs
from neo_wire.shapes.operations import CREATE_COMPILATION_JOB as CREATE_COMPILATION_JOB
from neo_wire.shapes.operations import DELETE_COMPILATION_JOB as DELETE_COMPILATION_JOB
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB as DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.operations import LIST_COMPILATION_JOBS as LIST_COMPILATION_JOBS
from neo_wire.shapes.operations import SAGEMAKER as SAGEMAKER
from neo_wire.shapes.operations import STOP_COMPILATION_JOB as STOP_COMPILATION_JOB
from neo_wire.shapes.structures import CompilationJobSummary as CompilationJobSummary
from neo_wire.shapes.structures import CreateCompilationJobRequest as CreateCompilationJobRequest
from neo_wire.shapes.structures import CreateCompilationJobResponse as CreateCompilationJobResponse
from neo_wire.shapes.structures import DeleteCompilationJobRequest as DeleteCompilationJobRequest
from neo_wire.shapes.structures import DerivedInformation as DerivedInformation
from neo_wire.shapes.structures import DescribeCompilationJobRequest as DescribeCompilationJobRequest
from neo_wire.shapes.structures import DescribeCompilationJobResponse as DescribeCompilationJobResponse
from neo_wire.shapes.structures import InputConfig as InputConfig
from neo_wire.shapes.structures import ListCompilationJobsRequest as ListCompilationJobsRequest
from neo_wire.shapes.structures import ListCompilationJobsResponse as ListCompilationJobsResponse
from neo_wire.shapes.structures import ModelArtifacts as ModelArtifacts
from neo_wire.shapes.structures import ModelDigests as ModelDigests
from neo_wire.shapes.structures import NeoVpcConfig as NeoVpcConfig
from neo_wire.shapes.structures import OutputConfig as OutputConfig
from neo_wire.shapes.structures import StopCompilationJobRequest as StopCompilationJobRequest
from neo_wire.shapes.structures import StoppingCondition as StoppingCondition
from neo_wire.shapes.structures import Tag as Tag
from neo_wire.shapes.structures import TargetPlatform as TargetPlatform
from neo_wire.signing.credentials import Credentials as Credentials
from neo_wire.signing.sigv4 import Scope as Scope
from neo_wire.signing.sigv4 import SigningOptions as SigningOptions
from neo_wire.transports.clock import Clock as Clock

__all__ = [
    "CREATE_COMPILATION_JOB",
    "DELETE_COMPILATION_JOB",
    "DESCRIBE_COMPILATION_JOB",
    "LIST_COMPILATION_JOBS",
    "SAGEMAKER",
    "STOP_COMPILATION_JOB",
    "AccessDenied",
    "ArtifactChanged",
    "ArtifactExists",
    "AsyncJobIterator",
    "AsyncJsonClient",
    "AsyncNeoClient",
    "AsyncNeoTransport",
    "AttemptFailed",
    "AttemptStarted",
    "Byte",
    "CallEnded",
    "CallOptions",
    "CallTimeout",
    "CleanUp",
    "ClientClosed",
    "ClientOptions",
    "Clock",
    "CompilationFailed",
    "CompilationJobDeleted",
    "CompilationJobMissing",
    "CompilationJobStatus",
    "CompilationJobSummary",
    "CompilationStopped",
    "CompileResults",
    "ConfigurationError",
    "ConnectFailed",
    "ConnectTimeout",
    "ConnectionClosed",
    "CoreMLInput",
    "CreateCompilationJobRequest",
    "CreateCompilationJobResponse",
    "CreatedOrFound",
    "Credentials",
    "CredentialsError",
    "CredentialsFetchFailed",
    "CredentialsRefreshed",
    "CredentialsTimeout",
    "DeleteCompilationJobRequest",
    "DerivedInformation",
    "DescribeCompilationJobRequest",
    "DescribeCompilationJobResponse",
    "Difference",
    "DigestCheck",
    "DigestMismatch",
    "Document",
    "DownloadInProgress",
    "DownloadedArtifact",
    "EndpointError",
    "Event",
    "ExpiredToken",
    "Explanation",
    "FailureKind",
    "FailureReason",
    "Float",
    "Framework",
    "HttpRequest",
    "HttpResponse",
    "InputConfig",
    "InputValidationError",
    "Integer",
    "InvalidRange",
    "JobDiffers",
    "JobIterator",
    "JobOutcome",
    "JobPage",
    "JsonClient",
    "Length",
    "ListCompilationJobsRequest",
    "ListCompilationJobsResponse",
    "ListCompilationJobsSortBy",
    "LoginRequired",
    "Long",
    "MissingExtra",
    "ModelArtifacts",
    "ModelDigests",
    "NeoClient",
    "NeoTransport",
    "NeoVpcConfig",
    "NeoWireError",
    "NoArtifact",
    "NoCredentials",
    "NoSuchBucket",
    "NoSuchKey",
    "OpenIntEnum",
    "OpenStrEnum",
    "Operation",
    "OperationOutput",
    "OutputConfig",
    "PaginationError",
    "PartialCredentials",
    "Pattern",
    "Polling",
    "PoolTimeout",
    "PreconditionFailed",
    "Preflight",
    "ProfileFileError",
    "ProfileNotFound",
    "ProxyFailed",
    "Range",
    "ReadTimeout",
    "RedirectRefused",
    "ResourceInUse",
    "ResourceLimitExceeded",
    "ResourceNotFound",
    "ResponseDecodeError",
    "ResponseMetadata",
    "ResponseReceived",
    "RetryScheduled",
    "S3Location",
    "Scope",
    "Sensitive",
    "ServerError",
    "Service",
    "ServiceError",
    "SettingRow",
    "Short",
    "SigV4Auth",
    "SignatureError",
    "SigningError",
    "SigningOptions",
    "SortOrder",
    "SourceRow",
    "StopCompilationJobRequest",
    "StoppingCondition",
    "Tag",
    "TaggedUnion",
    "Target",
    "TargetDevice",
    "TargetPlatform",
    "TargetPlatformAccelerator",
    "TargetPlatformArch",
    "TargetPlatformOs",
    "TargetResult",
    "Throttling",
    "Timeout",
    "TimestampFormat",
    "TlsError",
    "TransportError",
    "UndecodableErrorResponse",
    "Unit",
    "UnknownMember",
    "UnrecognizedClient",
    "Url",
    "ValidationException",
    "Variant",
    "Violation",
    "WaitError",
    "WaitTimeout",
    "WireName",
    "WriteTimeout",
    "__version__",
    "billed_seconds",
    "camel_case",
    "classify_failure",
    "compiler_options",
    "data_input_config",
    "input_config",
    "job_name",
    "model_archive",
    "neuron_options",
    "pascal_case",
    "preflight",
    "structure",
    "union",
]
