"""What to ask before a verb over several scale sets, and before they start, and what it will do, in words. Pure."""

from collections.abc import Sequence
from typing import assert_never

from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.waves.state import SetStage
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.questions import VerbText
from vmss_tui.presentation.table import Line
from vmss_tui.presentation.waves.info import WavesInfo
from vmss_tui.text import counted


def ask(verb: Verb, info: WavesInfo) -> VerbText:
    """The question before a verb over the whole. Raises ValueError for one that is planned as a rollout of its own."""
    running = info.count(SetStage.RUNNING, SetStage.ROLLING_BACK)
    sets = counted(running, "set") + " in progress"
    waiting = info.count(SetStage.WAITING)
    match verb:
        case Verb.PAUSE:
            return _question("Pause all waves?", "Pause", f"No further set starts ({waiting} waiting).",
                             f"{sets}: each pauses after its batch; a rolling upgrade of Azure finishes.")  # fmt: skip
        case Verb.RESUME:
            return _question(
                "Resume all waves?", "Resume", f"{counted(waiting, 'set')} waiting.", f"{sets}: each resumes."
            )
        case Verb.APPROVE:
            wave = info.state.awaiting_approval
            return _question(f"Approve wave {wave}?", "Approve", f"Its sets start. {_so_far(info)}")
        case Verb.CANCEL:
            return _question("Cancel all waves?", "Cancel all", f"No further set starts. {sets}: each is canceled.",
                             "Updated instances keep the new version.")  # fmt: skip
        case Verb.RETRY | Verb.UNDO | Verb.EXCLUDE | Verb.UNKNOWN:
            raise ValueError(f"{verb.value} is planned and confirmed as a rollout of its own")
        case _:
            assert_never(verb)


def _so_far(info: WavesInfo) -> str:
    return f"So far: {info.done} of {info.total} instances updated, {info.failed} failed."


def _question(title: str, yes: str, *details: str) -> VerbText:
    return VerbText(title, yes, tuple(((text, Role.PLAIN),) for text in details))


def plan_details(lines: Sequence[str], most: int = 12) -> tuple[Line, ...]:
    """The plan in a question, cut to what a small terminal shows."""
    kept = [line for line in lines if line.strip()]
    more = [f"… {len(kept) - most + 1} more lines: `vmss-tui plan PROFILE --all` shows all"] if len(kept) > most else []
    return tuple(_kept(line) for line in [*kept[: most - 1 if more else most], *more])


def _kept(line: str) -> Line:
    """A line of a table keeps its columns: a dialog wraps only lines of one piece."""
    table = "  " in line.strip()
    return ((line, Role.PLAIN), ("", Role.PLAIN)) if table else ((line, Role.PLAIN),)
