"""The enums of SageMaker Neo; each keeps a value that it does not know.

Source: Amazon SageMaker API reference: Describe-, Create- and ListCompilationJob(s) and their types.
"""

from __future__ import annotations

from typing import Final

from neo_wire.schema import OpenStrEnum


class CompilationJobStatus(OpenStrEnum):
    """Where a job stands: STARTING, INPROGRESS, then COMPLETED or FAILED; or STOPPING, then STOPPED."""

    INPROGRESS = "INPROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STARTING = "STARTING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended; a status not known here counts as still running."""
        return self in _TERMINAL


_TERMINAL: Final = (CompilationJobStatus.COMPLETED, CompilationJobStatus.FAILED, CompilationJobStatus.STOPPED)


class Framework(OpenStrEnum):
    """The framework that the model was trained with."""

    TENSORFLOW = "TENSORFLOW"
    KERAS = "KERAS"
    MXNET = "MXNET"
    ONNX = "ONNX"
    PYTORCH = "PYTORCH"
    XGBOOST = "XGBOOST"
    TFLITE = "TFLITE"
    DARKNET = "DARKNET"
    SKLEARN = "SKLEARN"


class TargetDevice(OpenStrEnum):
    """The device or the cloud instance family to compile for."""

    LAMBDA = "lambda"
    ML_M4 = "ml_m4"
    ML_M5 = "ml_m5"
    ML_M6G = "ml_m6g"
    ML_C4 = "ml_c4"
    ML_C5 = "ml_c5"
    ML_C6G = "ml_c6g"
    ML_P2 = "ml_p2"
    ML_P3 = "ml_p3"
    ML_G4DN = "ml_g4dn"
    ML_INF1 = "ml_inf1"
    ML_INF2 = "ml_inf2"
    ML_TRN1 = "ml_trn1"
    ML_EIA2 = "ml_eia2"
    JETSON_TX1 = "jetson_tx1"
    JETSON_TX2 = "jetson_tx2"
    JETSON_NANO = "jetson_nano"
    JETSON_XAVIER = "jetson_xavier"
    RASP3B = "rasp3b"
    RASP4B = "rasp4b"
    IMX8QM = "imx8qm"
    DEEPLENS = "deeplens"
    RK3399 = "rk3399"
    RK3288 = "rk3288"
    AISAGE = "aisage"
    SBE_C = "sbe_c"
    QCS605 = "qcs605"
    QCS603 = "qcs603"
    SITARA_AM57X = "sitara_am57x"
    AMBA_CV2 = "amba_cv2"
    AMBA_CV22 = "amba_cv22"
    AMBA_CV25 = "amba_cv25"
    X86_WIN32 = "x86_win32"
    X86_WIN64 = "x86_win64"
    COREML = "coreml"
    JACINTO_TDA4VM = "jacinto_tda4vm"
    IMX8MPLUS = "imx8mplus"


class TargetPlatformOs(OpenStrEnum):
    """The operating system of a target platform."""

    ANDROID = "ANDROID"
    LINUX = "LINUX"


class TargetPlatformArch(OpenStrEnum):
    """The processor architecture of a target platform."""

    X86_64 = "X86_64"
    X86 = "X86"
    ARM64 = "ARM64"
    ARM_EABI = "ARM_EABI"
    ARM_EABIHF = "ARM_EABIHF"


class TargetPlatformAccelerator(OpenStrEnum):
    """The accelerator of a target platform."""

    INTEL_GRAPHICS = "INTEL_GRAPHICS"
    MALI = "MALI"
    NVIDIA = "NVIDIA"
    NNA = "NNA"


class ListCompilationJobsSortBy(OpenStrEnum):
    """What a list is sorted by; the service's default is CreationTime."""

    NAME = "Name"
    CREATION_TIME = "CreationTime"
    STATUS = "Status"


class SortOrder(OpenStrEnum):
    """Which way a list is sorted; the service's default is Ascending."""

    ASCENDING = "Ascending"
    DESCENDING = "Descending"
