"""The plan beside the deploy form in words. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from vmss_tui.app.screens.deploy.form import Form
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.ports import FilePin
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.lines import ProtectedLine, sections
from vmss_tui.presentation.table import Line
from vmss_tui.profiles.preview import preview
from vmss_tui.profiles.protected_changes import protected_changes
from vmss_tui.text import plain


def plan_lines(
    form: Form,
    plan: RolloutPlan | None,
    pins: Sequence[FilePin],
    applied: ScriptConfig | None,
    width: int,
    as_typed: Callable[[str], str] = str,
) -> Sequence[Line]:
    """The plan in words, or what must be put right before there is one; commands as `as_typed` writes them."""
    if plan is None:
        return _no_plan(form)
    findings = (replace(it, message=as_typed(it.message), hint=as_typed(it.hint)) for it in plan.findings)
    plan = replace(plan, findings=tuple(findings))
    protected = [
        ProtectedLine(change.name, change.word.value, change.source)
        for change in protected_changes(plan.previous, plan.script, applied)
    ]
    steps = [(step.verb, step.text) for step in preview(plan.script)]
    return sections(plan, width, files=pins, protected=protected, steps=steps)


def _no_plan(form: Form) -> Sequence[Line]:
    key = form.first_error or ""
    problem = next(iter(form.problems(key)), None)
    what = f"{key.split('.', 1)[-1]} {problem.message}" if problem is not None else "something is missing"
    return (
        (("NO PLAN YET", Role.ACCENT),),
        ((f"  ✖ {plain(what)}", Role.BAD),),
        *(((f"  ✖ {plain(loose.message)}", Role.BAD),) for loose in form.loose if loose.is_error),
    )
