"""The question before a request is sent to a rollout, with its effect in words. Pure."""

from dataclasses import dataclass
from typing import assert_never

from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.stage import Phase, Stage, Verb
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.info import RolloutInfo
from vmss_tui.presentation.table import Line
from vmss_tui.text import counted, plain


@dataclass(frozen=True, slots=True)
class VerbText:
    """A question: title, the word on the button, what will happen."""

    title: str
    yes: str
    details: tuple[Line, ...]


def pause_or_resume(stage: Stage) -> Verb:
    """Which of the two verbs `p` stands for at this stage."""
    return Verb.RESUME if stage is Stage.PAUSED else Verb.PAUSE


def azure_drives(plan: RolloutPlan | None) -> bool:
    """Whether Azure moves the batches: it cannot pause, only cancel and start again."""
    return plan is not None and plan.strategy is Strategy.ROLLING_UPGRADE


def ask(verb: Verb, info: RolloutInfo) -> VerbText:
    """The question for a verb. Raises ValueError for one that has a dialog of its own: retry and undo."""
    name = plain(info.plan.target.name) if info.plan is not None else "?"
    what, yes, details = _texts(verb, info)
    return VerbText(f"{what} the rollout on {name}?", yes, details)


def _texts(verb: Verb, info: RolloutInfo) -> tuple[str, str, tuple[Line, ...]]:
    match verb:
        case Verb.PAUSE if azure_drives(info.plan):
            return "Pause", "Cancel the rolling upgrade", _pause_rolling_upgrade(info)
        case Verb.PAUSE:
            many = f" ({counted(info.busy, 'instance')} in progress)" if info.busy else ""
            return "Pause", "Pause", (_line(f"The current batch finishes{many}; no new batch starts."),)
        case Verb.RESUME:
            return "Resume", "Resume", (_line(f"Remaining: {_waiting(info)}."),)
        case Verb.APPROVE:
            starts = _line(f"Batch {info.awaiting_approval} of {info.batch_count} starts.")
            return "Approve the next batch of", "Approve", (starts, *_health(info))
        case Verb.CANCEL:
            return "Cancel", "Cancel the rollout", _cancel(info)
        case Verb.RETRY | Verb.UNDO | Verb.EXCLUDE | Verb.UNKNOWN:
            raise ValueError(f"{verb.value} is planned and confirmed as a rollout of its own")
        case _:
            assert_never(verb)


def _pause_rolling_upgrade(info: RolloutInfo) -> tuple[Line, ...]:
    return (
        _line("Azure rolling upgrades cannot be paused.", Role.WARN),
        _line("This cancels the upgrade; Resume starts a new one.", Role.WARN),
        *_in_progress(info),
        _line(f"Remaining: {_waiting(info)}."),
    )


def _cancel(info: RolloutInfo) -> tuple[Line, ...]:
    who = "Azure's rolling upgrade is canceled." if azure_drives(info.plan) else "No new batch starts."
    new, old = plain(info.new), plain(info.old)
    done = counted(info.done, "instance stays", "instances stay")
    kept = counted(info.count(Phase.WAITING), "instance keeps", "instances keep")
    return (
        _line(who),
        *_in_progress(info),
        _line(f"{done} on {new}; {kept} {old}."),
        _line("The scale set model keeps the new script; undo restores the old one.", Role.DIM),
    )


def _in_progress(info: RolloutInfo) -> tuple[Line, ...]:
    if not info.busy:
        return ()
    return (_line(f"{counted(info.busy, 'instance')} in progress may still end on {plain(info.new)}."),)


def _waiting(info: RolloutInfo) -> str:
    return counted(info.count(Phase.WAITING), "instance")


def _health(info: RolloutInfo) -> tuple[Line, ...]:
    if info.healthy is None:
        return ()
    return (_line(f"{info.healthy} of {info.total} are healthy now, {info.failed} failed so far."),)


def _line(text: str, role: Role = Role.PLAIN) -> Line:
    return ((text, role),)
