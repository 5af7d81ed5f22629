"""Rights, locks, and others who change the set: what a plan says of them before the start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.build import NOW, extension, fleet, plan, script, snapshot, vm
from vmss_tui.domain.fleet.governance import Activity, ActivityLog, DenyAssignment, Governance, Lock, LockLevel
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.checks.facts import Facts
from vmss_tui.domain.plan.checks.governance import CHECKS, locks, needed_vaults
from vmss_tui.domain.plan.checks.others import explained_by, interference
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

ALL = (Permission(("*",)),)
MANUAL = RolloutPolicy(mode=UpgradeMode.MANUAL)
GROUP = "/subscriptions/sub/resourceGroups/rg"
WRITE = "Microsoft.Compute/virtualMachineScaleSets/write"


def governed(**known: object) -> SetSnapshot:
    return replace(snapshot(*fleet(4)), governance=Governance(**known))  # type: ignore[arg-type]


def found(of: SetSnapshot, code: str, policy: RolloutPolicy | None = None) -> list[Finding]:
    return [finding for finding in plan(of, policy).findings if finding.code == code]


def test_a_set_that_a_rule_protects_is_refused_and_the_rule_named() -> None:
    made = snapshot(*fleet(4))
    ruled = replace(made, scale_set=replace(made.scale_set, read_only_rule="tag freeze=2026 (freeze=*)"))
    (finding,) = found(ruled, "read-only-rule")
    assert finding.severity is Severity.REFUSE and "tag freeze=2026 (freeze=*)" in finding.message
    assert not found(made, "read-only-rule")


def test_a_missing_right_refuses_the_start_and_names_action_scope_and_role() -> None:
    reader = Permission(("*/read",))
    (finding,) = found(governed(permissions=(reader,), locks=()), "rights-missing")
    assert finding.severity is Severity.REFUSE
    assert "Microsoft.Compute/virtualMachineScaleSets/write" in finding.message
    assert "/virtualMachineScaleSets/web" in finding.message and "and 1 other" not in finding.message
    assert "vmss-tui roles operator" in finding.hint


def test_only_what_the_strategy_uses_is_asked_for() -> None:
    sets = "Microsoft.Compute/virtualMachineScaleSets"
    rolling = Permission((f"{sets}/write", f"{sets}/extensions/write", f"{sets}/rollingUpgrades/*"))
    of = governed(permissions=(rolling,), locks=())
    assert found(of, "rights-missing", RolloutPolicy(mode=UpgradeMode.ROLLING)) == []
    (finding,) = found(of, "rights-missing")
    assert "manualupgrade" in finding.message


@pytest.mark.parametrize("known", [{}, {"permissions": None, "unknown": "no right to read it"}])
def test_unknown_rights_stop_nothing(known: dict[str, object]) -> None:
    of = governed(**known) if known else snapshot(*fleet(4))
    assert found(of, "rights-missing") == []
    assert len(found(of, "rights-unknown")) == bool(known)


@pytest.mark.parametrize(
    ("level", "policy", "severity"),
    [
        (LockLevel.READ_ONLY, RolloutPolicy(), Severity.REFUSE),
        (LockLevel.CAN_NOT_DELETE, RolloutPolicy(), None),
        (LockLevel.CAN_NOT_DELETE, RolloutPolicy(surge=True), Severity.WARN),
    ],
)
def test_a_lock_is_named_with_its_scope_where_it_matters(
    level: LockLevel, policy: RolloutPolicy, severity: Severity | None
) -> None:
    of = governed(permissions=ALL, locks=(Lock("freeze", level, GROUP, "until Monday"),))
    findings = found(of, "locked", policy)
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(f"'freeze' ({level.value}) on {GROUP}: until Monday" in finding.message for finding in findings)


@pytest.mark.parametrize(("state", "refused"), [("Disabled", True), ("Warned", True), ("PastDue", False)])
def test_a_subscription_that_can_only_be_read_refuses_the_start(state: str, refused: bool) -> None:
    of = governed(permissions=ALL, locks=(), subscription=Subscription("sub", "prod", state=state))
    findings = found(of, "subscription-read-only")
    assert [finding.severity for finding in findings] == [Severity.REFUSE] * refused
    assert all("prod" in finding.message and state.lower() in finding.message for finding in findings)


def test_a_lock_against_deletes_refuses_to_remove_the_extension() -> None:
    of = governed(permissions=ALL, locks=(Lock("freeze", LockLevel.CAN_NOT_DELETE, GROUP),))
    facts = Facts(of, replace(plan(of), removes=True), NOW)
    (finding,) = [finding for check in CHECKS for finding in check(facts) if finding.code == "locked"]
    assert finding.severity is Severity.REFUSE and "remove the extension" in finding.message


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        ("Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action", True),
        ("*/extensions/write", True),
        ("*/delete", False),
    ],
)
def test_an_action_that_a_deny_assignment_takes_away_is_named_before_the_start(denied: str, named: bool) -> None:
    denial = DenyAssignment("no upgrades", GROUP, (Permission((denied,)),))
    findings = found(governed(permissions=ALL, denials=(denial,)), "action-denied", MANUAL)
    assert [finding.severity for finding in findings] == [Severity.REFUSE] * named
    assert all("no upgrades" in finding.message and GROUP in finding.message for finding in findings)
    if denied == "*/extensions/write":
        unknown = governed(permissions=None, unknown="no answer", denials=(denial,))
        assert found(unknown, "action-denied", MANUAL), "also where permissions cannot be read"
        owned = replace(unknown, scale_set=replace(unknown.scale_set, denied_by="system"))
        assert not found(owned, "action-denied", MANUAL), "it belongs to a controller, which is said instead"


def changed(minutes: float, caller: str = "bob@contoso.com", operation: str = WRITE, **more: bool) -> ActivityLog:
    return ActivityLog((Activity(NOW - timedelta(minutes=minutes), caller, operation, "Succeeded", **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "refused"),
    [
        (changed(12), True),
        (changed(61), False),
        (changed(12, by_me=True), False),
        (changed(12, operation="Microsoft.Compute/virtualMachineScaleSets/read"), False),
        (changed(12, operation="Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action"), True),
        (ActivityLog(), False),
    ],
)
def test_another_users_change_within_the_hour_wants_a_reason(log: ActivityLog, refused: bool) -> None:
    of = replace(snapshot(*fleet(4)), activity=log)
    findings = list(interference(of, None, NOW))
    assert [finding.code for finding in findings] == (["during-change"] if refused else [])
    if refused:
        assert "bob@contoso.com" in findings[0].message and "12m ago" in findings[0].message
        assert "--during-change" in findings[0].hint


def test_an_activity_log_that_cannot_be_read_is_said_and_stops_nothing() -> None:
    (finding,) = interference(replace(snapshot(*fleet(4)), activity=ActivityLog(unknown="no answer")), None, NOW)
    assert (finding.code, finding.severity) == ("activity-unknown", Severity.INFO)


def test_a_change_that_is_part_way_and_not_of_this_journal_wants_a_reason() -> None:
    part = snapshot(vm(0, of=1), vm(1, of=2), vm(2, of=2), extensions=(extension(settings=script(2).settings),))
    (finding,) = interference(replace(part, activity=changed(90)), frozenset(), NOW)
    assert finding.code == "during-change" and "1 of 3 instances does not run the scale set model" in finding.message
    assert "last change by bob@contoso.com" in finding.message
    (alone,) = interference(part, frozenset(), NOW)
    assert "last change" not in alone.message
    assert list(interference(part, {script(2).digest}, NOW)) == [], "our own rollout brought the model"
    assert list(interference(part, None, NOW)) == [], "nobody knows"
    even = snapshot(vm(0, of=2), extensions=(extension(settings=script(2).settings),))
    assert list(interference(even, frozenset(), NOW)) == []
    assert list(interference(snapshot(vm(0), extensions=()), frozenset(), NOW)) == []


def test_instances_without_the_script_of_the_model_are_behind_it_but_not_those_that_are_being_created() -> None:
    model = (extension(settings=script(2).settings),)
    without = replace(vm(1), script_digest="")
    (finding,) = interference(snapshot(vm(0, of=2), without, extensions=model), frozenset(), NOW)
    assert "1 of 2 instances does not run" in finding.message
    for excuse in ({"provisioning": Provisioning.CREATING}, {"version_known": False}):
        of = snapshot(vm(0, of=2), replace(without, **excuse), extensions=model)
        assert list(interference(of, frozenset(), NOW)) == [], excuse


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [(("Failed", "Started"), False), (("Failed", "Accepted", "Started"), True), (("Started",), True)],
)
def test_what_azure_refused_is_no_change(statuses: tuple[str, ...], counts: bool) -> None:
    entries = tuple(Activity(NOW - timedelta(minutes=5), "bob", WRITE, status, "c1") for status in statuses)
    of = replace(snapshot(*fleet(4)), activity=ActivityLog(entries))
    assert bool(list(interference(of, None, NOW))) is counts
    assert (ActivityLog(entries).last is not None) is counts


def test_a_lock_on_deletes_refuses_the_removal_of_the_extension() -> None:
    of = governed(permissions=ALL, locks=(Lock("keep", LockLevel.CAN_NOT_DELETE, GROUP),))
    findings = list(locks(Facts(of, replace(plan(of), removes=True), NOW)))
    assert [finding.severity for finding in findings] == [Severity.REFUSE]
    assert "remove the extension" in findings[0].message


VAULT = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"


@pytest.mark.parametrize(
    ("vaults", "code"),
    [
        ({}, None),
        ({VAULT: (Permission(("*/read",)),)}, "linked-rights-missing"),
        ({VAULT: None}, "rights-unknown"),
        ({VAULT: (Permission(("Microsoft.KeyVault/*",)),)}, None),
    ],
)
def test_a_vault_that_the_write_refers_to_needs_its_own_right(vaults: dict[str, object], code: str | None) -> None:
    ref = SecretRef(SecretSource.KEY_VAULT, f"{VAULT} https://kv.vault.azure.net/secrets/s")
    of = governed(permissions=ALL, locks=(), vaults=vaults)
    made = plan(of, config=script(2, protected={"*": ref}))
    assert needed_vaults(of.scale_set, made) == (VAULT,)
    codes = {finding.code for finding in made.findings} & {"linked-rights-missing", "rights-unknown"}
    assert codes == ({code} if code else set())
    assert bool(made.refusals) is (code == "linked-rights-missing")


def test_an_extension_whose_secret_stays_in_its_vault_is_sent_with_the_reference_again() -> None:
    made = snapshot(*fleet(4))
    (own, *others) = made.scale_set.extensions
    referring = replace(made.scale_set, extensions=(replace(own, key_vault=VAULT), *others))
    assert needed_vaults(referring, plan(replace(made, scale_set=referring))) == (VAULT,)
    assert needed_vaults(made.scale_set, plan(made)) == ()


def test_a_plan_that_writes_no_model_links_no_vault() -> None:
    of = governed(permissions=ALL, locks=(), vaults={VAULT: None})
    ref = SecretRef(SecretSource.KEY_VAULT, f"{VAULT} https://kv.vault.azure.net/secrets/s")
    made = plan(of, config=script(2, protected={"*": ref}))
    assert needed_vaults(of.scale_set, replace(made, keeps_model=True)) == ()


@pytest.mark.parametrize(
    ("severity", "left"),
    [
        (Severity.REFUSE, ["ours", "set-deleting", "set-failed"]),
        (Severity.WARN, ["already-rolling", "set-deleting", "ours", "set-failed"]),
    ],
)
def test_a_rollout_in_progress_explains_its_traces(severity: Severity, left: list[str]) -> None:
    found = [
        Finding(Severity.REFUSE, "already-rolling", ""),
        Finding(Severity.REFUSE, "set-deleting", ""),
        Finding(Severity.WARN, "instances-busy", ""),
        Finding(Severity.WARN, "set-busy", ""),
        Finding(Severity.WARN, "set-failed", ""),
    ]
    assert [finding.code for finding in explained_by(Finding(severity, "ours", ""), found)] == left
