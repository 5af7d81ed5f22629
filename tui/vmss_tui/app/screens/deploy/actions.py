"""What can be done from the deploy form: drafts, profiles, the editor, and the way from a plan to a running rollout.

Every question is asked before anything happens; only `session.start` changes anything.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from vmss_tui import duration
from vmss_tui.app.screens.deploy.form import Form, start_from_profile
from vmss_tui.app.screens.deploy.work import PLANNING, ReadyToStart, WorkFailed, edit_text
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen, Question
from vmss_tui.app.screens.dialogs.confirm_rollout import SecretScreen, outside_window_prompt, start_question
from vmss_tui.app.screens.dialogs.prompt import PickScreen, PromptScreen
from vmss_tui.app.widgets.form import Field
from vmss_tui.domain.fleet.script import HandlerOs, Secret
from vmss_tui.domain.plan.checks.maintenance import allow_outside, refused_by_window
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.prepare import prepare
from vmss_tui.errors import ProfileInvalid, SaveRefused, VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan import lines as told
from vmss_tui.presentation.profiles import rows as lists
from vmss_tui.presentation.table import Line
from vmss_tui.profiles.preview import preview
from vmss_tui.profiles.protected_changes import protected_changes
from vmss_tui.profiles.secrets import needs_asking, travelling
from vmss_tui.text import plain, seconds_between

if TYPE_CHECKING:
    from vmss_tui.app.screens.deploy.screen import DeployScreen

Callback = Callable[[], None]


def _words(error: VmssTuiError) -> str:
    return " ".join(each for each in (error.message, error.hint) if each)


# -- the plan beside the form ---------------------------------------------------------------------------------------


def plan_lines(screen: "DeployScreen", width: int) -> Sequence[Line]:
    """The right side: the plan, or what must be put right before there is one."""
    form, plan = screen.form, screen.plan
    if form is None:
        return ()
    if plan is None:
        key = form.first_error or ""
        problem = next(iter(form.problems(key)), None)
        what = f"{key.split('.', 1)[-1]} {problem.message}" if problem is not None else "something is missing"
        return (
            (("NO PLAN YET", Role.ACCENT),),
            ((f"  ✖ {plain(what)}", Role.BAD),),
            *(((f"  ✖ {plain(each.message)}", Role.BAD),) for each in form.loose if each.is_error),
        )
    protected = [
        told.ProtectedLine(each.name, each.word.value, each.source)
        for each in protected_changes(plan.previous, plan.script, screen.applied)
    ]
    steps = [(each.verb, each.text) for each in preview(plan.script)]
    return told.sections(plan, width, files=screen.known_pins(), protected=protected, steps=steps)


# -- drafts, leaving ------------------------------------------------------------------------------------------------


def offer_draft(screen: "DeployScreen") -> None:
    """Ask whether to go on with what was typed and not started; only a deliberate answer throws it away."""
    found = screen.drafts.find(screen.draft_name)
    form = screen.form
    if found is None or form is None:
        return
    texts, at = found
    if all(texts.get(key, text) == text for key, text in form.texts().items()):
        screen.drafts.drop(screen.draft_name)
        return
    when = duration.ago(seconds_between(at, screen.shell.session.clock.now()))

    def answered(afresh: bool | None) -> None:
        if afresh:
            screen.drafts.drop(screen.draft_name)
        else:
            _restore(screen, texts)

    screen.app.push_screen(
        ConfirmScreen(
            Question(
                title=f"Go on with what you typed {when}?",
                yes="Start afresh",
                no="Go on",
                details=((("It was neither started nor saved. Starting afresh throws it away.", Role.PLAIN),),),
                role=Role.ACCENT,
            )
        ),
        answered,
    )


def _restore(screen: "DeployScreen", texts: Mapping[str, str]) -> None:
    if screen.form is None or screen.snapshot is None:
        return
    name = texts.get("profile", "")
    if name and name != screen.form.profile.name:
        try:
            screen.use(start_from_profile(name, screen.snapshot.scale_set, screen.shell.session.profiles()))
        except VmssTuiError as error:
            screen.flash(_words(error), Role.WARN)
    screen.form.restore(texts)
    screen.rebuild()
    screen.flash("your draft is back", Role.OK)


def leave(screen: "DeployScreen", go: Callback) -> None:
    """Close the form; ask first when something was typed."""
    if not screen.unsaved:
        go()
        return
    screen.keep_draft()

    def answered(yes: bool | None) -> None:
        if yes:
            go()

    screen.app.push_screen(
        ConfirmScreen(
            Question(
                title=f"Leave the form for {screen.target.name}?",
                yes="Leave",
                no="Stay",
                details=((("What you typed is kept as a draft and offered when you come back.", Role.PLAIN),),),
            )
        ),
        answered,
    )


# -- protected settings, editor -------------------------------------------------------------------------------------


def add_protected(screen: "DeployScreen", field: Field) -> None:
    """`name reference` becomes a protected setting."""
    if screen.form is None:
        return
    name, _, reference = field.value.strip().partition(" ")
    problems = screen.form.add_protected(name, reference.strip()) if name else ()
    if problems:
        screen.add_problem = ((f"✖ {plain(problems[0].message)}; {plain(problems[0].hint)}", Role.BAD),)
        field.remark(screen.add_problem)
    elif name:
        screen.keep_draft()
        screen.rebuild()


def edit_inline(screen: "DeployScreen") -> None:
    """Lend the terminal to the editor and take the text back."""
    if screen.form is None:
        return
    windows = screen.form.profile.script.os is HandlerOs.WINDOWS
    if windows:
        screen.flash("the Windows handler takes no inline script: use files and a command", Role.WARN)
        return
    before = screen.form.text("script.inline") or "#!/bin/sh\nset -eu\n"
    try:
        after = edit_text(screen.app, screen.shell.session, before, ".sh")
    except SuspendNotSupported:
        screen.flash("this terminal cannot be lent to an editor; type the script into the field", Role.WARN)
        return
    except OSError as error:
        screen.flash(f"the editor cannot be started: {error.strerror or error}", Role.BAD)
        return
    screen.app.refresh()
    field = next(each for each in screen.query(Field) if each.spec.key == "script.inline")
    field.set_value(after)


# -- profiles -------------------------------------------------------------------------------------------------------


def load(screen: "DeployScreen") -> None:
    """Choose a profile and start from it."""
    if screen.snapshot is None:
        return
    store, of = screen.shell.session.profiles(), screen.snapshot.scale_set
    entries = [each for each in store.list() if not each.problem and not each.shadowed]
    now = screen.shell.session.clock.now()
    table, known = lists.PROFILES.without("drift"), lists.Known(now=now)
    rows = [table.row(each, known) for each in entries]

    def picked(key: str | None) -> None:
        entry = next((each for each in entries if str(each.path) == key), None)
        if entry is None:
            return
        if not screen.unsaved:
            replaced(True, entry.name)
            return
        question = Question(title=f"Replace what you typed by the profile {entry.name}?", yes="Replace")
        screen.app.push_screen(ConfirmScreen(question), lambda yes: replaced(yes, entry.name))

    def replaced(yes: bool | None, name: str) -> None:
        if not yes:
            return
        try:
            start = start_from_profile(name, of, store)
        except VmssTuiError as error:
            screen.flash(_words(error), Role.BAD)
            return
        screen.drafts.drop(screen.draft_name)
        screen.use(start)

    screen.app.push_screen(
        PickScreen(f"Load a profile for {screen.target.name}", table.columns, rows, empty="there is none"),
        picked,
    )


def save(screen: "DeployScreen", *, overwrite: bool = False, name: str = "") -> None:
    """Ask for a name and save; what would be lost is asked about."""
    form = screen.form
    if form is None:
        return
    if not name:
        _ask_name(screen, form.profile.name)
        return
    try:
        path = screen.shell.session.profiles().save(form.renamed(name), overwrite=overwrite)
    except SaveRefused as refused:
        _refused(screen, refused, name)
    except VmssTuiError as error:
        screen.flash(_words(error), Role.BAD)
    else:
        form.saved(screen.shell.session.profiles().get(str(path)))
        screen.drafts.drop(screen.draft_name)
        screen.keep_draft()
        screen.flash(f"saved to {path}", Role.OK)
        screen.refresh_frame()


def _ask_name(screen: "DeployScreen", name: str) -> None:
    def named(typed: str | None) -> None:
        if typed is not None:
            save(screen, name=typed)

    screen.app.push_screen(PromptScreen("Save as profile", value=name), named)


def _refused(screen: "DeployScreen", refused: SaveRefused, name: str) -> None:
    """Offer another name; to overwrite only where nobody else's change is lost; esc saves nothing."""
    if refused.reason == "rights":
        screen.flash(_words(refused), Role.BAD)
        return
    replaceable = refused.reason in ("exists", "comments")

    def answered(yes: bool | None) -> None:
        if yes is None:
            return
        if yes and replaceable:
            save(screen, overwrite=True, name=name)
        elif replaceable or yes:
            _ask_name(screen, f"{name}-copy")

    buttons = ("Save as …", "Overwrite") if replaceable else ("No", "Save as …")
    hint = (((refused.hint, Role.PLAIN),),) if refused.hint else ()
    question = Question(title=refused.message, no=buttons[0], yes=buttons[1], details=hint)
    screen.app.push_screen(ConfirmScreen(question), answered)


