"""Profiles: deployment profiles from every place; the third mode.

The store reads and writes the files; nothing here changes Azure.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import SuspendNotSupported
from textual.binding import BindingType

from vmss_tui import duration
from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.editor import run_editor
from vmss_tui.app.effects import Question, Sheet
from vmss_tui.app.empty_states import error_notice
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.prompt import PickScreen, PromptScreen
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.shell import OpenDeploy
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.fleet.rows import FleetView, key_of, shown_entries, table_of, tenant_names
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.profiles.drift import drift_lines
from vmss_tui.presentation.profiles.rows import PROFILES, Known, ProfilesView, path_words, shown_profiles, where_words
from vmss_tui.presentation.scaleset.details import text_lines
from vmss_tui.presentation.table import Line, Row
from vmss_tui.profiles.drift import Drift, fleet_drift
from vmss_tui.profiles.model import LintProblem, lint_file
from vmss_tui.profiles.store.directories import Origin
from vmss_tui.profiles.store.store import ProfileEntry
from vmss_tui.text import counted, seconds_between, wrap

_BUNDLED = "bundled profiles are read-only; n makes a copy of your own"


class ProfilesScreen(ListScreen):
    """The list of profiles."""

    place = Place.PROFILES
    columns = PROFILES.columns
    fields = PROFILES.fields
    hint = "filter: name, origin:user, state:invalid, drift:differs, owner:web-team"
    mode_number = 3
    default_order = "recent"
    more_orders = ("recent",)
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.PROFILES)

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[ProfileEntry, ...] = ()
        self._shown: tuple[ProfileEntry, ...] = ()
        self._error: VmssTuiError | None = None
        self._drifts: dict[str, tuple[Drift, ...]] = {}

    # -- data ---------------------------------------------------------------------------------------------------

    def uncovered(self) -> None:
        """List the files again, and compare them with the fleet as it was last read."""
        store, known = self.shell.session.profiles(), self._fleet()
        try:
            self._entries, self._error = store.list(), None
        except VmssTuiError as error:
            self._error = error
        seen = known.entries if known is not None else ()
        named = self.shell.label_of
        self._drifts = {
            str(entry.path): fleet_drift(store.glance(entry), seen, named=named) for entry in self._entries if seen
        }
        self.redraw()

    def _fleet(self) -> FleetSnapshot | None:
        """The fleet when this session has read it: one of an earlier start has no settings to compare with."""
        known = self.shell.fleet
        return known if known is not None and known.listed else None

    # -- what is shown ------------------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """The profiles of the current view."""
        view = ProfilesView(order=self.order, reverse=self.reverse, terms=self.terms)
        known = Known(now=self.shell.session.clock.now(), drifts=self._drifts)
        entries = [entry for entry in self._entries if not self.faults_only or self._needs_attention(entry)]
        self._shown = shown_profiles(entries, view, known)
        self.grid.set_empty(self.empty_text())
        return tuple(PROFILES.row(entry, known) for entry in self._shown)

    def _needs_attention(self, entry: ProfileEntry) -> bool:
        return bool(entry.problem) or any(not drift.clean for drift in self._drifts.get(str(entry.path), ()))

    def notice(self) -> Notice | None:
        """Nothing there."""
        if self._error is not None:
            return error_notice("The profiles cannot be read", self._error, f"{key_hint('list.refresh')} tries again")
        if self._entries:
            return None
        places = "\n".join(
            f"{place.origin}: {path_words(place.path)}" for place in self.shell.session.profiles().places
        )
        what = "A profile is a TOML file with a script, its variables and a rollout policy. Profiles are read from"
        return Notice(
            title="No profiles yet",
            reason=f"{what}\n{places}",
            steps=(
                f"press {key_hint('app.fleet')}, then {key_hint('fleet.deploy')} on a scale set, "
                f"then {key_hint('deploy.save')} to save the form as a profile",
            ),
        )

    def rest(self) -> Line:
        """Counts, and where the profile under the cursor is."""
        entry = self.current()
        if entry is None:
            return ()
        known = self._fleet()
        at = known.taken_at if known is not None else None
        seen = f"  ·  targets not read yet ({key_hint('app.fleet')} reads them)"
        if at is not None:
            seen = f"  ·  targets as of {duration.ago(seconds_between(at, self.shell.session.clock.now()))}"
        return ((f"{counted(len(self._entries), 'profile')}{seen}  ·  {where_words(entry)}", Role.DIM),)

    def crumbs(self) -> tuple[str, ...]:
        """The third mode."""
        return ("vmss-tui", "profiles")

    def freshness(self) -> Freshness:
        """Files are read as they are."""
        return Freshness(live=True)

    def current(self) -> ProfileEntry | None:
        """The profile under the cursor."""
        key = self.grid.cursor_key
        return next((entry for entry in self._shown if str(entry.path) == key), None)

    def action_state(self) -> ActionState:
        """The profile under the cursor is the subject."""
        state = super().action_state()
        entry = self.current() if state.subject else None
        if entry is None:
            return replace(state, subject="")
        blocked = {"profiles.deploy": f"the profile is invalid: {entry.problem}"} if entry.problem else {}
        if entry.origin is Origin.BUNDLED:
            blocked |= {f"profiles.{verb}": _BUNDLED for verb in ("edit", "rename", "delete")}
        return replace(state, subject=entry.name, blocked=blocked)

    def highlighted(self, key: str | None) -> None:
        """The status line shows its path."""
        self.show_rest()

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter on a profile."""
        self.action_do("profiles.open")

    def do_open(self) -> None:
        """Its targets and its problems, then the text."""
        self._show(problems=True)

    def do_raw(self) -> None:
        """The text alone."""
        self._show(problems=False)

    def _show(self, *, problems: bool) -> None:
        entry = self.current()
        if entry is None:
            return
        try:
            source = self.shell.session.profiles().shown(entry)
        except VmssTuiError as error:
            self.flash(error.in_one_line, Role.BAD)
            return
        found = lint_file(entry.path) if problems else ()
        drifts = self._drifts.get(str(entry.path), ()) if problems else ()

        def show(width: int) -> list[Line]:
            parts = (drift_lines(drifts, width), _problem_lines(found, width), text_lines(source, width))
            return [line for part in parts if part for line in (*part, ())]

        self.app.push_screen(SheetScreen(f"{entry.name} · {entry.path}", Sheet(show, source)))

    @work(group="profile", exclusive=True, exit_on_error=False)
    async def do_deploy(self) -> None:
        """Choose a scale set, the profile's targets first, then plan."""
        entry, snapshot = self.current(), self.shell.fleet
        if entry is None:
            return
        if snapshot is None or not snapshot.entries:
            self.flash("deploy to: the fleet has not been read yet; open it with 1", Role.WARN)
            return
        know = Knowledge(now=self.shell.session.clock.now(), label=self.shell.label_of, tenants=tenant_names(snapshot))
        table = table_of(know)
        targets = self.shell.session.profiles().glance(entry).targets
        found = shown_entries(snapshot, FleetView(), know)
        chosen = {it.id for it in found if targets.choose(it.scale_set)}
        rows = [table.row(it, know) for it in sorted(found, key=lambda it: it.id not in chosen)]
        title = f"Deploy {entry.name} to" + (f" (its {counted(len(chosen), 'target')} first)" if chosen else "")
        key = await self.app.push_screen_wait(PickScreen(title, table.fitted(rows), rows, empty="no scale set matches"))
        if key is not None:
            target = next((entry.id for entry in snapshot.entries if key_of(entry.id) == key), ScaleSetId.parse(key))
            self.shell.open(OpenDeploy(target, entry.name))

    def do_edit(self) -> None:
        """Open it in the editor."""
        entry = self.current()
        if entry is None:
            return
        command = self.shell.session.editor(entry.path)
        try:
            run_editor(command, self.app.suspend)
        except SuspendNotSupported:
            self.flash("edit: this terminal cannot be suspended for an editor", Role.WARN)
        except OSError as problem:
            self.flash(f"edit: {command[0]} cannot be started: {problem.strerror or problem}", Role.BAD)
        self.app.refresh()
        self.uncovered()

    @work(group="profile", exclusive=True, exit_on_error=False)
    async def do_duplicate(self) -> None:
        """Copy it under another name."""
        entry = self.current()
        if entry is None:
            return
        title = f"Copy {entry.name} as"
        name = await self.app.push_screen_wait(PromptScreen(title, value=f"{entry.name}-copy"))
        if name is not None:
            self._place("copied to", lambda: self.shell.session.profiles().duplicate(entry, name))

    @work(group="profile", exclusive=True, exit_on_error=False)
    async def do_rename(self) -> None:
        """Give it another name."""
        entry = self.current()
        if entry is None:
            return
        name = await self.app.push_screen_wait(PromptScreen(f"Rename {entry.name} to", value=entry.name))
        if name is not None and name != entry.name:
            self._place("renamed to", lambda: self.shell.session.profiles().rename(entry, name))

    @work(group="profile", exclusive=True, exit_on_error=False)
    async def do_delete(self) -> None:
        """Delete it, after a confirm."""
        entry = self.current()
        if entry is None:
            return
        question = Question(
            title=f"Delete the profile {entry.name}?",
            yes="Delete",
            details=(((f"The file {entry.path} is deleted. This cannot be undone.", Role.PLAIN),),),
            role=Role.BAD,
        )
        if await self.app.push_screen_wait(ConfirmScreen(question)):
            self._try(lambda: self._delete(entry))

    def _delete(self, entry: ProfileEntry) -> str:
        self.shell.session.profiles().delete(entry)
        return f"deleted {entry.name}"

    def _place(self, done: str, act: Callable[[], Path]) -> None:
        """Make a file, say so, and put the cursor on it."""

        def made() -> str:
            made_at.append(str(act()))
            return f"{done} {made_at[0]}"

        made_at: list[str] = []
        self._try(made)
        for path in made_at:
            self.grid.move_to(path)

    def _try(self, act: Callable[[], str]) -> None:
        try:
            said = act()
        except VmssTuiError as error:
            self.flash(f"{error.message}; {error.hint}" if error.hint else error.message, Role.BAD)
        else:
            self.flash(said)
        self.uncovered()

    def do_copy(self) -> None:
        """Its path."""
        if (entry := self.current()) is not None:
            self.shell.copy(str(Path(entry.path)), "the profile's path")

    def do_refresh(self) -> None:
        """List again."""
        self.uncovered()


def _problem_lines(found: Sequence[LintProblem], width: int) -> list[Line]:
    """What is wrong or unwise, each with its line and its next step."""
    lines: list[Line] = []
    for problem in found:
        sign, role = ("✖", Role.BAD) if problem.is_error else ("▲", Role.WARN)
        at = f"line {problem.line}: " if problem.line else ""
        said = f"{at}{problem.key + ': ' if problem.key else ''}{problem.message}; {problem.hint}".rstrip("; ")
        lines += [((f" {sign if n == 0 else ' '} {part}", role),) for n, part in enumerate(wrap(said, width - 4))]
    return lines
