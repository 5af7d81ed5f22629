"""Checks of what may go wrong during the rollout: health, small sets, excluded instances, changes from outside."""

from collections.abc import Iterator
from dataclasses import replace

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, exceeds
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, nearest_hint, refuse, warn
from vmss_tui.domain.plan.exclusions import ExclusionKind
from vmss_tui.domain.plan.feasible import limit_for_one
from vmss_tui.domain.plan.findings import Change, Finding
from vmss_tui.text import counted, share

_HOLD = "Turn the autoscale setting off during the rollout."


def unhealthy_now(facts: Facts) -> Iterator[Finding]:
    """Unhealthy before anything changed."""
    (down, total), limit = facts.unhealthy, facts.plan.policy.unhealthy_percent
    ids = [instance.id for instance in down]
    if exceeds(len(down), total, limit):
        yield refuse(
            "unhealthy-already",
            f"{len(down)} of {total} instances are unhealthy or unknown ({share(len(down), total)}, limit {limit}%): "
            "the rollout would stop before its first batch",
            "Repair them first; a higher limit would disable this check.",
            ids,
        )
    elif down:
        yield warn(
            "unhealthy-now",
            f"{counted(len(down), 'instance')} of {total} unhealthy or unknown before anything changed",
            "",
            ids,
        )


def small_set(facts: Facts) -> Iterator[Finding]:
    """With few instances one that is down already breaks the limit."""
    total, limit = facts.plan.total, facts.plan.policy.unhealthy_percent
    if facts.set.health_source.present and exceeds(1, total, limit):
        enough = limit_for_one(total)
        changes = (Change("rollout.unhealthy", f"{enough}%"),) if enough is not None else ()
        finding = warn(
            "small-set",
            f"one unhealthy of {total} is {share(1, total)}, more than the {limit}% limit: the first instance that "
            "stays down stops the rollout",
            nearest_hint(changes),
        )
        yield replace(finding, changes=changes)


def failed_instances(facts: Facts) -> Iterator[Finding]:
    """Instances whose provisioning or script failed before."""
    planned = {i for batch in facts.plan.batches for i in batch.ids}
    failed = [instance.id for instance in facts.snapshot.instances if instance.provisioning is Provisioning.FAILED]
    if failed:
        yield warn("instances-failed", f"{counted(len(failed), 'instance')} failed in an earlier change", "", failed)
    absent = [
        instance.id for instance in facts.snapshot.instances if not instance.agent_ready and instance.id in planned
    ]
    if absent:
        yield warn(
            "agent-not-ready",
            f"the agent of {counted(len(absent), 'instance')} does not answer: the script may not run there",
            "",
            absent,
        )


def updated_outside(facts: Facts) -> Iterator[Finding]:
    """Instances that are being updated from outside: perhaps by a rollout of another journal."""
    upgrade = facts.snapshot.upgrade
    busy = [instance.id for instance in facts.snapshot.instances if instance.provisioning is Provisioning.UPDATING]
    if busy and not (upgrade is not None and upgrade.code.running):
        first = "" if facts.rolling_upgrade else ": the first batch waits for them"
        yield warn(
            "instances-busy",
            f"{counted(len(busy), 'instance')} being updated from outside{first}; it may be a rollout that was started "
            "elsewhere",
            "Find out who started it before you start a second one.",
            busy,
        )


def excluded(facts: Facts) -> Iterator[Finding]:
    """Protected and switched-off instances keep the old version."""
    for code, kind, words in (
        ("protected-instances", ExclusionKind.PROTECTED, "protected from scale set actions"),
        ("instances-off", ExclusionKind.OFF, "switched off"),
    ):
        ids = [exclusion.id for exclusion in facts.plan.excluded if exclusion.kind is kind]
        if ids:
            yield warn(
                code,
                f"{counted(len(ids), 'instance')} {words}: not updated",
                "Roll out again when they can be updated.",
                ids,
            )


def leaks(facts: Facts) -> Iterator[Finding]:
    """What else may bring the new model to instances while batches run."""
    if facts.set.automatic_repairs:
        yield _repairs(facts)
    yield from _autoscale(facts)
    if facts.set.automatic_os_upgrade:
        yield warn(
            "os-upgrades",
            "automatic OS upgrades are on: the platform may start a rolling upgrade of its own",
        )


def _autoscale(facts: Facts) -> Iterator[Finding]:
    """Azure refuses writes of autoscale during a rolling upgrade; between client batches it accepts them."""
    found, scale_set = facts.snapshot.autoscale, facts.set
    if found is not None and found.enabled:
        if not facts.rolling_upgrade or scale_set.mode is not UpgradeMode.ROLLING:
            pooled = facts.snapshot.governance is not None and facts.snapshot.governance.standby_pools
            version = "version of its standby pool or of this rollout" if pooled else "version of this rollout"
            yield warn(
                "autoscale",
                f"autoscale is on ({found.minimum}–{found.maximum}): an instance that it adds comes up with the "
                f"{version}, outside the batches",
                _HOLD,
            )
    elif any("autoscale" in f"{key}={value}".lower() for key, value in scale_set.tags.items()):
        yield warn(
            "autoscale",
            "tags mention autoscale: instances that it adds get the new model at once, outside the batches",
            _HOLD,
        )


def _repairs(facts: Facts) -> Finding:
    if facts.plan.holds_repairs:
        return info("repairs-suspended", "automatic repairs are suspended during the rollout and resumed at its end")
    if facts.set.repairs_suspended:
        return info("repairs-suspended", "automatic repairs are already suspended and stay suspended")
    return warn(
        "automatic-repairs",
        f"automatic repairs are on ({facts.set.automatic_repairs}): Azure may rebuild an unhealthy instance with the "
        "new model outside the batches",
        "Suspend them during the rollout: suspend_repairs = true in the profile.",
    )


def rolling_options(facts: Facts) -> Iterator[Finding]:
    """Options of a rolling upgrade with consequences."""
    policy = facts.plan.policy
    if policy.surge and facts.rolling_upgrade:
        yield warn(
            "surge-quota",
            "surge needs spare quota for every batch; without it Azure updates in place without notice",
        )
    if policy.rollback_on_breach and facts.set.orchestration is Orchestration.FLEXIBLE:
        yield warn("no-rollback", "Azure rolls failed instances back in Uniform sets only")
    if facts.plan.policy_differs:
        yield from _policy_written(facts)


def _policy_written(facts: Facts) -> Iterator[Finding]:
    before, mode = facts.set.mode, facts.plan.mode
    if before is not mode:
        after = "restored afterwards" if facts.plan.policy.restore_policy else "not restored"
        message = f"the upgrade mode changes from {before.value} to {mode.value} for this rollout; it is {after}"
        yield info("mode-switch", message)
    else:
        yield info("policy-written", "the set's rolling policy is written together with the script, in one change")
    if facts.plan.policy.restore_policy and before is UpgradeMode.ROLLING:
        own = facts.plan.own[1]
        replaces = own.surge
        what = "replace every instance once more, by MaxSurge" if replaces else "check every instance once more"
        yield warn(
            "restore-walks",
            f"restoring the set's own policy may make Azure {what}" + ("" if replaces else " (no script is executed)"),
            "Keep the new policy with restore_policy = false, or give the set's own numbers.",
        )


CHECKS: tuple[Check, ...] = (
    unhealthy_now,
    small_set,
    failed_instances,
    updated_outside,
    excluded,
    leaks,
    rolling_options,
)
