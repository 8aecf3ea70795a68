"""What a model is compiled for, as one choice: a device or a platform, never both.

Source: Amazon SageMaker API reference, OutputConfig and TargetPlatform.
"""

from __future__ import annotations

from attrs import field, frozen, validators

from neo_wire.errors import InputValidationError, Violation
from neo_wire.jobs.findings import Findings
from neo_wire.jobs.s3_uris import S3Location, check_bucket
from neo_wire.protocol.validation import validate
from neo_wire.schema import structure
from neo_wire.shapes.enums import TargetDevice, TargetPlatformAccelerator, TargetPlatformArch, TargetPlatformOs
from neo_wire.shapes.structures import OutputConfig, TargetPlatform
from neo_wire.values import Value


@structure
class _DeviceChoice:
    target_device: TargetDevice


@structure
class _PlatformChoice:
    target_platform: TargetPlatform


def _checked(choice: _DeviceChoice | _PlatformChoice) -> None:
    try:
        validate(choice)
    except InputValidationError as error:
        raise InputValidationError("Target", error.violations) from None


def _with_enums(platform: TargetPlatform) -> TargetPlatform:
    """The platform with enums where it was given plain strings, which a shape lets through."""
    return TargetPlatform(
        os=TargetPlatformOs(platform.os),
        arch=TargetPlatformArch(platform.arch),
        accelerator=None if platform.accelerator is None else TargetPlatformAccelerator(platform.accelerator),
    )


@frozen(eq=False, repr=False)
class Target(Value):
    """A device, or a platform: an operating system, an architecture and, perhaps, an accelerator.

    Make it with `Target.device`, `Target.platform` or `Target.parse`; its text is the device's name, or
    `LINUX/ARM64/NVIDIA`. It is hashable, so it can be the key of a table of results.

    Attributes:
        choice: the device or the platform.
    """

    choice: TargetDevice | TargetPlatform = field(validator=validators.instance_of((TargetDevice, TargetPlatform)))

    @classmethod
    def device(cls, name: TargetDevice | str) -> Target:
        """One of the devices or instance families that the service has a name for.

        Args:
            name: such as "jetson_xavier". One that is new at the service is given as `TargetDevice("its_name")`.

        Raises:
            InputValidationError: no device of that name is known.
        """
        _checked(_DeviceChoice(target_device=name))  # type: ignore[arg-type]  # the validation refuses other strings
        return cls(TargetDevice(name))

    @classmethod
    def platform(
        cls,
        os: TargetPlatformOs | str,
        arch: TargetPlatformArch | str,
        accelerator: TargetPlatformAccelerator | str | None = None,
    ) -> Target:
        """A platform for a device that has no name at the service.

        Args:
            os: "LINUX" or "ANDROID"; here and below, one that is new at the service is given as its enum.
            arch: such as "ARM64".
            accelerator: such as "NVIDIA"; None for the processor alone.

        Raises:
            InputValidationError: a part is not known; all that are wrong are said at once.
        """
        asked = TargetPlatform(os=os, arch=arch, accelerator=accelerator)  # type: ignore[arg-type]  # the validation refuses other strings
        _checked(_PlatformChoice(target_platform=asked))
        return cls(_with_enums(asked))

    @classmethod
    def parse(cls, text: str) -> Target:
        """A target from its text, in any case: `jetson_xavier`, `LINUX/ARM_EABIHF` or `LINUX/ARM64/NVIDIA`.

        Raises:
            InputValidationError: it is neither a known device nor a platform of two or three known parts.
        """
        if "/" not in text:
            return cls.device(text.strip().lower())
        parts = [part.strip().upper() for part in text.split("/")]
        if len(parts) > 3 or not all(parts):
            message = f"is {text!r}; give a device, OS/ARCH or OS/ARCH/ACCELERATOR, such as LINUX/ARM64/NVIDIA"
            raise InputValidationError("Target", [Violation("TargetPlatform", message)])
        return cls.platform(*parts)

    @classmethod
    def of(cls, output_config: OutputConfig) -> Target | None:
        """The target of an output configuration, as one that Describe gave; None when it has not exactly one."""
        device, platform = output_config.target_device, output_config.target_platform
        if platform is None:
            return None if device is None else cls(TargetDevice(device))
        return cls(_with_enums(platform)) if device is None else None

    def output_config(
        self,
        s3_output_location: S3Location | str,
        *,
        compiler_options: str | None = None,
        kms_key_id: str | None = None,
    ) -> OutputConfig:
        """The output configuration of a job for this target.

        Args:
            s3_output_location: where in S3 the compiled model goes, such as "s3://bucket/compiled".
            compiler_options: what `compiler_options` or `neuron_options` made, or JSON text of your own.
            kms_key_id: a key's id, ARN, alias name or alias ARN; None for S3's default key of the role's account.

        Raises:
            InputValidationError: a member breaks a rule of the service, or the bucket's name one of S3's.
        """
        findings = Findings()
        findings.take(lambda: check_bucket(str(s3_output_location), "S3OutputLocation"))
        made = OutputConfig(
            s3_output_location=str(s3_output_location),
            target_device=self.choice if isinstance(self.choice, TargetDevice) else None,
            target_platform=self.choice if isinstance(self.choice, TargetPlatform) else None,
            compiler_options=compiler_options,
            kms_key_id=kms_key_id,
        )
        findings.take(lambda: validate(made))
        findings.raise_for_problems("OutputConfig")
        return made

    def __str__(self) -> str:
        if isinstance(self.choice, TargetDevice):
            return str(self.choice)
        parts = (self.choice.os, self.choice.arch, self.choice.accelerator)
        return "/".join(str(part) for part in parts if part is not None)
