"""What governs a scale set, in `show`: locks with their reason, policy assignments, standby pools."""

from pathlib import Path

from support.program import Program, quick
from support.simulator import StartsSimulator

SCENARIO = """
[scenario]
name = "governed"
[[subscriptions]]
name = "prod"
[[locks]]
name = "keep"
scope = "prod/rg-app"
notes = "ask maria"
[[policies]]
name = "Only our images"
scope = "prod"
contains = "some other image"
[[policies]]
name = "Elsewhere"
scope = "prod/rg-other"
[[scale_sets]]
name = "app"
group = "rg-app"
instances = 1
standby = { minimum = 2, maximum = 8, state = "Deallocated" }
[[scale_sets]]
name = "other"
group = "rg-other"
instances = 1
"""


def test_show_says_what_governs_a_scale_set(simulator: StartsSimulator, tmp_path: Path) -> None:
    scenario = tmp_path / "governed.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    sim = simulator(scenario)
    vmss = Program(quick(sim, tmp_path), tmp_path)
    found = vmss("show", "app", "--json").json
    assert [(lock["name"], lock["level"], lock["notes"]) for lock in found["locks"]] == [
        ("keep", "CanNotDelete", "ask maria")
    ]
    (pool,) = found["standby_pools"]
    assert pool.pop("id").endswith("/standbyVirtualMachinePools/app-pool")
    assert pool == {"name": "app-pool", "minimum": 2, "maximum": 8, "state": "Deallocated"}
    assert [(it["name"], it["effect"], it["enforced"]) for it in found["policy_assignments"]] == [
        ("Only our images", "Deny", True)
    ]
    text = vmss("show", "app").out
    assert "ask maria" in text and "Only our images" in text and "standby pool 7 VMs (Deallocated)" in text
    sim.control.add_fault(kind="status", path="*/policyAssignments", status=403, code="AuthorizationFailed")
    sim.control.add_fault(kind="status", path="*/standbyVirtualMachinePools", status=403, code="AuthorizationFailed")
    other = vmss("show", "other", "--json").json
    assert (other["locks"], other["policy_assignments"], other["standby_pools"]) == ([], None, None)
