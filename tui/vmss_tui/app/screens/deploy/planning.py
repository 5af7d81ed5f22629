"""The part of the deploy form that knows: the set as read, what is typed, the plan that follows, files, syntax.

Owns the workers and their messages; how it looks is the subclass's business. Writes nothing to Azure.
"""

from collections.abc import Callable, Sequence

from textual import work

from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.deploy import work as jobs
from vmss_tui.app.screens.deploy.form import Form
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.pinned_files import look_at
from vmss_tui.engine.prepare import compose
from vmss_tui.errors import ProfileInvalid, VmssTuiError
from vmss_tui.ports import FilePin
from vmss_tui.presentation.glyphs import Role
from vmss_tui.profiles.lint.shell import check_syntax
from vmss_tui.profiles.model import LintProblem
from vmss_tui.profiles.store.drafts import Drafts

PLAN_AFTER = 0.15
DRAFT_AFTER = 1.0
"""Seconds of typing that one plan, and one writing of the draft, cover."""


class PlanningScreen(BaseScreen):
    """What is typed for one scale set, and the plan that follows from it."""

    def __init__(self, target: ScaleSetId) -> None:
        super().__init__()
        self.target = target
        self.form: Form | None = None
        self.snapshot: SetSnapshot | None = None
        self.plan: RolloutPlan | None = None
        self.pins: dict[str, FilePin] = {}
        self.applied: ScriptConfig | None = None
        self.paces: Sequence[Sequence[float]] = ()
        self.error: VmssTuiError | None = None
        self.syntax: tuple[str, tuple[LintProblem, ...]] = ("", ())
        self.drafts = Drafts()
        self._due: set[str] = set()

    # -- what the subclass fills in -----------------------------------------------------------------------------

    def begin(self, snapshot: SetSnapshot) -> None:
        """The set was read for the first time."""

    def paint(self) -> None:
        """Show remarks, plan and notices as they are now."""

    # -- reading ------------------------------------------------------------------------------------------------

    @work(group="read", exclusive=True, exit_on_error=False)
    async def read(self) -> None:
        """Read the set, when somebody is signed in."""
        azure, session = self.shell.connection.azure, self.shell.session
        if azure is None:
            return
        self.post_message(jobs.Waits(jobs.READING))
        try:
            self.post_message(await jobs.read(azure, self.target, session.clock, session))
        except VmssTuiError as error:
            self.post_message(jobs.WorkFailed(jobs.READING, error))

    def on_waits(self, message: jobs.Waits) -> None:
        """Say what is waited for."""
        self.status.wait(message.what, since=self.now)

    def on_set_read(self, message: jobs.SetRead) -> None:
        """The first reading makes the form; later ones only renew the plan."""
        self.status.arrived(jobs.READING)
        self.snapshot, self.applied = message.snapshot, message.applied
        self.paces = message.paces
        self.error = None
        if self.form is None:
            self.begin(message.snapshot)
        self.changed()

    def on_work_failed(self, message: jobs.WorkFailed) -> None:
        """Say why; what was typed stays."""
        self.status.arrived(message.what)
        if self.form is None:
            self.error = message.error
        else:
            self.flash(" ".join(each for each in (message.error.message, message.error.hint) if each), Role.BAD)
        self.paint()

    # -- planning -----------------------------------------------------------------------------------------------

    def typed(self, key: str, text: str) -> None:
        """Judge what was typed at once; plan and keep a draft a moment later."""
        if self.form is None:
            return
        self.form.edit(key, text)
        self.soon("plan", PLAN_AFTER, self.changed)
        if self.form.dirty:
            self.soon("draft", DRAFT_AFTER, self.keep_draft)
        if key == "script.inline":
            self.check_syntax(text)

    def soon(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        """Do it once, a moment from now, however often it is asked for until then."""
        if what in self._due:
            return
        self._due.add(what)

        def now() -> None:
            self._due.discard(what)
            if self.is_attached:
                do()

        self.set_timer(seconds, now)

    def changed(self) -> None:
        """Plan from what is typed and what was last read; look at files that nobody has looked at yet."""
        if self.form is not None and self.snapshot is not None:
            self.plan = self._composed(self.form, self.snapshot)
            self._look_at_new_files()
        self.paint()

    def _composed(self, form: Form, snapshot: SetSnapshot) -> RolloutPlan | None:
        """The plan of what is typed; None while something is missing or wrong."""
        try:
            wish = form.wish(snapshot.scale_set, names=self.shell.label_of.names, history=self.paces)
        except ProfileInvalid:
            return None
        return compose(wish, snapshot, self._pins_of(wish.files), self.shell.session.clock)

    def known_pins(self) -> tuple[FilePin, ...]:
        """What is known of the plan's files."""
        return self._pins_of(self.plan.script.file_uris if self.plan is not None else ())

    def _pins_of(self, uris: Sequence[str]) -> tuple[FilePin, ...]:
        return tuple(self.pins[uri] for uri in uris if uri in self.pins)

    def _look_at_new_files(self) -> None:
        uris = self.plan.script.file_uris if self.plan is not None else ()
        unknown = [uri for uri in uris if uri not in self.pins and uri.startswith("https://")]
        if unknown and self.shell.connection.azure is not None and not self.is_working("files"):
            self.look_at(tuple(unknown))

    @work(group="files", exit_on_error=False)
    async def look_at(self, uris: Sequence[str]) -> None:
        """Fetch and hash."""
        azure = self.shell.connection.azure
        if azure is not None:
            self.post_message(jobs.FilesLookedAt(await look_at(azure, uris)))

    def on_files_looked_at(self, message: jobs.FilesLookedAt) -> None:
        """Sizes, hashes, what may change."""
        self.pins.update({pin.uri: pin for pin in message.pins})
        self.soon("plan", PLAN_AFTER, self.changed)

    @work(group="syntax", exclusive=True, exit_on_error=False)
    async def check_syntax(self, text: str) -> None:
        """Ask the shell, a moment after the last key."""
        await self.shell.session.clock.sleep(0.4)
        self.post_message(jobs.SyntaxChecked(text, await check_syntax(text) if text.strip() else ()))

    def on_syntax_checked(self, message: jobs.SyntaxChecked) -> None:
        """Show what it said."""
        self.syntax = (message.text, message.problems)
        self.paint()

    # -- drafts -------------------------------------------------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether anything was typed."""
        return self.form is not None and self.form.dirty

    @property
    def draft_name(self) -> str:
        """What the draft is kept under."""
        return f"deploy {'/'.join(self.target.key)}"

    def on_unmount(self) -> None:
        """The window is closed, perhaps by a line that dropped: the last second of typing counts too."""
        self.keep_draft()

    def keep_draft(self) -> None:
        """Remember what is typed; protected values never are."""
        if self.form is not None and self.form.dirty:
            self.drafts.keep(self.draft_name, self.form.texts(), self.shell.session.clock.now())

    def may_leave(self) -> str:
        """What would be lost."""
        return f"the form for {self.target.name} is not started (it is kept as a draft)" if self.unsaved else ""
