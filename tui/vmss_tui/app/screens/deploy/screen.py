"""Edit a script and how it goes out, and see at once what it changes and what will happen.

Composes, binds and translates messages: the form's content is in `deploy_form`, reading and planning in
`deploy_planning`, words in `presentation.form` and `presentation.plan`, saving and starting in `deploy_actions`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.empty_states import connection_notice, error_notice
from vmss_tui.app.screens.deploy import actions as actions
from vmss_tui.app.screens.deploy import work as jobs
from vmss_tui.app.screens.deploy.fields import ADD_PROTECTED, fields_of, remark
from vmss_tui.app.screens.deploy.form import Form, Start, start_from_profile, start_from_set
from vmss_tui.app.screens.deploy.planning import PlanningScreen
from vmss_tui.app.widgets.form import Field, FormBox
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.app.widgets.notice import NoticePanel
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain, seconds_between

_NOT_WHILE_TYPING = frozenset({"app.fleet", "app.rollouts", "app.profiles", "app.quit"})
"""Single keys that would take somebody away who only missed a field; the palette still offers them."""

_VERSION = re.compile(r"^variables\..*(version|release|build|tag)")
"""The variable that one usually came to change."""

_READ_OFTEN = 300.0
"""Seconds after which the reading beneath a plan counts as old."""


class DeployScreen(PlanningScreen):
    """The form for one scale set, starting from what it has or from a profile."""

    place = Place.DEPLOY
    CSS_PATH: ClassVar = ["../../styles/deploy.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(each for each in bindings_at(Place.DEPLOY) if getattr(each, "id", "") not in _NOT_WHILE_TYPING),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, target: ScaleSetId, *, profile: str = "") -> None:
        super().__init__(target)
        self._profile = profile
        self.add_problem: Line = ()
        """What is wrong with the protected setting that somebody wants to add."""
        self._revealed = False
        self._here = ""
        """The field that has the keyboard."""

    # -- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The form, and beside (or instead of) it the plan."""
        yield Rule()
        yield NoticePanel(id="notice")
        with Horizontal(id="deploy"):
            yield FormBox(id="form")
            with VerticalScroll(id="plan"):
                yield Lines(self._plan_lines, id="plan-text")

    def crumbs(self) -> tuple[str, ...]:
        """App, set, what this is."""
        return ("vmss-tui", self.target.name, "deploy")

    def note(self) -> str:
        """Where the form started from."""
        return self.form.remark if self.form is not None else ""

    def freshness(self) -> Freshness:
        """How old the reading is that the plan rests on."""
        if self.snapshot is None:
            return Freshness()
        age = seconds_between(self.snapshot.taken_at, self.shell.session.clock.now())
        return Freshness(age_seconds=age, expected_seconds=_READ_OFTEN)

    def action_state(self) -> ActionState:
        """The form must be there before much can be done with it."""
        ids = ("save", "start", "load", "editor", "reveal", "turn")
        missing = {f"deploy.{each}": "the scale set is not read yet" for each in ids} if self.form is None else {}
        return replace(self.general_state(), subject=self.target.name, blocked=missing)

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Read the set as soon as somebody is signed in."""
        self.paint()
        self.read()

    def connection_changed(self) -> None:
        """Signed in: read."""
        super().connection_changed()
        self.paint()
        if self.snapshot is None:
            self.read()

    def tick(self) -> None:
        """Waits count."""
        super().tick()
        if self.form is None:
            self.paint()

    def begin(self, snapshot: SetSnapshot) -> None:
        """Start from the profile that was asked for, or from what the set runs."""
        store, of = self.shell.session.profiles(), snapshot.scale_set
        try:
            start = start_from_profile(self._profile, of, store) if self._profile else start_from_set(of, store)
        except VmssTuiError as error:
            self.flash(f"{error.message}; starting from what the set has", Role.WARN)
            start = start_from_set(of, store)
        self.use(start)
        actions.offer_draft(self)

    def use(self, start: Start) -> None:
        """Fill the form from a start."""
        self.form = Form(start)
        self.rebuild()

    def rebuild(self) -> None:
        """Other fields than before: variables, protected settings."""
        self.call_next(self._swap_fields)

    async def _swap_fields(self) -> None:
        box = self.query_one("#form", FormBox)
        async with self.batch():
            await box.remove_children()
            await box.mount_all(fields_of(self.form) if self.form is not None else [])
        self.focus_here()
        self.changed()

    def focus_here(self) -> None:
        """The keyboard goes to the field where it was, else to the first that usually changes."""
        fields = list(self.query(Field))
        here = next((each for each in fields if each.spec.key == self._here), None)
        likely = [each for each in fields if each.spec.key.startswith(("variables.", "script.files"))]
        first = next((each for each in likely if _VERSION.search(each.spec.key)), next(iter(likely), None))
        if (field := here or first) is not None:
            field.take_keyboard()

    # -- typing -------------------------------------------------------------------------------------------------

    def on_field_changed(self, message: Field.Changed) -> None:
        """Somebody typed or chose."""
        if message.key == ADD_PROTECTED:
            self.add_problem = ()
        else:
            self.typed(message.key, message.text)
        self._remark_all()
        self._tell_problem()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter goes on to the next field, or adds a protected setting."""
        field = next((each for each in message.input.ancestors if isinstance(each, Field)), None)
        if field is not None and field.spec.key == ADD_PROTECTED:
            actions.add_protected(self, field)
        else:
            self.focus_next()

    def on_field_entered(self, message: Field.Entered) -> None:
        """The whole story of a problem, or a remark that is cut, stands in the status line."""
        self._here = message.key
        self.call_after_refresh(self._tell_problem)

    def on_resize(self) -> None:
        """Another width cuts other remarks."""
        self.call_after_refresh(self._tell_problem)

    def _tell_problem(self) -> None:
        problem = next(iter(self.form.problems(self._here)), None) if self.form is not None else None
        words = "; ".join(each for each in (problem.message, problem.hint) if each) if problem is not None else ""
        role = Role.BAD if problem is not None and problem.is_error else Role.WARN
        here = next((each for each in self.query(Field) if each.spec.key == self._here), None)
        cut = here.cut_remark if here is not None else ""
        self.status.rest(((plain(words), role),) if words else ((plain(cut), Role.DIM),) if cut else ())

    # -- painting -----------------------------------------------------------------------------------------------

    def paint(self) -> None:
        """Form and plan, or what is waited for."""
        notice = self._notice()
        panel = self.query_one("#notice", NoticePanel)
        panel.notice = notice.told(self.shell.as_called) if notice is not None else None
        panel.display = notice is not None
        self.query_one("#deploy").display = notice is None
        self._remark_all()
        self.query_one("#plan-text", Lines).reload()
        self.refresh_frame()

    def _remark_all(self) -> None:
        if self.form is None:
            return
        of = self.snapshot.scale_set if self.snapshot is not None else None
        for field in self.query(Field):
            adding = self.add_problem if field.spec.key == ADD_PROTECTED else ()
            field.remark(adding or remark(self.form, field.spec, self.plan, of, self.syntax))

    def _plan_lines(self, width: int) -> Sequence[Line]:
        return actions.plan_lines(self, width)

    def _notice(self) -> Notice | None:
        if self.form is not None:
            return None
        if self.error is not None:
            return error_notice("The scale set cannot be read", self.error, "f5 reads it again, esc goes back")
        connecting = connection_notice(self.shell.connection, self.now, self.shell.session)
        return connecting or Notice(title=f"Reading {self.target.name}", role=Role.BUSY)

    # -- actions ------------------------------------------------------------------------------------------------

    def do_back(self) -> None:
        """Leave; ask when something was typed."""
        if self.has_class("-turned"):
            self.remove_class("-turned")
            return
        actions.leave(self, super().do_back)

    def do_plan(self) -> None:
        """Read the set and the files again, then plan."""
        self.pins.clear()
        self.read()

    def do_turn(self) -> None:
        """Form or plan, where there is no room for both."""
        self.toggle_class("-turned")
        if self.has_class("-turned") or self.has_class("-wide"):
            self.query_one("#plan").focus()
        else:
            self.focus_here()

    def do_reveal(self) -> None:
        """Show or hide the references of protected settings."""
        self._revealed = not self._revealed
        for field in self.query(Field):
            field.reveal(self._revealed)

    def do_editor(self) -> None:
        """The inline script in the user's editor."""
        actions.edit_inline(self)

    def do_load(self) -> None:
        """Start from a profile."""
        actions.load(self)

    def do_save(self) -> None:
        """Save as a profile."""
        actions.save(self)

    def do_start(self) -> None:
        """Plan against Azure once more, ask, start."""
        actions.begin_start(self)

    def on_ready_to_start(self, message: jobs.ReadyToStart) -> None:
        """The plan is made: refuse, or ask."""
        self.status.arrived(jobs.PLANNING)
        self.pins.update({pin.uri: pin for pin in message.pins})
        self.plan = message.plan
        self.query_one("#plan-text", Lines).reload()
        actions.ask_and_start(self, message.plan)
