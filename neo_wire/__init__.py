"""Amazon SageMaker Neo compilation jobs without botocore: signed, typed, synchronous and asynchronous.

Every public name is here. Each is imported from its module when it is first used, so that `import neo_wire` costs next
to nothing, and brings neither httpx nor cryptography nor asyncio. Type checkers read `__init__.pyi`.
"""

from neo_wire._lazy import lazy_names
from neo_wire._version import __version__

_MODULES = {
    "neo_wire.async_client": """
        AsyncNeoClient
    """,
    "neo_wire.client": """
        NeoClient
    """,
    "neo_wire.client_options": """
        CallOptions ClientOptions
    """,
    "neo_wire.credentials.explain": """
        SourceRow
    """,
    "neo_wire.errors": """
        AccessDenied CallTimeout ClientClosed ConfigurationError ConnectFailed ConnectTimeout ConnectionClosed
        CredentialsError CredentialsFetchFailed CredentialsTimeout EndpointError ExpiredToken InputValidationError
        LoginRequired MissingExtra NeoWireError NoCredentials PaginationError PartialCredentials PoolTimeout
        ProfileFileError ProfileNotFound ProxyFailed ReadTimeout RedirectRefused ResourceInUse ResourceLimitExceeded
        ResourceNotFound ResponseDecodeError ServerError ServiceError SignatureError SigningError Throttling TlsError
        TransportError UndecodableErrorResponse UnrecognizedClient ValidationException Violation WriteTimeout
    """,
    "neo_wire.events": """
        AttemptFailed AttemptStarted CallEnded CredentialsRefreshed Event ResponseReceived RetryScheduled
    """,
    "neo_wire.explanation": """
        Explanation SettingRow
    """,
    "neo_wire.http": """
        HttpRequest HttpResponse Timeout Url
    """,
    "neo_wire.httpx_auth": """
        SigV4Auth
    """,
    "neo_wire.httpx_transports": """
        AsyncNeoTransport NeoTransport
    """,
    "neo_wire.iterators": """
        AsyncJobIterator JobIterator
    """,
    "neo_wire.jobs.artifact_file": """
        ArtifactExists DownloadInProgress
    """,
    "neo_wire.jobs.artifacts": """
        DownloadedArtifact NoArtifact
    """,
    "neo_wire.jobs.billing": """
        billed_seconds
    """,
    "neo_wire.jobs.clean_up": """
        CleanUp
    """,
    "neo_wire.jobs.compile_many": """
        Variant
    """,
    "neo_wire.jobs.compile_results": """
        CompileResults TargetResult
    """,
    "neo_wire.jobs.compiler_options": """
        compiler_options neuron_options
    """,
    "neo_wire.jobs.create_or_get": """
        CreatedOrFound
    """,
    "neo_wire.jobs.data_inputs": """
        CoreMLInput data_input_config input_config
    """,
    "neo_wire.jobs.digests": """
        DigestCheck DigestMismatch
    """,
    "neo_wire.jobs.failure_reasons": """
        FailureKind FailureReason classify_failure
    """,
    "neo_wire.jobs.job_names": """
        job_name
    """,
    "neo_wire.jobs.object_transfer": """
        ArtifactChanged
    """,
    "neo_wire.jobs.outcomes": """
        CompilationFailed CompilationJobDeleted CompilationJobMissing CompilationStopped Difference JobDiffers
        WaitError WaitTimeout
    """,
    "neo_wire.jobs.paging": """
        JobPage
    """,
    "neo_wire.jobs.polling": """
        Polling
    """,
    "neo_wire.jobs.preflight": """
        Preflight preflight
    """,
    "neo_wire.jobs.s3_objects": """
        InvalidRange NoSuchBucket NoSuchKey PreconditionFailed
    """,
    "neo_wire.jobs.s3_uris": """
        S3Location model_archive
    """,
    "neo_wire.jobs.targets": """
        Target
    """,
    "neo_wire.jobs.waiting_many": """
        JobOutcome
    """,
    "neo_wire.json_client": """
        AsyncJsonClient JsonClient
    """,
    "neo_wire.schema": """
        Byte Document Float Integer Length Long OpenIntEnum OpenStrEnum Pattern Range Sensitive Short TaggedUnion
        TimestampFormat UnknownMember WireName camel_case pascal_case structure union
    """,
    "neo_wire.service": """
        Operation OperationOutput ResponseMetadata Service Unit
    """,
    "neo_wire.shapes.enums": """
        CompilationJobStatus Framework ListCompilationJobsSortBy SortOrder TargetDevice TargetPlatformAccelerator
        TargetPlatformArch TargetPlatformOs
    """,
    "neo_wire.shapes.operations": """
        CREATE_COMPILATION_JOB DELETE_COMPILATION_JOB DESCRIBE_COMPILATION_JOB LIST_COMPILATION_JOBS SAGEMAKER
        STOP_COMPILATION_JOB
    """,
    "neo_wire.shapes.structures": """
        CompilationJobSummary CreateCompilationJobRequest CreateCompilationJobResponse DeleteCompilationJobRequest
        DerivedInformation DescribeCompilationJobRequest DescribeCompilationJobResponse InputConfig
        ListCompilationJobsRequest ListCompilationJobsResponse ModelArtifacts ModelDigests NeoVpcConfig OutputConfig
        StopCompilationJobRequest StoppingCondition Tag TargetPlatform
    """,
    "neo_wire.signing.credentials": """
        Credentials
    """,
    "neo_wire.signing.sigv4": """
        Scope SigningOptions
    """,
    "neo_wire.transports.clock": """
        Clock
    """,
}
_MODULE_OF, __getattr__ = lazy_names(__name__, _MODULES)

__all__ = ["__version__", *_MODULE_OF]  # names that are known to be strings


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return __all__
