"""What a person asks of a rollout from its screen: confirm first, then a request in the journal.

The runner answers in the log. Nothing here changes Azure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vmss_tui.app.screens.confirm import ConfirmScreen, Question
from vmss_tui.app.screens.outputs import report_sheet
from vmss_tui.domain.events import Phase
from vmss_tui.domain.rollout import RolloutState, Stage
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation import rollout_verbs as words
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout import BROKEN

if TYPE_CHECKING:
    from vmss_tui.app.screens.rollout_watch import WatchScreen

_CHANGING = ("pause", "approve", "cancel", "retry", "undo", "resume")
_REPLAY_ONLY = ("hold", "faster", "slower")


def blocked(state: RolloutState, *, replay: bool) -> Mapping[str, str]:
    """Reasons by action id why something cannot be done, beyond what the action table knows."""
    if replay:
        return {f"rollout.{verb}": "this is a replay: nothing can be changed" for verb in _CHANGING}
    found = {f"rollout.{verb}": "this is no replay" for verb in _REPLAY_ONLY}
    if state.stage is not Stage.APPROVAL:
        found["rollout.approve"] = "no batch waits for approval"
    if not state.count(*BROKEN, Phase.NOT_RUN):
        found["rollout.retry"] = "no instance failed"
    return found


def ask(screen: "WatchScreen", verb: str) -> None:
    """Confirm a verb, then put it into the journal; a runner that is gone is started again for it."""
    asked = words.ask(verb, screen.state)

    def answered(yes: bool | None) -> None:
        if yes:
            request(screen, verb)

    screen.app.push_screen(ConfirmScreen(Question(title=asked.title, yes=asked.yes, details=asked.details)), answered)


def request(screen: "WatchScreen", verb: str) -> None:
    """Write a request; what comes of it is in the log."""
    session = screen.shell.session
    try:
        session.journal().request(screen.rollout, verb, who=session.who)
    except VmssTuiError as error:
        screen.flash(" ".join(part for part in (error.message, error.hint) if part), Role.BAD)
        return
    screen.flash(f"asked to {verb}; the runner answers in the log", Role.ACCENT)
    if not screen.runner_alive:
        start_runner(screen)


def start_runner(screen: "WatchScreen") -> None:
    """Start a runner where the rollout's own is gone."""

    async def start() -> None:
        try:
            await screen.shell.session.resume(screen.rollout)
        except VmssTuiError as error:
            screen.flash(" ".join(part for part in (error.message, error.hint) if part), Role.BAD)
        else:
            screen.flash("a new runner takes over", Role.OK)

    screen.run_worker(start(), group="resume", exclusive=True, exit_on_error=False)


def show_report(screen: "WatchScreen") -> None:
    """The report of the rollout so far as Markdown."""
    if screen.head is None:
        return
    from vmss_tui.journal.export import to_markdown

    try:
        journal = screen.shell.session.journal()
        report = to_markdown(journal.header(screen.rollout), journal.events(screen.rollout))
    except VmssTuiError as error:
        screen.flash(error.message, Role.BAD)
        return
    screen.app.push_screen(report_sheet(f"rollout {screen.rollout} · report", report))
