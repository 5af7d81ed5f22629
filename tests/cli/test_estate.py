"""A large estate through the real program: few requests, and a list of each subscription where there is no graph."""

from pathlib import Path

import pytest

from support.program import Program, quick
from support.simulator import StartsSimulator

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(300)]
BUDGET = 12
"""Requests for 2,000 scale sets in 100 subscriptions, with those that sign in."""


def test_two_thousand_sets_take_few_requests(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = simulator("hundred")
    vmss = Program(quick(sim, tmp_path), tmp_path)
    sim.control.reset_counters()
    found = vmss("list", "--json", timeout=200).json
    assert len(found) == 2000
    assert all(scale_set["instances"]["latest_model"] == scale_set["instances"]["total"] == 3 for scale_set in found)
    assert sim.control.counters()["total"] <= BUDGET
    sim.control.add_fault(kind="status", path="*ResourceGraph*", status=403, code="AuthorizationFailed", count=0)
    listed = vmss("list", "--json", timeout=200).json
    assert {scale_set["id"].lower() for scale_set in listed} == {scale_set["id"].lower() for scale_set in found}


def test_ten_thousand_sets_stay_within_the_quota_of_queries(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = simulator("tenthousand")
    vmss = Program(quick(sim, tmp_path), tmp_path)
    for _ in range(2):
        assert len(vmss("list", "--json", timeout=200).json) == 10_000
    assert sim.control.counters()["throttled"] == 0
