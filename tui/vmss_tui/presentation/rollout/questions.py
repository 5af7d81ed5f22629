"""What to ask before a verb is sent to a rollout, and what it will do, in words. Pure."""

from dataclasses import dataclass

from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout.events import Phase
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.lines import BROKEN, BUSY, versions
from vmss_tui.presentation.table import Line
from vmss_tui.text import counted


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
    yes = "Cancel Azure's roll" if verb == "pause" and azure_rolls(state) else _BUTTONS[verb]
    return VerbText(f"{_TITLES[verb]} the rollout on {name}?", yes, tuple(_details(verb, state)))


def azure_rolls(state: RolloutState) -> bool:
    """Whether Azure moves the batches: it knows no pause, only cancel and start again."""
    return state.plan is not None and state.plan.strategy is Strategy.ROLLING_UPGRADE


_TITLES = {
    "pause": "Pause",
    "resume": "Go on with",
    "approve": "Approve the next batch of",
    "cancel": "Cancel",
}
_BUTTONS = {"pause": "Pause", "resume": "Go on", "approve": "Approve", "cancel": "Cancel the rollout"}


def _details(verb: str, state: RolloutState) -> list[Line]:
    old, new = versions(state)
    done, busy = state.count(Phase.DONE, Phase.LEAKED), state.count(*BUSY)
    waiting = counted(state.count(Phase.WAITING), "instance")
    middle = [_line(f"{counted(busy, 'instance')} in the middle of it may still end up on {new}.")] if busy else []
    match verb:
        case "pause" if azure_rolls(state):
            return [
                _line(
                    "Azure moves the batches here, and Azure has no pause: its roll is cancelled instead.", Role.WARN
                ),
                *middle,
                _line(f"Going on starts it again for the rest: {waiting}."),
            ]
        case "pause":
            many = f" ({counted(busy, 'instance')} still in it)" if busy else ""
            return [_line(f"The batch that runs is finished{many}; no new one starts.")]
        case "resume":
            return [_line(f"Still to come: {waiting}.")]
        case "approve":
            return [_line(f"Batch {state.awaiting_approval} of {state.batch_count} starts."), *_health(state)]
        case _:
            who = "Azure stops" if azure_rolls(state) else "No new batch starts"
            return [
                _line(f"{who}."),
                *middle,
                _line(f"On {new} now, and staying there: {counted(done, 'instance')}. Keeping {old}: {waiting}."),
                _line("The model keeps the new script; undo brings the old one back.", Role.DIM),
            ]


def _health(state: RolloutState) -> list[Line]:
    if state.healthy is None:
        return []
    return [_line(f"{state.healthy} of {state.total} are healthy now, {state.count(*BROKEN)} failed so far.")]


def _line(text: str, role: Role = Role.PLAIN) -> Line:
    return ((text, role),)
