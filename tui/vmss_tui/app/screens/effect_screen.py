"""A screen that carries out what a controller wants: remarks, dialogs, work that takes time, other screens.

Workers touch no widget: the results of work are posted back and carried out by the screen.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, assert_never, cast

from textual.app import SuspendNotSupported
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from vmss_tui.app import compat
from vmss_tui.app.editor import edit_text, run_program
from vmss_tui.app.effects import (
    Ask,
    AskSecret,
    AskText,
    Close,
    Complain,
    Copy,
    Dialog,
    EditText,
    Effect,
    Effects,
    Fetch,
    FillField,
    FocusField,
    FormEffect,
    Later,
    Move,
    Open,
    OpenLink,
    Pick,
    RebuildFields,
    Repaint,
    Replace,
    RunProgram,
    Say,
    Show,
    ShowPlan,
    Switch,
    Task,
    Work,
)
from vmss_tui.app.shell import Shell
from vmss_tui.app.widgets.statusline import StatusLine
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.glyphs import Role

Answer = TypeVar("Answer")


class EffectScreen(Screen[None]):
    """A screen with a status line, over the app's `Shell`."""

    @dataclass
    class WorkDone(Message):
        """Work has ended; `effects` are its results."""

        work: Work
        effects: Effects

    def __init__(self) -> None:
        super().__init__()
        self._due: set[str] = set()
        """What is to be done later."""

    @property
    def shell(self) -> Shell:
        """The app, as far as screens know it."""
        return cast(Shell, self.app)

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.shell.session.clock.monotonic()

    @property
    def status(self) -> StatusLine:
        """The status line."""
        return self.query_one("#status", StatusLine)

    def flash(self, words: str, role: Role = Role.PLAIN) -> None:
        """Say something in the status line."""
        self.status.flash(self.shell.as_typed(words), role, now=self.now)

    def complain(self, error: VmssTuiError) -> None:
        """Show what went wrong, with its next step."""
        self.flash(error.in_one_line, Role.BAD)

    # -- effects ------------------------------------------------------------------------------------------------

    def perform(self, effects: Effects) -> None:
        """Do what a controller wants, in order."""
        for effect in effects:
            self.perform_one(effect)

    def perform_one(self, effect: Effect) -> None:
        """Do one thing."""
        match effect:
            case Say(text, role):
                self.flash(text, role)
            case Complain(error):
                self.complain(error)
            case Copy(text, what):
                self.shell.copy(text, what)
            case Ask() | AskText() | AskSecret() | Pick() | Show() | OpenLink() | Fetch():
                self._open_dialog(effect)
            case EditText() | RunProgram() | Work() | Later():
                self._begin(effect)
            case Open() | Replace() | Close() | Switch():
                self._move(effect)
            case Repaint():
                self.paint()
            case RebuildFields() | FillField() | FocusField() | ShowPlan():
                self.change_form(effect)
            case _:
                assert_never(effect)

    def _open_dialog(self, dialog: Dialog) -> None:
        if isinstance(dialog, OpenLink):
            self._open_link(dialog.url, dialog.title)
            return
        from vmss_tui.app.screens.dialogs.dialog_screens import screen_of

        screen, then = screen_of(dialog, self.perform)
        self.app.push_screen(screen, self._performing(then) if then is not None else None)

    def _open_link(self, url: str, title: str) -> None:
        if self.app.is_web or compat.has_browser(os.environ, sys.platform):
            self.app.open_url(url)
            self.flash(f"opened {title}")
            return
        from vmss_tui.app.screens.dialogs.link import LinkScreen

        self.app.push_screen(LinkScreen(title, url))

    def _begin(self, task: Task) -> None:
        match task:
            case EditText():
                self._edit(task)
            case RunProgram():
                self._run_program(task)
            case Work():
                if task.waiting:
                    self.status.wait(task.waiting, since=self.now, limit=None if task.local else GIVE_UP_SECONDS)
                self._start(task)
            case Later():
                self._later(task)
            case _:
                assert_never(task)

    def _move(self, move: Move) -> None:
        match move:
            case Open(destination):
                self.shell.open(destination)
            case Replace(destination):
                self.app.pop_screen()
                self.shell.open(destination)
            case Close():
                self.close()
            case Switch(account):
                self.shell.switch(account)
            case _:
                assert_never(move)

    def change_form(self, effect: FormEffect) -> None:
        """Change the form; a screen that has one overrides this."""
        raise AssertionError(f"{effect} needs a form")

    def paint(self) -> None:
        """Show everything as it is now; override."""

    def close(self) -> None:
        """Close this screen when there is another below it."""
        self.shell.back()

    def _performing(self, then: Callable[[Answer], Effects]) -> Callable[[Answer | None], None]:
        def answered(answer: Answer | None) -> None:
            self.perform(then(cast(Answer, answer)))

        return answered

    def _start(self, task: Work) -> None:
        async def do() -> None:
            await self._work(task)

        _: Worker[None] = self.run_worker(do, group=task.group, exclusive=True, exit_on_error=False)

    async def _work(self, work: Work) -> None:
        try:
            effects = await work.job()
        except VmssTuiError as error:
            effects = (Complain(error),)
        except Exception:
            self.post_message(self.WorkDone(work, ()))
            raise
        self.post_message(self.WorkDone(work, effects))

    def on_effect_screen_work_done(self, message: WorkDone) -> None:
        """Something that took time is done, failed, or was given up."""
        if message.work.waiting:
            self.status.arrived(message.work.waiting)
        self.perform(message.effects)

    def _later(self, later: Later) -> None:
        if later.key in self._due:
            return
        self._due.add(later.key)

        def now() -> None:
            self._due.discard(later.key)
            if self.is_attached:
                self.perform(later.then())

        self.set_timer(later.seconds, now)

    def _run_program(self, wanted: RunProgram) -> None:
        try:
            status = run_program(wanted.command, self.shell.as_typed(wanted.title), self.app.suspend)
        except SuspendNotSupported:
            self.flash("this terminal cannot be suspended for another program", Role.WARN)
            return
        except OSError as error:
            self.flash(f"{wanted.command[0]} cannot be started: {error.strerror or error}", Role.BAD)
            return
        self.app.refresh()
        self.perform(wanted.then(status))

    def _edit(self, wanted: EditText) -> None:
        try:
            after = edit_text(wanted.text, wanted.suffix, self.shell.session.editor, self.app.suspend)
        except SuspendNotSupported:
            self.flash("this terminal cannot be suspended for an editor; type the text into the field", Role.WARN)
            return
        except OSError as error:
            self.flash(f"the editor cannot be started: {error.strerror or error}", Role.BAD)
            return
        self.app.refresh()
        self.perform(wanted.then(after))
