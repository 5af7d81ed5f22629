"""Edit a script and how it goes out, and see at once what it changes and what will happen.

Composes, binds, and carries out what the `DeployController` wants; the form's words are in `presentation.plan`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, assert_never

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from vmss_tui.app.actions.action import ActionState, Place, ReadOnly
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.effects import FillField, FocusField, FormEffect, RebuildFields, ShowPlan
from vmss_tui.app.empty_states import connection_notice, error_notice
from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.deploy.controller import DeployController
from vmss_tui.app.screens.deploy.fields import ADD_PROTECTED, fields_of, remark
from vmss_tui.app.screens.deploy.plan_text import plan_lines
from vmss_tui.app.widgets.form import Field, FormBox
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.app.widgets.notice import NoticePanel
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain, seconds_between

_NOT_WHILE_TYPING = frozenset({"app.fleet", "app.rollouts", "app.profiles", "app.quit"})
"""Single keys that would leave the form when typed beside a field; the palette still offers them."""

_VERSION = re.compile(r"^variables\..*(version|release|build|tag)")
"""The variable that one usually came to change."""

_READ_OFTEN = 300.0
"""Seconds after which the reading that a plan rests on counts as old."""


class DeployScreen(BaseScreen):
    """The form for one scale set, starting from what it has or from a profile."""

    place = Place.DEPLOY
    CSS_PATH: ClassVar = ["../../styles/deploy.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(binding for binding in bindings_at(Place.DEPLOY) if getattr(binding, "id", "") not in _NOT_WHILE_TYPING),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, controller: DeployController) -> None:
        super().__init__()
        self.controller = controller
        self._revealed = False
        self._here = ""
        """The field that has the keyboard."""
        self._typed_ahead: list[events.Key] = []
        """Keys that were typed before there was a field to type into."""

    # -- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The form, and beside (or instead of) it the plan."""
        yield Rule()
        yield NoticePanel(id="notice")
        with Horizontal(id="deploy"):
            yield FormBox(id="form")
            with VerticalScroll(id="plan"):
                yield Lines(self._plan_lines, id="plan-text")

    def read_only(self) -> ReadOnly | None:
        """The rights in the reading that the plan rests on count at once."""
        reading = self.controller.reading
        if reading is not None:
            self.shell.rights.note_sets((reading.snapshot.scale_set,))
            if reading.snapshot.governance is not None:
                self.shell.rights.note_governance(reading.snapshot.scale_set, reading.snapshot.governance)
        return super().read_only()

    def subject_set(self) -> ScaleSetId:
        """The set of the form."""
        return self.controller.target

    def crumbs(self) -> tuple[str, ...]:
        """App, set, what this is."""
        return ("vmss-tui", self.controller.target.name, "deploy")

    def note(self) -> str:
        """Where the form started from."""
        return self.controller.form.remark if self.controller.form is not None else ""

    def freshness(self) -> Freshness:
        """How old the reading is that the plan rests on."""
        reading = self.controller.reading
        if reading is None:
            return Freshness()
        age = seconds_between(reading.snapshot.taken_at, self.shell.session.clock.now())
        return Freshness(age_seconds=age, expected_seconds=_READ_OFTEN)

    def action_state(self) -> ActionState:
        """The form must be there before much can be done with it."""
        ids = ("save", "start", "rehearse", "load", "editor", "reveal", "turn")
        reason = "the scale set has not been read yet"
        missing = {f"deploy.{verb}": reason for verb in ids} if self.controller.form is None else {}
        return replace(self.general_state(), subject=self.controller.target.name, blocked=missing)

    def typing(self) -> tuple[tuple[str, str], ...] | None:
        """Always: the shown keys must not change from a text to the choice below it."""
        return ()

    def may_leave(self) -> str:
        """What would be lost."""
        return self.controller.may_leave()

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Read the set after sign-in."""
        self.paint()
        self.perform(self.controller.read())

    def connection_changed(self) -> None:
        """Signed in: read."""
        super().connection_changed()
        self.paint()
        if self.controller.reading is None:
            self.perform(self.controller.read())

    def on_unmount(self) -> None:
        """The window is closed, perhaps by a line that dropped: the last second of typing counts too."""
        self.controller.keep_draft()

    def tick(self) -> None:
        """Waits count."""
        super().tick()
        if self.controller.form is None:
            self.paint()

    def change_form(self, effect: FormEffect) -> None:
        """Fields, keyboard, plan."""
        match effect:
            case RebuildFields():
                self.call_next(self._swap_fields)
            case FillField(key, text):
                self._field(key).set_value(text)
            case FocusField(key):
                self._field(key).take_keyboard()
            case ShowPlan():
                self.add_class("-turned")
            case _:
                assert_never(effect)

    def _field(self, key: str) -> Field:
        return next(field for field in self.query(Field) if field.spec.key == key)

    async def _swap_fields(self) -> None:
        form, box = self.controller.form, self.query_one("#form", FormBox)
        async with self.batch():
            await box.remove_children()
            await box.mount_all(fields_of(form) if form is not None else [])
        self.focus_here()
        self.paint()

    def focus_here(self) -> None:
        """The keyboard goes to the field where it was, else to the first that usually changes."""
        fields = list(self.query(Field))
        here = next((field for field in fields if field.spec.key == self._here), None)
        likely = [field for field in fields if field.spec.key.startswith(("variables.", "script.files"))]
        first = next((field for field in likely if _VERSION.search(field.spec.key)), next(iter(likely), None))
        if (field := here or first) is not None:
            field.take_keyboard()

    # -- typing -------------------------------------------------------------------------------------------------

    def on_field_changed(self, message: Field.Changed) -> None:
        """A value was edited."""
        if message.key == ADD_PROTECTED:
            self.controller.add_problem = ()
        else:
            self.perform(self.controller.typed(message.key, message.text))
        self._remark_all()
        self._explain()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter moves to the next field, or adds a protected setting."""
        field = next((parent for parent in message.input.ancestors if isinstance(parent, Field)), None)
        if field is not None and field.spec.key == ADD_PROTECTED:
            self.perform(self.controller.add_protected(field.value))
        else:
            self.focus_next()

    def on_key(self, event: events.Key) -> None:
        """Text that is typed before the form is there belongs into its first field."""
        if event.is_printable and not self._here:
            event.stop()
            event.prevent_default()
            self._typed_ahead.append(event)

    def on_field_entered(self, message: Field.Entered) -> None:
        """The status line shows a problem in full, or a remark that is cut beside its field."""
        self._here = message.key
        typed, self._typed_ahead = self._typed_ahead, []
        for key in typed:
            self._field(message.key).control.post_message(events.Key(key.key, key.character))
        self.call_after_refresh(self._explain)

    def on_resize(self) -> None:
        """Another width cuts other remarks."""
        self.call_after_refresh(self._explain)

    def _explain(self) -> None:
        form = self.controller.form
        problem = next(iter(form.problems(self._here)), None) if form is not None else None
        words = "; ".join(part for part in (problem.message, problem.hint) if part) if problem is not None else ""
        role = Role.BAD if problem is not None and problem.is_error else Role.WARN
        here = next((field for field in self.query(Field) if field.spec.key == self._here), None)
        cut = here.cut_remark if here is not None else ""
        self.status.rest(((plain(words), role),) if words else ((plain(cut), Role.DIM),) if cut else ())

    # -- painting -----------------------------------------------------------------------------------------------

    def paint(self) -> None:
        """Form and plan, or what is waited for."""
        notice = self._notice()
        panel = self.query_one("#notice", NoticePanel)
        panel.notice = notice.reworded(self.shell.as_typed) if notice is not None else None
        panel.display = notice is not None
        self.query_one("#deploy").display = notice is None
        self._remark_all()
        self._explain()
        self.query_one("#plan-text", Lines).reload()
        self.refresh_frame()

    def _remark_all(self) -> None:
        now = self.controller
        if now.form is None:
            return
        scale_set = now.reading.snapshot.scale_set if now.reading is not None else None
        for field in self.query(Field):
            adding = now.add_problem if field.spec.key == ADD_PROTECTED else ()
            field.remark(adding or remark(now.form, field.spec, now.plan, scale_set, now.syntax))

    def _plan_lines(self, width: int) -> Sequence[Line]:
        now = self.controller
        if now.form is None:
            return ()
        applied = now.reading.applied if now.reading is not None else None
        return plan_lines(now.form, now.plan, now.known_pins(), applied, width, self.shell.as_typed)

    def _notice(self) -> Notice | None:
        if self.controller.form is not None:
            return None
        if self.controller.error is not None:
            return error_notice(
                "The scale set cannot be read",
                self.controller.error,
                f"{key_hint('deploy.plan')}: refresh, {key_hint('app.back')}: back",
            )
        connecting = connection_notice(self.shell.connection, self.now, self.shell.session)
        return connecting or Notice(title=f"Reading {self.controller.target.name}", role=Role.BUSY)

    # -- actions ------------------------------------------------------------------------------------------------

    def do_back(self) -> None:
        """From the plan to the form, from the form to where one came from."""
        if self.has_class("-turned"):
            self.remove_class("-turned")
            return
        self.perform(self.controller.leave())

    def do_plan(self) -> None:
        """Read the set and the files again, then plan."""
        self.perform(self.controller.read_again())

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
        self.perform(self.controller.edit_inline())

    def do_load(self) -> None:
        """Start from a profile."""
        self.perform(self.controller.load())

    def do_rehearse(self) -> None:
        """Rehearse the current plan on a simulated copy."""
        self.perform(self.controller.rehearse())

    def do_save(self) -> None:
        """Save as a profile."""
        self.perform(self.controller.save())

    def do_later(self) -> None:
        """Ask for a time, then as start."""
        self.perform(self.controller.later())

    def do_start(self) -> None:
        """Plan against Azure once more, ask, start."""
        self.perform(self.controller.start())
