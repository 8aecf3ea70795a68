"""What the clients' methods take by keyword is what the service's structures have."""

from __future__ import annotations

import inspect

from neo_wire.jobs.arguments import JobInputs, ListFilters, WaitManyOptions, WaitOptions
from neo_wire.jobs.waiting import wait_for_job
from neo_wire.jobs.waiting_many import wait_for_jobs
from neo_wire.members import members
from neo_wire.shapes.structures import CreateCompilationJobRequest, ListCompilationJobsRequest


def test_the_inputs_of_a_job_are_all_members_but_its_name() -> None:
    found = {member.attribute: member.required for member in members(CreateCompilationJobRequest)}
    assert found.pop("compilation_job_name")
    assert set(found) == JobInputs.__required_keys__ | JobInputs.__optional_keys__
    assert {name for name, required in found.items() if required} == JobInputs.__required_keys__


def test_the_filters_are_all_members_of_the_request() -> None:
    assert {member.attribute for member in members(ListCompilationJobsRequest)} == ListFilters.__optional_keys__


def test_the_options_of_waits_are_what_the_flows_take() -> None:
    one = set(inspect.signature(wait_for_job).parameters) - {"calls", "name", "random", "until"}
    many = set(inspect.signature(wait_for_jobs).parameters) - {"calls", "names", "random"}
    assert one == WaitOptions.__optional_keys__
    assert many == WaitManyOptions.__optional_keys__