# -- start ----------------------------------------------------------------------------------------------------------


def begin_start(screen: "DeployScreen") -> None:
    """Check the form, then plan against what Azure says now."""
    form = screen.form
    if form is None:
        return
    try:
        wrong, words = _first_problem(form)
    except ProfileInvalid as error:
        screen.flash(_words(error), Role.BAD)
        return
    if wrong:
        screen.flash(f"not yet: {wrong.split('.', 1)[-1]} {words}", Role.BAD)
        next(each for each in screen.query(Field) if each.spec.key == wrong).take_keyboard()
        return
    screen.status.wait(PLANNING, since=screen.now)
    screen.run_worker(_preflight(screen), group="start", exclusive=True, exit_on_error=False)


def _first_problem(form: Form) -> tuple[str, str]:
    key = form.first_error
    if key is not None:
        return key, form.problems(key)[0].message
    for each in sorted(form.profile.protected):
        problem = form.source_problem(f"protected.{each}")
        if problem:
            return f"protected.{each}", f"cannot be found: {problem}"
    return form.record_problem()


async def _preflight(screen: "DeployScreen") -> None:
    form, snapshot, azure = screen.form, screen.snapshot, screen.shell.connection.azure
    if form is None or snapshot is None or azure is None:
        return
    try:
        wish = form.wish(snapshot.scale_set, names=screen.shell.label_of.names, history=screen.paces)
        prepared = await prepare(azure, wish, screen.shell.session.clock)
    except VmssTuiError as error:
        screen.post_message(WorkFailed(PLANNING, error))
    else:
        screen.post_message(ReadyToStart(prepared.plan, prepared.pins))


