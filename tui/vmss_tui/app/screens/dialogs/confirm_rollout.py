"""The last questions before a rollout starts: values that only a person has, and yes or no with the set's name.

Pure question and answer; starts nothing. Typed secrets live in `Secret` only.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from vmss_tui import text
from vmss_tui.app.screens.dialogs.confirm import Question
from vmss_tui.app.screens.dialogs.prompt import PromptScreen
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan import lines as told
from vmss_tui.presentation.table import Line

_MANY = 100
"""From so many instances on, the set's name must be typed."""
_PRODUCTION = frozenset({"prod", "production", "prd", "live"})


def start_question(plan: RolloutPlan, tags: Mapping[str, str]) -> Question:
    """Names the set, the number of instances, the versions and the batches; No is the default."""
    serious = plan.affected >= _MANY or any(value.lower() in _PRODUCTION for value in tags.values())
    return Question(
        title=told.confirm_title(plan),
        yes="Start",
        details=told.confirm_lines(plan),
        type_this=plan.target.name if serious else "",
        role=Role.ACCENT,
    )


def outside_window_prompt(plan: RolloutPlan) -> PromptScreen:
    """Asks why a plan that the maintenance window refuses may start all the same."""
    finding = plan.refusals[0]
    return PromptScreen(f"{finding.message}. Reason to start outside it:")


class SecretScreen(ModalScreen[Secret | None]):
    """Ask for a protected value; what is typed is never shown, kept or logged. Answers None when it was left."""

    CSS: ClassVar[str] = "SecretScreen { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", id="secret.leave")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = text.plain(question)
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Question, a masked line, what to press."""
        with Vertical(classes="dialog", id="secret"):
            yield Lines(lambda width: (((text.cut_end(self._question, width), Role.ACCENT),),))
            field = Input(password=True, id="line", compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Lines(self._foot, id="foot", classes="dialog-foot")

    def _foot(self, width: int) -> Sequence[Line]:
        if self._problem:
            return (((self._problem, Role.WARN),),)
        return ((("for the runner only, never stored; enter accepts, esc leaves", Role.DIM),),)

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Take it."""
        if message.value:
            self.dismiss(Secret(message.value))
            return
        self._problem = "type the value, or leave with esc"
        self.query_one("#foot", Lines).reload()

    def action_leave(self) -> None:
        """No value."""
        self.dismiss(None)
