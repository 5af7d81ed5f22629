"""Standby pools and Azure Policy: what a plan says of what brings other versions or models beside the batches."""

from dataclasses import replace

from support.build import fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.governance import Governance, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity

HOME = "/subscriptions/s/resourceGroups/rg pools/providers/Microsoft.StandbyPool/standbyVirtualMachinePools"
POOL = StandbyPool("ready", 0, 20, "Deallocated", f"{HOME}/ready")


def governed(**known: object) -> SetSnapshot:
    made = snapshot(*fleet(4))
    return replace(
        made,
        scale_set=replace(made.scale_set, capacity=4),
        governance=Governance(**known),  # type: ignore[arg-type]
    )


def found(of: SetSnapshot, code: str, mode: UpgradeMode | None = None) -> list[Finding]:
    return [finding for finding in plan(of, policy(mode=mode)).findings if finding.code == code]


def test_a_pool_that_holds_vms_is_a_warning_with_the_commands_that_refill_it() -> None:
    (finding,) = found(governed(standby_pools=(POOL,)), "standby-pool")
    assert finding.severity is Severity.WARN and "16 VMs, deallocated" in finding.message
    assert "--resource-group 'rg pools' --name ready" in finding.hint and "with 0 and 20" in finding.hint


def test_an_empty_pool_and_none_at_all_are_no_finding() -> None:
    small = replace(POOL, maximum=3)
    for pools in (None, (), (small,)):
        assert found(governed(standby_pools=pools), "standby-pool") == []
    (kept,) = found(governed(standby_pools=(replace(small, minimum=2),)), "standby-pool")
    assert "2 VMs" in kept.message, "a minimum is kept beside a set that is as large as the maximum"


def test_what_autoscale_adds_may_come_from_the_pool() -> None:
    scaling = Autoscale(enabled=True, minimum=2, maximum=9)
    (pooled,) = found(replace(governed(standby_pools=(POOL,)), autoscale=scaling), "autoscale")
    (alone,) = found(replace(governed(standby_pools=()), autoscale=scaling), "autoscale")
    assert "standby pool" in pooled.message and "standby pool" not in alone.message


def test_policies_that_deny_or_deploy_are_named_and_audits_are_not() -> None:
    deny, audit = PolicyAssignment("Only our images\x1b[31m", "/s", "Deny"), PolicyAssignment("Tags", "/s", "Audit")
    deploys = PolicyAssignment("Monitor agent", "/s", has_identity=True)
    off = replace(deploys, name="switched off", enforced=False)
    of = governed(policies=(deny, audit, deploys, off))
    (denies,) = found(of, "policy-denies")
    (writes,) = found(of, "policy-writes")
    assert denies.severity is writes.severity is Severity.INFO
    assert "(Only our images)" in denies.message and "(Monitor agent)" in writes.message
    assert "upgrade of its own" not in writes.message
    (rolling,) = found(of, "policy-writes", UpgradeMode.ROLLING)
    assert "upgrade of its own" in rolling.message
    quiet = governed(policies=(audit, off))
    assert not found(quiet, "policy-denies") and not found(quiet, "policy-writes")
