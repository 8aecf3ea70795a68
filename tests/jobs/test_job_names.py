"""Names: always valid, the same for the same parts everywhere, others for others."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.job_names import LONGEST_NAME, job_name
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.shapes.structures import DescribeCompilationJobRequest

MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
ANY = st.lists(st.text(max_size=80) | st.from_regex(r"[a-z_/.-]{1,80}", fullmatch=True), min_size=1, max_size=5).filter(
    any
)


@given(ANY)
def test_a_name_is_always_valid(parts: list[str]) -> None:
    validate(DescribeCompilationJobRequest(compilation_job_name=job_name(*parts)))


@given(st.lists(ANY, min_size=2, max_size=20, unique_by=tuple))
def test_other_parts_have_another_name(several: list[list[str]]) -> None:
    assert len({job_name(*parts) for parts in several}) == len(several)


@given(st.lists(st.sampled_from(["a", "b", "-", "_", ""]), min_size=1, max_size=4).filter(any))
def test_the_names_of_parts_that_read_alike_differ(parts: list[str]) -> None:
    for other in ("".join(parts), "-".join(parts), "_".join(parts), job_name(*parts)):
        if parts != [other] and other:
            assert job_name(*parts) != job_name(other)


@given(st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,30}", fullmatch=True).filter(lambda name: len(name) < 10))
def test_a_name_that_is_valid_stays_as_it_is(name: str) -> None:
    assert job_name(name) == name


def test_names_do_not_change_between_versions() -> None:
    jetson = Target.device("jetson_xavier")
    assert job_name("resnet50", jetson) == "resnet50-jetson-xavier-a6fa9e417a"
    assert (
        job_name("Café № 7", Target.platform("LINUX", "ARM64", "NVIDIA")) == "Cafe-No-7-LINUX-ARM64-NVIDIA-b3e0451386"
    )


def test_the_longest_part_is_cut_first_so_that_the_target_stays_readable() -> None:
    name = job_name("a-model-with-a-very-long-name-" * 5, Target.platform("LINUX", "ARM_EABIHF", "NVIDIA"))
    assert len(name) <= 63
    assert "-LINUX-ARM-EABIHF-NVIDIA-" in name
    assert name.startswith("a-model-with-a")


def test_parts_without_a_letter_still_make_a_name() -> None:
    assert len(job_name("模型")) == 10
    with pytest.raises(InputValidationError, match="has no part"):
        job_name()
    with pytest.raises(InputValidationError, match="has no part"):
        job_name("", "")


def test_the_longest_name_is_that_of_the_model() -> None:
    assert MODEL.shape_for("EntityName").metadata["max"] == LONGEST_NAME
