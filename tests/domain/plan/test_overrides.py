"""Refusals that a reason lifts: only those, only with a reason, and the reason stays."""

from dataclasses import replace

from support.build import fleet, plan, snapshot
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.overrides import Override, allow, closed_only, needed, only_overridable
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

POOL = snapshot(*fleet(3), tags={"aks-managed-poolName": "pool1"})


def codes(made: RolloutPlan) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in made.findings}


def test_a_set_of_a_controller_is_refused_until_somebody_says_why() -> None:
    refused = plan(POOL)
    assert needed(refused) == (Override.MANAGED_BY_OTHERS,) and only_overridable(refused)
    assert "AKS" in refused.refusals[0].message and "--managed-by-others" in refused.refusals[0].hint
    lifted = allow(refused, {Override.MANAGED_BY_OTHERS: " node image fix "})
    assert not lifted.refusals and codes(lifted)["managed-by-others"] is Severity.WARN
    assert lifted.overrides == {"managed-by-others": "node image fix"}
    (finding,) = [finding for finding in lifted.findings if finding.code == "managed-by-others"]
    assert finding.message.endswith("; allowed: node image fix") and finding.hint == ""


def test_an_empty_or_needless_reason_changes_nothing() -> None:
    refused, fine = plan(POOL), plan(snapshot(*fleet(3)))
    for unreadable in ("  ", "\u200b\u202e", "\x1b[31m"):
        assert allow(refused, {Override.MANAGED_BY_OTHERS: unreadable}) is refused
    assert allow(refused, {Override.OUTSIDE_WINDOW: "now"}) is refused
    assert allow(fine, {Override.MANAGED_BY_OTHERS: "why not"}) is fine
    assert needed(fine) == () and not only_overridable(fine)


def test_other_refusals_stay() -> None:
    wrong = Finding(Severity.REFUSE, "wrong-os", "the script is for windows")
    refused = replace(plan(POOL), findings=(*plan(POOL).findings, wrong))
    assert not only_overridable(refused)
    assert [finding.code for finding in allow(refused, {Override.MANAGED_BY_OTHERS: "x"}).refusals] == ["wrong-os"]


def test_a_start_that_only_comes_at_the_wrong_time_is_told_from_one_that_nothing_allows() -> None:
    closed = Finding(Severity.REFUSE, Override.OUTSIDE_WINDOW, "outside the maintenance window")
    frozen = Finding(Severity.REFUSE, Override.DURING_FREEZE, "during the freeze")
    wrong = Finding(Severity.REFUSE, "wrong-os", "the script is for windows")
    fine = plan(snapshot(*fleet(3)))
    assert not closed_only(fine)
    assert closed_only(replace(fine, findings=(closed, frozen)))
    assert not closed_only(replace(fine, findings=(closed, wrong)))
    assert not closed_only(plan(POOL))
