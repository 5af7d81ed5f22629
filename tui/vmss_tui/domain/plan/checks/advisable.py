"""Checks of what may go wrong on the way: health, small sets, instances left out, others who change the set."""

from collections.abc import Iterator
from dataclasses import replace

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, exceeds
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, nearest_hint, refuse, warn
from vmss_tui.domain.plan.exclusions import ExclusionKind
from vmss_tui.domain.plan.feasible import limit_for_one
from vmss_tui.domain.plan.findings import Change, Finding
from vmss_tui.text import counted

_HOLD = "Switch the autoscale setting off for the time of the rollout, and on again after it."


def unhealthy_now(facts: Facts) -> Iterator[Finding]:
    """Unhealthy before anything changed."""
    (down, total), limit = facts.unhealthy, facts.plan.policy.unhealthy_percent
    ids = [each.id for each in down]
    if exceeds(len(down), total, limit):
        yield refuse(
            "unhealthy-already",
            f"{len(down)} of {total} are unhealthy or unknown now ({len(down) * 100 // total}%), more than the "
            f"{limit}% that may be: the rollout would stop before its first batch",
            "Bring them up first; a higher limit switches the guard off.",
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
            f"one unhealthy of {total} is {100 // total}%, more than the {limit}% limit: the first instance that stays "
            "down stops the rollout",
            nearest_hint(changes),
        )
        yield replace(finding, changes=changes)


def failed_instances(facts: Facts) -> Iterator[Finding]:
    """Instances whose provisioning or script failed before."""
    planned = {i for batch in facts.plan.batches for i in batch.ids}
    failed = [each.id for each in facts.snapshot.instances if each.provisioning is Provisioning.FAILED]
    if failed:
        yield warn("instances-failed", f"{counted(len(failed), 'instance')} failed in an earlier change", "", failed)
    absent = [each.id for each in facts.snapshot.instances if not each.agent_ready and each.id in planned]
    if absent:
        yield warn(
            "agent-not-ready",
            f"the agent of {counted(len(absent), 'instance')} does not answer: the script may not run there",
            "",
            absent,
        )


def under_way(facts: Facts) -> Iterator[Finding]:
    """Instances that somebody else updates: perhaps a rollout that another journal knows."""
    upgrade = facts.snapshot.upgrade
    busy = [each.id for each in facts.snapshot.instances if each.provisioning is Provisioning.UPDATING]
    if busy and not (upgrade is not None and upgrade.code.running):
        first = "" if facts.rolling_upgrade else ": the first batch waits for them"
        yield warn(
            "instances-busy",
            f"somebody else updates {counted(len(busy), 'instance')} now{first}; it may be a rollout that was started "
            "elsewhere",
            "Ask who it is before you start a second one.",
            busy,
        )


def left_out(facts: Facts) -> Iterator[Finding]:
    """Protected and switched-off instances keep the old version."""
    for code, kind, words in (
        ("protected-instances", ExclusionKind.PROTECTED, "protected from scale set actions"),
        ("instances-off", ExclusionKind.OFF, "switched off"),
    ):
        ids = [exclusion.id for exclusion in facts.plan.excluded if exclusion.kind is kind]
        if ids:
            yield warn(
                code,
                f"{counted(len(ids), 'instance')} {words}: they keep the version they have",
                "Update them afterwards.",
                ids,
            )


def leaks(facts: Facts) -> Iterator[Finding]:
    """Who else may put the new model on instances while batches run."""
    of = facts.set
    if of.automatic_repairs:
        yield _repairs(facts)
    yield from _autoscale(facts)
    if of.automatic_os_upgrade:
        yield warn(
            "os-upgrades",
            "automatic OS upgrades are on: the platform may start a rolling upgrade of its own",
        )


def _autoscale(facts: Facts) -> Iterator[Finding]:
    """Azure refuses autoscale's writes while it rolls a set; nobody refuses them between batches of ours."""
    found, of = facts.snapshot.autoscale, facts.set
    if found is not None and found.enabled:
        if not facts.rolling_upgrade or of.mode is not UpgradeMode.ROLLING:
            yield warn(
                "autoscale",
                f"autoscale is on ({found.minimum}–{found.maximum}): an instance that it adds comes up with the new "
                "version, outside the batches",
                _HOLD,
            )
    elif any("autoscale" in f"{key}={value}".lower() for key, value in of.tags.items()):
        yield warn(
            "autoscale",
            "tags speak of autoscale: instances that it adds get the new model at once, outside the batches",
            _HOLD,
        )


def _repairs(facts: Facts) -> Finding:
    if facts.plan.holds_repairs:
        return info("repairs-suspended", "automatic repairs are suspended while it runs, and resumed at its end")
    if facts.set.repairs_suspended:
        return info("repairs-suspended", "automatic repairs are suspended already, and stay so")
    return warn(
        "automatic-repairs",
        f"automatic repairs are on ({facts.set.automatic_repairs}): Azure may rebuild an unhealthy instance with the "
        "new model outside the batches",
        "Suspend them while it runs: suspend_repairs = true in the profile.",
    )


def rolling_options(facts: Facts) -> Iterator[Finding]:
    """Options whose small print matters."""
    policy = facts.plan.policy
    if policy.surge and facts.rolling_upgrade:
        yield warn(
            "surge-quota",
            "surge needs spare quota for every batch; without it Azure updates in place and does not say so",
        )
    if policy.rollback_on_breach and facts.set.orchestration is Orchestration.FLEXIBLE:
        yield warn("no-rollback", "Azure rolls failed instances back in Uniform sets only")
    if facts.plan.policy_differs:
        yield from _policy_written(facts)


def _policy_written(facts: Facts) -> Iterator[Finding]:
    of, rolls = facts.set, facts.rolling_upgrade
    mode = "Rolling" if rolls else "Manual"
    if of.mode.value != mode:
        back = "put back afterwards" if facts.plan.policy.restore_policy else "not put back"
        yield info("mode-switch", f"the set goes from {of.mode.value} to {mode} mode for this rollout; it is {back}")
    else:
        yield info("policy-written", "the set's rolling policy is written together with the script, in one change")
    if facts.plan.policy.restore_policy and of.mode is UpgradeMode.ROLLING:
        yield warn(
            "restore-walks",
            "restoring the set's own policy may make Azure check every instance once more (no script is executed)",
            "Keep the new policy with restore_policy = false.",
        )


CHECKS: tuple[Check, ...] = (
    unhealthy_now,
    small_set,
    failed_instances,
    under_way,
    left_out,
    leaks,
    rolling_options,
)
