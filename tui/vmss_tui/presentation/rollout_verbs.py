"""What to ask before a verb is sent to a rollout, and what it will do, in words. Pure."""

from dataclasses import dataclass

from vmss_tui.domain.events import Phase
from vmss_tui.domain.plan import Strategy
from vmss_tui.domain.rollout import RolloutState, Stage
from vmss_tui.presentation.columns import Line
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout import BROKEN, BUSY, versions
from vmss_tui.presentation.text import counted


@dataclass(frozen=True, slots=True)
class VerbText:
    """A question: title, the word on the button, what will happen."""

    title: str
    yes: str
    details: tuple[Line, ...]


def pause_or_resume(state: RolloutState) -> str:
    """Which of the two verbs `p` stands for now."""
    return "resume" if state.stage is Stage.PAUSED else "pause"


def ask(verb: str, state: RolloutState) -> VerbText:
    """The question for a verb."""
    name = state.plan.target.name if state.plan is not None else "?"
    return VerbText(f"{_TITLES[verb]} the rollout on {name}?", _BUTTONS[verb], tuple(_details(verb, state)))


_TITLES = {
    "pause": "Pause",
    "resume": "Go on with",
    "approve": "Approve the next batch of",
    "cancel": "Cancel",
    "retry": "Retry what failed in",
    "undo": "Undo",
}
_BUTTONS = {
    "pause": "Pause",
    "resume": "Go on",
    "approve": "Approve",
    "cancel": "Cancel the rollout",
    "retry": "Retry",
    "undo": "Undo",
}


def _details(verb: str, state: RolloutState) -> list[Line]:
    azure = state.plan is not None and state.plan.strategy is Strategy.AZURE_ROLLS
    old, new = versions(state)
    done, busy = state.count(Phase.DONE, Phase.LEAKED), state.count(*BUSY)
    stays = f"{counted(done, 'instance')} already on {new} stay so."
    match verb:
        case "pause" if azure:
            return [
                _line("Azure moves the batches here, and Azure has no pause: the runner will say no.", Role.WARN),
                _line("To stop it, cancel: what is done stays done, and a new rollout goes on from there."),
            ]
        case "pause":
            return [_line(f"The batch that runs is finished ({counted(busy, 'instance')}); no new one starts.")]
        case "resume":
            return [_line(f"{counted(state.count(Phase.WAITING), 'instance')} still wait.")]
        case "approve":
            return [_line(f"Batch {state.awaiting_approval} of {state.batch_count} starts."), *_health(state)]
        case "cancel":
            who = "Azure stops" if azure else "No new batch starts"
            return [
                _line(f"{who}; {counted(busy, 'instance')} in the middle of it may still end up on {new}."),
                _line(f"{stays} {counted(state.count(Phase.WAITING), 'instance')} keep {old}."),
                _line("The model keeps the new script; undo brings the old one back.", Role.DIM),
            ]
        case "retry":
            failed = state.count(*BROKEN, Phase.NOT_RUN)
            return [_line(f"{counted(failed, 'instance')} get {new} once more; the others are left alone.")]
        case _:
            return [
                _line(
                    f"The script from before, {old}, goes back to {counted(done + busy, 'instance')}, batch by batch."
                ),
                *_lost(state),
            ]


def _health(state: RolloutState) -> list[Line]:
    if state.healthy is None:
        return []
    return [_line(f"{state.healthy} of {state.total} are healthy now, {state.count(*BROKEN)} failed so far.")]


def _lost(state: RolloutState) -> list[Line]:
    previous = state.plan.previous if state.plan is not None else None
    if previous is None:
        return [_line("There was no custom script before: undo removes it from the model.", Role.WARN)]
    if not previous.protected_known:
        return [
            _line("Protected settings of the old version cannot be read from Azure: what they were is lost.", Role.WARN)
        ]
    return []


def _line(text: str, role: Role = Role.PLAIN) -> Line:
    return ((text, role),)