def ask_and_start(screen: "DeployScreen", plan: RolloutPlan) -> None:
    """Refuse with the reason, or ask for what only a person has, then for yes or no, then start."""
    if plan.refusals and not refused_by_window(plan):
        screen.flash(f"cannot start: {plan.refusals[0].message}", Role.BAD)
        screen.add_class("-turned")
        return
    if not plan.affected:
        screen.flash("there is nothing to do: every instance is left out or runs it already", Role.WARN)
        return
    screen.run_worker(_ask(screen, plan), group="start", exclusive=True, exit_on_error=False)


async def _ask(screen: "DeployScreen", plan: RolloutPlan) -> None:
    if refused_by_window(plan):
        reason = await screen.app.push_screen_wait(outside_window_prompt(plan))
        if reason is None:
            return
        plan = allow_outside(plan, reason)
    given: dict[str, Secret] = {}
    for name, question in needs_asking(plan.script.protected).items():
        value = await screen.app.push_screen_wait(SecretScreen(question))
        if value is None:
            return
        given[name] = value
    tags = screen.snapshot.scale_set.tags if screen.snapshot is not None else {}
    if not await screen.app.push_screen_wait(ConfirmScreen(start_question(plan, tags))):
        return
    form = screen.form
    if form is None:
        return
    try:
        secrets = travelling(plan.script.protected, given=given)
        report = form.report()
        rollout = await screen.shell.session.start(plan, secrets=secrets, why=report.why, ticket=report.ticket)
    except VmssTuiError as error:
        screen.flash(_words(error), Role.BAD)
        return
    _started(screen, rollout)


def _started(screen: "DeployScreen", rollout: str) -> None:
    screen.drafts.drop(screen.draft_name)
    form, shell = screen.form, screen.shell
    if form is not None:
        form.dirty = False
        with suppress(VmssTuiError):
            shell.session.profiles().used(form.saved_as, shell.session.clock.now())
    shell.pop_screen()
    shell.open_rollout(rollout)
