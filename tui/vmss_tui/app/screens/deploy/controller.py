"""What the deploy form knows and does: the set as read, what is typed, the plan that follows, drafts, the start.

Owns no widget; the screen gets its tasks as effects. Every question is asked before anything happens; only
`session.start` changes anything. Must not import Textual.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import (
    Ask,
    Close,
    Complain,
    EditText,
    Effects,
    FillField,
    FocusField,
    Later,
    Question,
    RebuildFields,
    Repaint,
    Replace,
    Say,
    ShowPlan,
    Work,
)
from vmss_tui.app.launch import ask_and_start, ask_when, cannot_start
from vmss_tui.app.screens.deploy.draft import FormDraft
from vmss_tui.app.screens.deploy.form import Form, Start, start_from_profile, start_from_set
from vmss_tui.app.screens.deploy.plan_files import PlanFiles
from vmss_tui.app.screens.deploy.profile_file import ProfileSaver, pick_profile
from vmss_tui.app.screens.deploy.read_set import WatchedSet, known, read
from vmss_tui.app.screens.deploy.rehearse import ask_and_rehearse
from vmss_tui.app.session import Session
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.prepare import Names, RolloutWish, compose
from vmss_tui.engine.schedule.start_later import AT_ONCE, StartTime, prepare_for
from vmss_tui.errors import ProfileInvalid, UsageError, VmssTuiError
from vmss_tui.ports import FilePin
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line
from vmss_tui.profiles.lint.shell import check_syntax
from vmss_tui.profiles.model import LintProblem
from vmss_tui.profiles.plan_findings import syntax_findings
from vmss_tui.text import plain

READING = "reading the scale set"
PLANNING = "reading Azure and planning"
"""The current wait, in words."""

PLAN_AFTER = 0.15
DRAFT_AFTER = 1.0
"""Seconds of typing that one plan, and one writing of the draft, cover."""
_SYNTAX_AFTER = 0.4
"""Seconds without a key before the shell is asked about the script."""


class DeployController:
    """One form for one scale set, from the first reading to the start."""

    def __init__(
        self,
        target: ScaleSetId,
        session: Session,
        connection: Callable[[], Connection],
        names: Names,
        *,
        profile: str = "",
    ) -> None:
        """`names` names versions; `profile` is the one to start from, empty starts from what the set has."""
        self.target = target
        self._session = session
        self._connection = connection
        self._names = names
        self._profile = profile
        self.form: Form | None = None
        self.reading: WatchedSet | None = None
        self.plan: RolloutPlan | None = None
        self._files = PlanFiles(PLAN_AFTER)
        self.error: VmssTuiError | None = None
        """Why the set could not be read; only before the form is there."""
        self.syntax: tuple[str, tuple[LintProblem, ...]] = ("", ())
        """A script and what the shell said of it."""
        self.add_problem: Line = ()
        """The error in the protected setting that is being added."""
        self.draft = FormDraft(target, session.clock, kept=not session.guest)

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self) -> Effects:
        """Read the set, once signed in. The first reading makes the form; later ones only renew the plan."""
        connected = self._connection().azure is not None
        return (Work(group="read", job=self._read, waiting=READING),) if connected else ()

    def read_again(self) -> Effects:
        """Read the set and the files again, then plan."""
        self._files.forget()
        return self.read()

    async def _read(self) -> Effects:
        azure = self._connection().azure
        if azure is None:
            return ()
        try:
            reading = await read(azure, self.target, self._session)
        except VmssTuiError as error:
            return self._not_read(error)
        return self.arrived(reading)

    def arrived(self, reading: WatchedSet) -> Effects:
        """The set was read."""
        self.reading, self.error = reading, None
        if self.form is not None:
            return self.planned()
        store, scale_set = self._session.profiles(), reading.snapshot.scale_set
        said: Effects = ()
        try:
            start = (
                start_from_profile(self._profile, scale_set, store)
                if self._profile
                else start_from_set(scale_set, store)
            )
        except VmssTuiError as error:
            said = (Say(f"{error.message}; using the values of the scale set", Role.WARN),)
            start = start_from_set(scale_set, store)
        return (*said, *self.use(start), *self._offered_draft())

    def _not_read(self, error: VmssTuiError) -> Effects:
        """Typed text stays."""
        if self.form is not None:
            return (Complain(error), Repaint())
        self.error = error
        return (Repaint(),)

    def use(self, start: Start) -> Effects:
        """Fill the form from a start."""
        self.form = Form(start)
        return (RebuildFields(), *self.planned())

    # -- planning -----------------------------------------------------------------------------------------------

    def typed(self, key: str, text: str) -> Effects:
        """Judge what was typed at once; plan and keep a draft a moment later."""
        if self.form is None:
            return ()
        self.form.edit(key, text)
        plan = Later("plan", PLAN_AFTER, self.planned)
        draft: Effects = (Later("draft", DRAFT_AFTER, self.keep_draft),) if self.form.dirty else ()
        syntax: Effects = (Work(group="syntax", job=lambda: self._check_syntax(text)),)
        return (plan, *draft, *(syntax if key == "script.inline" else ()))

    def planned(self) -> Effects:
        """Plan from what is typed and what was last read; fetch files that were not fetched yet."""
        if self.form is None or self.reading is None:
            return (Repaint(),)
        try:
            wish = self._wish(self.form, self.reading)
        except UsageError:
            self.plan = None
        else:
            plan = compose(wish, self.reading.snapshot, self._files.of(wish.files), self._session.clock)
            self.plan = self.reading.naming_others(plan)
        return (*self._files.fetch_new(self._uris, self._connection().azure, self.planned), Repaint())

    def _wish(self, form: Form, reading: WatchedSet) -> RolloutWish:
        scale_set, known, hooks = reading.snapshot.scale_set, reading.known_versions, self._session.hooks
        wish = form.wish(scale_set, names=self._names, history=reading.history, known_versions=known, hooks=hooks)
        return replace(wish, rules=self._session.rules())

    @property
    def _uris(self) -> tuple[str, ...]:
        return self.plan.script.file_uris if self.plan is not None else ()

    def known_pins(self) -> tuple[FilePin, ...]:
        """The results of reading the plan's files."""
        return self._files.of(self._uris)

    async def _check_syntax(self, text: str) -> Effects:
        await self._session.clock.sleep(_SYNTAX_AFTER)
        self.syntax = (text, await check_syntax(text) if text.strip() else ())
        return (Repaint(),)

    # -- drafts, leaving ----------------------------------------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether anything was typed."""
        return self.form is not None and self.form.dirty

    def keep_draft(self) -> Effects:
        """Remember what is typed."""
        self.draft.keep(self.form)
        return ()

    def _offered_draft(self) -> Effects:
        return self.draft.offer(self.form, self._restore) if self.form is not None else ()

    def _restore(self, texts: Mapping[str, str]) -> Effects:
        if self.form is None or self.reading is None:
            return ()
        said: Effects = (Say("draft restored", Role.OK),)
        name = texts.get("profile", "")
        if name and name != self.form.profile.name:
            try:
                start = start_from_profile(name, self.reading.snapshot.scale_set, self._session.profiles())
            except VmssTuiError as error:
                said = (Complain(error),)
            else:
                self.form = Form(start)
        self.form.restore(texts)
        return (RebuildFields(), *said, *self.planned())

    def may_leave(self) -> str:
        """What would be lost."""
        kept = "" if self._session.guest else " (kept as a draft)"
        return f"The form for {self.target.name} has unsaved changes{kept}" if self.unsaved else ""

    def leave(self) -> Effects:
        """Close the form; ask first when something was typed."""
        if not self.unsaved:
            return (Close(),)
        self.keep_draft()
        return (Ask(_leave_question(self.target.name, self.draft.fate), lambda yes: (Close(),) if yes else ()),)

    # -- fields with a life of their own ------------------------------------------------------------------------

    def add_protected(self, text: str) -> Effects:
        """`name reference` becomes a protected setting."""
        name, _, reference = text.strip().partition(" ")
        if self.form is None or not name:
            return ()
        problems = self.form.add_protected(name, reference.strip())
        if problems:
            self.add_problem = ((f"✖ {plain(problems[0].message)}; {plain(problems[0].hint)}", Role.BAD),)
            return (Repaint(),)
        self.add_problem = ()
        self.keep_draft()
        return (RebuildFields(), *self.planned())

    def edit_inline(self) -> Effects:
        """The inline script in the user's editor."""
        if self.form is None:
            return ()
        if self.form.profile.script.os is HandlerOs.WINDOWS:
            return (Say("the Windows handler has no inline scripts: use files and a command", Role.WARN),)
        before = self.form.text("script.inline") or "#!/bin/sh\nset -eu\n"
        return (EditText(before, ".sh", lambda after: (FillField("script.inline", after),)),)

    # -- profiles -----------------------------------------------------------------------------------------------

    def load(self) -> Effects:
        """Choose a profile and start from it; typed text is replaced only after a question."""
        if self.reading is None:
            return ()

        def picked(name: str) -> Effects:
            if not self.unsaved:
                return self._start_from(name)
            question = Question(title=f"Replace your changes with the profile {name}?", yes="Replace")
            return (Ask(question, lambda yes: self._start_from(name) if yes else ()),)

        title = f"Load a profile for {self.target.name}"
        return pick_profile(title, self._session.profiles(), self._session.clock.now(), picked)

    def _start_from(self, name: str) -> Effects:
        if self.reading is None:
            return ()
        try:
            start = start_from_profile(name, self.reading.snapshot.scale_set, self._session.profiles())
        except VmssTuiError as error:
            return (Complain(error),)
        self.draft.drop()
        return self.use(start)

    def save(self) -> Effects:
        """Ask for a name and save as a profile."""
        if self.form is None:
            return ()
        return ProfileSaver(self.form, self._session.profiles(), self._saved).ask_name(self.form.profile.name)

    def _saved(self, path: Path) -> Effects:
        self.draft.drop()
        self.keep_draft()
        return (Say(f"saved to {path}", Role.OK), Repaint())

    # -- start --------------------------------------------------------------------------------------------------

    def later(self) -> Effects:
        """Ask when to start, then as `start`."""
        return ask_when(self._session.clock.now(), self.plan is not None and not self.plan.timetable.free, self.start)

    def start(self, when: StartTime = AT_ONCE) -> Effects:
        """Check the form, plan against what Azure says now, ask, start."""
        if self.form is None:
            return ()
        return self._not_yet(self.form) or (Work(group="start", job=lambda: self._plan_now(when), waiting=PLANNING),)

    def rehearse(self) -> Effects:
        """Check the form, plan what is typed, ask for faults, rehearse on a copy."""
        if self.form is None or self.reading is None:
            return ()
        problem = self._not_yet(self.form)
        if problem:
            return problem
        planned = self.planned()
        return (*planned, *ask_and_rehearse(self.plan, self.reading.snapshot, self._session))

    def _not_yet(self, form: Form) -> Effects:
        """The first problem of the form; empty without one."""
        try:
            key, problem = form.first_problem()
        except ProfileInvalid as error:
            return (Complain(error),)
        return (Say(f"not yet: {key.split('.', 1)[-1]} {problem}", Role.BAD), FocusField(key)) if key else ()

    async def _plan_now(self, when: StartTime) -> Effects:
        azure = self._connection().azure
        if self.form is None or self.reading is None or azure is None:
            return ()
        wish, syntax = self._wish(self.form, self.reading), await syntax_findings(self.form.profile)
        wish = replace(wish, profile_findings=(*syntax, *wish.profile_findings))
        prepared, at = await prepare_for(azure, wish, self._session.clock, when)
        self._files.keep(prepared.pins)
        self.reading = known(prepared.snapshot, self._session)
        self.plan = plan = self.reading.naming_others(prepared.plan, at_once=at is None)
        report = self.form.report()
        asked = ask_and_start(
            plan,
            prepared.snapshot.scale_set.tags,
            self._session,
            why=report.why,
            ticket=report.ticket,
            when=StartTime(at, when.at_window),
            started=self._started,
        )
        return (Repaint(), *asked, *((ShowPlan(),) if cannot_start(plan) else ()))

    def _started(self, rollout: str) -> Effects:
        self.draft.drop()
        if self.form is not None:
            self.form.dirty = False
            with suppress(VmssTuiError):
                self._session.profiles().used(self.form.saved_as, self._session.clock.now())
        snapshot = self.reading.snapshot if self.reading is not None else None
        return (Replace(OpenRollout(rollout, snapshot=snapshot)),)


def _leave_question(name: str, fate: str) -> Question:
    """Whether to leave the form of a set; `fate` says what becomes of what was typed."""
    return Question(title=f"Leave the form for {name}?", yes="Leave", no="Stay", details=(((fate, Role.PLAIN),),))
