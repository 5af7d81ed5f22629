"""A person in front of a controller, without an app: carries effects out and answers questions from a list."""

from collections.abc import Sequence
from typing import Any, assert_never

from vmss_tui.app.effects import (
    Ask,
    AskSecret,
    AskText,
    Close,
    Complain,
    Dialog,
    EditText,
    Effect,
    Effects,
    Fetch,
    Later,
    Move,
    Open,
    OpenLink,
    Pick,
    Replace,
    RunProgram,
    Say,
    Show,
    Switch,
    Task,
    Work,
)
from vmss_tui.app.shell import Destination
from vmss_tui.errors import VmssTuiError


class Person:
    """What was said and asked, what was opened; `answers` are given in the order of the questions.

    Without an answer left, a question is left with esc. Work that a screen defers is done at once.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Dialog] = []
        self.said: list[str] = []
        self.shown: list[Show] = []
        self.opened: list[Destination] = []
        self.closed = 0
        self.ran: list[tuple[str, ...]] = []
        self.effects: list[Effect] = []

    @property
    def questions(self) -> list[str]:
        """The titles of what was asked."""
        return [_title(dialog) for dialog in self.asked]

    async def perform(self, effects: Effects) -> None:
        """Carry out effects and all that comes of them."""
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case Say(text):
                    self.said.append(text)
                case Complain(error):
                    self.said.append(" ".join(part for part in (error.message, error.hint) if part))
                case Ask() | AskText() | AskSecret() | Pick() | Show() | OpenLink() | Fetch():
                    await self._answer(effect)
                case Work() | Later() | EditText() | RunProgram():
                    await self._work(effect)
                case Open() | Replace() | Close() | Switch():
                    self._move(effect)
                case _:
                    pass

    async def _answer(self, dialog: Dialog) -> None:
        if isinstance(dialog, Show):
            self.shown.append(dialog)
            return
        if isinstance(dialog, Fetch):
            self.shown.append(Show(dialog.title, await dialog.fetch()))
            return
        if isinstance(dialog, OpenLink):
            return
        self.asked.append(dialog)
        await self.perform(dialog.then(self.answers.pop(0) if self.answers else None))

    async def _work(self, task: Task) -> None:
        match task:
            case Work(job=job):
                try:
                    effects = await job()
                except VmssTuiError as error:
                    effects = (Complain(error),)
                await self.perform(effects)
            case Later(then=then):
                await self.perform(then())
            case EditText(then=edited):
                await self.perform(edited(self.answers.pop(0)))
            case RunProgram(command=command, then=left):
                self.ran.append(tuple(command))
                await self.perform(left(self.answers.pop(0)))
            case _:
                assert_never(task)

    def _move(self, move: Move) -> None:
        match move:
            case Open(destination):
                self.opened.append(destination)
            case Replace(destination):
                self.closed += 1
                self.opened.append(destination)
            case Close():
                self.closed += 1
            case Switch():
                pass
            case _:
                assert_never(move)

    def did(self, kind: type[Effect]) -> Sequence[Effect]:
        """The effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]


def _title(dialog: Dialog) -> str:
    match dialog:
        case Ask(question):
            return question.title
        case AskText(title) | AskSecret(title) | Show(title) | Fetch(title):
            return title
        case Pick() | OpenLink():
            return dialog.title
        case _:
            assert_never(dialog)
