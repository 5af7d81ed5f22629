"""Checks of what Azure would refuse, or what could not work at all."""

from collections.abc import Iterator
from dataclasses import replace

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.script import handler_of
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.checks.facts import Check, Facts, nearest_hint, refuse, warn
from vmss_tui.domain.plan.feasible import nearest_rolling
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.rollout_policy import OnFailure, check_rolling

_MANUAL_HINT = "Choose mode manual (`--mode manual`) for this rollout to let vmss-tui run the batches."


def automatic_mode(facts: Facts) -> Iterator[Finding]:
    """Automatic sets are refused unless a mode is given for this rollout."""
    if facts.set.mode is not UpgradeMode.AUTOMATIC:
        return
    if facts.plan.policy.mode in (None, UpgradeMode.AUTOMATIC):
        yield refuse(
            "automatic-mode",
            "the set is in Automatic mode: Azure may update every instance at once, in no order and without batches",
            "Choose mode rolling or manual (`--mode manual`) for this rollout; the set's own mode is restored later.",
        )


def already_rolling(facts: Facts) -> Iterator[Finding]:
    """Azure refuses writes during a rolling upgrade."""
    upgrade = facts.snapshot.upgrade
    if upgrade is not None and upgrade.code.running:
        since = f" since {upgrade.started_at:%H:%M:%S} UTC" if upgrade.started_at is not None else ""
        yield refuse(
            "already-rolling",
            f"a rolling upgrade is in progress{since} ({upgrade.successful} done, {upgrade.pending} waiting): Azure "
            "refuses other changes until it ends. A colleague or the platform may have started it",
            "Wait until it ends, or cancel it if it is yours.",
        )


def set_state(facts: Facts) -> Iterator[Finding]:
    """The set is busy, failed or being deleted."""
    state, upgrade = facts.set.provisioning, facts.snapshot.upgrade
    if state is Provisioning.DELETING:
        yield refuse("set-deleting", "the scale set is being deleted")
    elif state is Provisioning.FAILED:
        yield warn(
            "set-failed",
            "the last change of the scale set failed; this rollout would be its next change",
            "Check the instances that failed first.",
        )
    elif state is Provisioning.UPDATING and (upgrade is None or not upgrade.code.running):
        yield warn(
            "set-busy",
            "another change of the scale set is in progress: Azure may refuse ours until it ends",
            "Wait a little and plan again.",
        )


def no_health_source(facts: Facts) -> Iterator[Finding]:
    """Without a health source Azure refuses a rolling upgrade, and our gates see only the script's exit code."""
    if facts.set.health_source.present:
        return
    if facts.rolling_upgrade or facts.plan.policy.mode is UpgradeMode.ROLLING:
        yield refuse(
            "no-health-source",
            "the set has neither a health probe nor the Application Health extension: Azure refuses a rolling upgrade",
            "Add the Application Health extension, or choose mode manual (`--mode manual`) for this rollout.",
        )
    else:
        yield warn(
            "no-health-source",
            "the set has no health source: only the script's exit code shows whether an instance is healthy",
            "Add the Application Health extension to have every batch checked.",
        )


def policy_refused(facts: Facts) -> Iterator[Finding]:
    """What Azure would refuse in the policy, before it does."""
    if not facts.rolling_upgrade:
        return
    changes = nearest_rolling(facts.plan.policy, facts.plan.total)
    for problem in check_rolling(facts.plan.policy.as_rolling()):
        hint = nearest_hint(changes) or problem.hint
        finding = refuse(f"policy-{problem.field.replace('_', '-')}", problem.message, hint)
        yield replace(finding, changes=changes)


def handler_mismatch(facts: Facts) -> Iterator[Finding]:
    """A Linux script for a Windows set, or an extension that conflicts."""
    script = facts.plan.script
    if facts.set.os is not None and facts.set.os is not script.handler.os:
        yield refuse(
            "wrong-os",
            f"the script is for {script.handler.os.value}, the set runs {facts.set.os.value}",
            "Use a profile for this operating system.",
        )
    yield from _extension_conflicts(facts)


def _extension_conflicts(facts: Facts) -> Iterator[Finding]:
    """An instance has one script extension of a handler; its name belongs to it."""
    wanted = facts.plan.script.name
    scripts = [found for found in facts.set.extensions if handler_of(found.publisher, found.type) is not None]
    if len(scripts) > 1:
        yield refuse(
            "several-scripts",
            f"the set has {len(scripts)} script extensions ({', '.join(found.name for found in scripts)}): which one a "
            "new version replaces is ambiguous, and they interfere on every instance",
            "Remove all but one with `az vmss extension delete`, then plan again.",
        )
    elif scripts and scripts[0].name.lower() != wanted.lower():
        yield refuse(
            "other-script",
            f"the set's script extension is named {scripts[0].name!r}, the plan names it {wanted!r}: an instance can "
            "have only one",
            f"Name the extension {scripts[0].name!r}.",
        )
    elif scripts and not facts.plan.script.handler.matches(scripts[0].publisher, scripts[0].type):
        found, handler = scripts[0], facts.plan.script.handler
        yield refuse(
            "other-handler",
            f"the set's script extension {found.name!r} is {found.publisher}/{found.type}, the plan writes "
            f"{handler.publisher}/{handler.type}: Azure does not change publisher or type of an extension",
            f'Give publisher = "{found.publisher}" and type = "{found.type}" in [script], or remove the extension.',
        )
    taken = [found for found in facts.set.extensions if found.name.lower() == wanted.lower() and found not in scripts]
    if taken:
        yield refuse(
            "name-taken",
            f"the set has another extension named {taken[0].name!r} ({taken[0].publisher}/{taken[0].type})",
            "Give the script's extension another name.",
        )


def named_instances(facts: Facts) -> Iterator[Finding]:
    """Canaries and exclusions that are not there."""
    known = {name for instance in facts.snapshot.instances for name in (instance.id, instance.name)}
    policy = facts.plan.policy
    if missing := [name for name in policy.canary if name not in known]:
        yield refuse("canary-unknown", f"there is no instance {', '.join(missing)} to go first", "", missing)
    if missing := [name for name in policy.exclude if name not in known]:
        yield warn("exclude-unknown", f"there is no instance {', '.join(missing)} to exclude", "", missing)


def beyond_azure(facts: Facts) -> Iterator[Finding]:
    """What the policy asks for and a rolling upgrade cannot do."""
    policy = facts.plan.policy
    if not facts.rolling_upgrade:
        return
    if policy.exclude:
        yield refuse("azure-cannot-exclude", "a rolling upgrade cannot exclude named instances", _MANUAL_HINT)
    if any(step.approve for step in policy.steps):
        yield refuse("azure-cannot-wait", "a rolling upgrade cannot wait for approval between batches", _MANUAL_HINT)
    ignored = [
        words
        for words, asked in (
            ("a list of steps (only the first counts)", len(policy.steps) > 1),
            ("canaries", bool(policy.canary)),
            ("a gate between batches (it is checked once, before the upgrade)", policy.gate is not None),
            ("a minimum healthy time", policy.min_healthy_seconds > 0),
            ("a roll back of one batch (all are rolled back)", policy.on_failure is OnFailure.ROLLBACK_BATCH),
        )
        if asked
    ]
    if ignored:
        yield warn("azure-ignores", f"a rolling upgrade ignores {', '.join(ignored)}", _MANUAL_HINT)


CHECKS: tuple[Check, ...] = (
    automatic_mode,
    already_rolling,
    set_state,
    no_health_source,
    policy_refused,
    handler_mismatch,
    named_instances,
    beyond_azure,
)
