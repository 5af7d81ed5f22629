"""What a person asks of a rollout from its screen: confirm first, then a request in the journal.

The runner answers in the log. Nothing here changes Azure.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen, Question
from vmss_tui.app.screens.dialogs.confirm_rollout import outside_window_prompt, start_question
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.app.screens.rollout.outputs import report_sheet, text_sheet
from vmss_tui.app.screens.rollout.take_over import ask_values, take_over
from vmss_tui.domain.plan.checks.maintenance import allow_outside, refused_by_window
from vmss_tui.domain.rollout.events import Logged, Phase
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.prepare import prepare
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout import questions as words
from vmss_tui.presentation.rollout.lines import BROKEN
from vmss_tui.profiles.secrets import travelling

if TYPE_CHECKING:
    from vmss_tui.app.screens.rollout.watch import WatchScreen

Export = Callable[[RolloutHeader, Sequence[Logged]], str]

_CHANGING = ("pause", "approve", "cancel", "retry", "undo", "resume")
_REPLAY_ONLY = ("hold", "faster", "slower")


def blocked(state: RolloutState, *, replay: bool) -> Mapping[str, str]:
    """Reasons by action id why something cannot be done, beyond what the action table knows."""
    if replay:
        return {f"rollout.{verb}": "this is a replay: nothing can be changed" for verb in _CHANGING}
    found = {f"rollout.{verb}": "this is no replay" for verb in _REPLAY_ONLY}
    if state.stage is not Stage.APPROVAL:
        found["rollout.approve"] = "no batch waits for approval"
    if state.stage.over and not state.count(*BROKEN, Phase.NOT_RUN):
        found["rollout.retry"] = "no instance failed"
    return found


_ONGOING = frozenset({"rollout.pause", "rollout.cancel"})


def offered(state: RolloutState, *, replay: bool, runner_alive: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """Ids of the actions that the bottom line should begin with now, and of those that it should not offer."""
    if replay:
        return tuple(f"rollout.{verb}" for verb in _REPLAY_ONLY), _ONGOING
    if state.stage.over:
        failed = ("rollout.retry",) if state.count(*BROKEN, Phase.NOT_RUN) else ()
        return ("rollout.report", *failed, "rollout.undo", "rollout.replay"), _ONGOING
    if not runner_alive:
        return ("rollout.resume",), frozenset()
    return (("rollout.approve",) if state.stage is Stage.APPROVAL else ()), frozenset()


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
        hold = verb == "pause" and words.azure_rolls(screen.state)
        session.journal().request(screen.rollout, verb, who=session.who, argument="cancel" if hold else "")
    except VmssTuiError as error:
        screen.complain(error)
        return
    screen.flash(f"asked to {verb}; the runner answers in the log", Role.ACCENT)
    if not screen.runner_alive:
        start_runner(screen, verb=verb)


def start_runner(screen: "WatchScreen", *, verb: str = "") -> None:
    """Start a runner where the rollout's own is gone; `verb` is what somebody asked for already."""
    work = take_over(screen, screen.rollout, asked=verb)
    screen.run_worker(work, group="resume", exclusive=True, exit_on_error=False)


def follow_up(screen: "WatchScreen", verb: str) -> None:
    """Retry or undo: plan it against what Azure says now, ask, start it as a rollout of its own."""
    what = f"planning the {verb}"
    screen.status.wait(what, since=screen.now)

    async def work() -> None:
        try:
            await _follow_up(screen, verb, what)
        except VmssTuiError as error:
            screen.complain(error)
        finally:
            screen.status.arrived(what)

    screen.run_worker(work(), group="follow-up", exclusive=True, exit_on_error=False)


async def _follow_up(screen: "WatchScreen", verb: str, what: str) -> None:
    azure, session = screen.shell.connection.azure, screen.shell.session
    if azure is None:
        raise VmssTuiError(f"{verb}: {screen.shell.connection.reason}")
    wish = followup_wish(Followup(verb), screen.rollout, session.journal(), names=screen.shell.label_of.names)
    plan = (await prepare(azure, wish, session.clock)).plan
    screen.status.arrived(what)
    if plan.refusals and not refused_by_window(plan):
        screen.flash(f"{verb}: {plan.refusals[0].message} {plan.refusals[0].hint}", Role.BAD)
        return
    if refused_by_window(plan):
        reason = await screen.app.push_screen_wait(outside_window_prompt(plan))
        if reason is None:
            return
        plan = allow_outside(plan, reason)
    given = await ask_values(screen, plan.script.protected)
    if given is None:
        return
    if await screen.app.push_screen_wait(ConfirmScreen(start_question(plan, {}))):
        secrets = travelling(plan.script.protected, environ=os.environ, given=given)
        rollout = await session.start(plan, secrets=secrets, why=plan.origin)
        screen.shell.open_rollout(rollout)


def show_report(screen: "WatchScreen") -> None:
    """The report of the rollout so far as Markdown."""
    from vmss_tui.report.export import to_markdown

    _show(screen, "report", to_markdown, report_sheet)


def show_raw(screen: "WatchScreen") -> None:
    """Every event of the log as a line of JSON."""
    from vmss_tui.report.export import to_jsonl

    _show(screen, "log", to_jsonl, text_sheet)


def _show(screen: "WatchScreen", what: str, export: Export, sheet: Callable[[str, str], SheetScreen]) -> None:
    if screen.head is None:
        return
    try:
        journal = screen.shell.session.journal()
        text = export(journal.header(screen.rollout), journal.events(screen.rollout))
    except VmssTuiError as error:
        screen.flash(error.message, Role.BAD)
        return
    screen.app.push_screen(sheet(f"rollout {screen.rollout} · {what}", text))
