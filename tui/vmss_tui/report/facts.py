"""The facts of a rollout as named values in words: outcome, plan, script, policy. Pure; `report` puts them in order.

Protected values are never part of it: a protected setting is named, with where its value came from.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_of
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.presentation.glyphs import STAGE
from vmss_tui.presentation.plan.conditions import destination, occasions
from vmss_tui.presentation.plan.outlook import outlook_facts
from vmss_tui.presentation.rollout.info import Header, RolloutInfo
from vmss_tui.presentation.rollout.lines import policy_line
from vmss_tui.profiles.format.policy_fields import ROLLOUT
from vmss_tui.profiles.format.sections import Key
from vmss_tui.profiles.format.values import show_value
from vmss_tui.text import counted, one_line

Fact = tuple[str, str]
LONGEST = 600
"""Characters of a setting; an inline script may have 256 KB."""
_WHO = {
    Strategy.ROLLING_UPGRADE: "Azure's rolling upgrade",
    Strategy.CLIENT_BATCHES: "batches by vmss-tui",
    Strategy.VM_BATCHES: "VM by VM",
}


def facts(header: Header, info: RolloutInfo) -> Iterator[Fact]:
    """The outcome, who did it, why and when."""
    yield "Outcome", outcome(info)
    if info.fault is not None and info.over:
        fault = info.fault
        azure = (("Next step", fault.next_step), ("Azure's error", fault.code), ("Request id", fault.request_id))
        yield from ((name, value) for name, value in (*azure, ("Azure says", one_line(fault.azure_says, 0))) if value)
    if info.leaves_failed_model:
        yield "New instances", f"get {info.new} too, until `vmss-tui undo {header.id}` restores the scale set model"
    yield "Scale set", str(header.target)
    yield "Who", f"{header.who} on {header.host}"
    given = (("Azure account", info.account), ("Why", header.why), ("Ticket", header.ticket))
    yield from ((name, value) for name, value in given if value)
    yield from ((f"Override: {code}", reason) for code, reason in info.overrides.items())
    yield "Created", clock(header.created_at)
    if info.started_at is not None:
        yield "Ran", f"{clock(info.started_at)} to {clock(info.now)} ({span(info.started_at, info.now)})"
    if info.plan is not None:
        yield from _versions(info.plan)
    if info.lowest is not None:
        floor = f", floor {info.floor}" if info.floor is not None else ""
        yield "Lowest healthy", f"{info.lowest.healthy} of {info.total} at {clock(info.lowest.at)}{floor}"
    if info.policy_restored is not None:
        yield "Upgrade policy", next(iter(policy_line(info, header.id)), "restored")


def recorded(log: Sequence[e.Logged]) -> Iterator[Fact]:
    """How much is recorded, and the head of its hash chain, by which the record can be verified later."""
    if log and log[-1].hash:
        yield "Record", f"{counted(len(log), 'event')}, head {log[-1].hash}"


def outcome(info: RolloutInfo) -> str:
    """`failed: 10 done, 2 failed`."""
    counts = ", ".join(f"{count} {phase.value}" for phase in e.Phase if (count := info.count(phase)))
    word = STAGE[info.stage].word
    return f"{word}: {counts}" if counts else word


def _versions(plan: RolloutPlan) -> Iterable[Fact]:
    before = plan.previous
    yield "From", f"{plan.from_label or 'nothing'}" + (f" (sha256 {before.digest})" if before is not None else "")
    yield "To", f"{plan.to_label} (sha256 {plan.script.digest})"
    if plan.profile:
        yield "Profile", plan.profile + "".join(f" {name}={value}" for name, value in sorted(plan.variables.items()))
    if plan.origin:
        yield "Origin", plan.origin


def script(plan: RolloutPlan) -> Iterator[Fact]:
    """What ran: handler, settings, what was protected and by what, the files with their digests."""
    config: ScriptConfig = plan.script
    yield "Extension", f"{config.name} ({config.handler.publisher} {config.handler.type})"
    for name, value in sorted(config.settings.items()):
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield name, text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
    for name, reference in sorted(config.protected.items()):
        yield name, f"protected, not recorded (from {reference.source.value})"
    if config.force_update_tag:
        yield "Forced re-run", config.force_update_tag
    yield "Digest of the settings", f"sha256 {config.digest}"
    for file in plan.files:
        known = f", {file.size} bytes, sha256 {file.sha256}" if file.sha256 else ""
        changes = f", may change: {file.mutable}" if file.mutable else ""
        yield "File", f"{file.address}{known}, {file.standing}{changes}"


def planned(plan: RolloutPlan) -> Iterator[Fact]:
    """What was to happen: batches with their arithmetic, who is excluded and why, how long it was to take."""
    for batch in plan.batches:
        zone = f" in zone {', '.join(batch.zones)}" if batch.zones else ""
        note = f" ({batch.note})" if batch.note else ""
        asked = ", after approval" if batch.approve else ""
        yield (
            f"Batch {batch.number}",
            f"{counted(len(batch.ids), 'instance')}{zone}: {', '.join(batch.ids)}{note}{asked}",
        )
    for reason in dict.fromkeys(exclusion.reason for exclusion in plan.excluded):
        ids = [exclusion.id for exclusion in plan.excluded if exclusion.reason == reason]
        yield "Excluded", f"{', '.join(ids)}: {reason}"
    if plan.forecast.reason:
        yield "Prediction", f"The script will {'' if plan.forecast.will_run else 'not '}run: {plan.forecast.reason}"
    if plan.batches:
        for name, words in outlook_facts(plan):
            yield f"Forecast: {name}", words


def findings(plan: RolloutPlan) -> Iterator[str]:
    """What was known before the start: `warn: one of three is 33%`."""
    for finding in plan.findings:
        yield f"{finding.severity.value}: {finding.message}"


def policy(plan: RolloutPlan) -> Iterator[Fact]:
    """How fast and how safely it was to go: every limit that was in force."""
    rules: RolloutPolicy = plan.policy
    mode = rules.mode or plan.set_mode
    own = "" if mode is plan.set_mode else f" (the scale set's own mode is {plan.set_mode.value})"
    yield "Strategy", f"{_WHO[plan.strategy]}, {UpgradeMode(mode).value} mode{own}"
    yield from ((key.report.title, words) for key in ROLLOUT.keys if key.report and (words := _stated(plan, key)))
    if rules.force_rerun:
        yield "Re-run", "forced, even if settings are unchanged"
    if rules.window is not None:
        yield "Maintenance window", str(rules.window)
    if rules.gate is not None:
        yield "External gate", f"{destination(rules.gate)}, within {duration.exact(rules.gate.timeout_seconds)}"
    for hook in rules.hooks:
        yield "Notified", f"{destination(hook)} when {occasions(hook)}"
    if plan.holds_repairs:
        yield "Automatic repairs", "suspended while it ran"


def _stated(plan: RolloutPlan, key: Key) -> str:
    """A value of the policy in the words of its key; empty when there is nothing to say."""
    rules, line = plan.policy, key.report
    value = getattr(rules, key.field)
    if line is None:
        return ""
    if key.field == "steps":
        return ", ".join(f"{step.amount}{' after approval' if step.approve else ''}" for step in rules.steps)
    shown = show_value(value, key)
    if isinstance(value, Amount) and value.percent:
        shown = f"{shown} ({percent_of(value.value, plan.total)} of {plan.total})"
    if key.field == "min_healthy_seconds" and value and plan.strategy is Strategy.ROLLING_UPGRADE:
        shown = f"{shown}, which a rolling upgrade by Azure ignores"
    return line.on.format(shown) if value else line.off


def clock(at: datetime) -> str:
    """`2026-11-21 23:14:07 UTC`."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(start: datetime, end: datetime) -> str:
    """`09:02`, `1:05:00`."""
    return duration.clock((end - start).total_seconds())
