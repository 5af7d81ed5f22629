"""The fields of the deploy form as widgets, and the remark beside each: error, warning, or live arithmetic."""

from textual.widget import Widget

from vmss_tui.app.screens.deploy.form import Form
from vmss_tui.app.widgets.form import Field, Heading
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.conditions import gate_words
from vmss_tui.presentation.plan.form import FieldSpec, hint
from vmss_tui.presentation.table import Line
from vmss_tui.profiles.form import choices, form_keys
from vmss_tui.profiles.format.sections import Group
from vmss_tui.profiles.model import WHOLE, LintProblem
from vmss_tui.profiles.preview import preview
from vmss_tui.profiles.protected_changes import source_of
from vmss_tui.text import plain

ADD_PROTECTED = "protected+"
"""Key of the field with which a protected setting is added."""

_INLINE = FieldSpec(key="script.inline", label="Inline script", hint="f4 opens $EDITOR")
_ADD = FieldSpec(
    key=ADD_PROTECTED,
    label="Add",
    placeholder="storageAccountKey $WEB_STORAGE_KEY",
    hint="name and $VARIABLE, @file or ? (asks); enter adds",
)
_MANY = ("script.files", "script.inline")


def specs(group: Group) -> tuple[FieldSpec, ...]:
    """The fields of a group, as the table of keys describes them."""
    return tuple(
        FieldSpec(
            key=path,
            label=key.form.label,
            hint=key.form.hint,
            cells=key.form.cells,
            choices=choices(key),
            placeholder=key.form.placeholder,
        )
        for path, key in form_keys(group)
        if key.form is not None
    )


def fields_of(form: Form) -> list[Widget]:
    """Every field, with a heading over each group."""
    widgets: list[Widget] = []
    if form.profile.variables:
        widgets.append(Heading("VARIABLES", classes="group first"))
        for variable in form.profile.variables:
            spec = FieldSpec(
                key=f"variables.{variable.name}",
                label=variable.name,
                cells=18 if len(form.text(f"variables.{variable.name}")) < 17 else 36,
                hint=plain(variable.help),
                placeholder=plain(variable.default or ""),
            )
            widgets.append(_field(form, spec))
    widgets.append(Heading("SCRIPT", classes="group" if widgets else "group first"))
    widgets += [_field(form, spec) for spec in specs(Group.SCRIPT)]
    widgets.append(_field(form, _INLINE))
    widgets.append(Heading("PROTECTED SETTINGS", classes="group"))
    widgets += [_field(form, _protected(name), secret=True) for name in sorted(form.profile.protected)]
    widgets.append(Field(_ADD, ""))
    widgets.append(Heading("ROLLOUT", classes="group"))
    widgets += [_field(form, spec) for spec in specs(Group.ROLLOUT)]
    widgets.append(Heading("CHANGE RECORD", classes="group"))
    widgets += [_field(form, spec) for spec in specs(Group.RECORD)]
    widgets.append(Heading("ADVANCED", classes="group"))
    widgets += [_field(form, spec) for spec in specs(Group.ADVANCED)]
    return widgets


def _protected(name: str) -> FieldSpec:
    return FieldSpec(key=f"protected.{name}", label="Key Vault" if name == WHOLE else name, hint="empty removes it")


def _field(form: Form, spec: FieldSpec, *, secret: bool = False) -> Field:
    return Field(spec, form.text(spec.key), many=spec.key in _MANY, secret=secret)


def remark(
    form: Form,
    spec: FieldSpec,
    plan: RolloutPlan | None,
    scale_set: ScaleSet | None,
    syntax: tuple[str, tuple[LintProblem, ...]],
) -> Line:
    """The remark beside a field."""
    found = list(form.problems(spec.key))
    if spec.key == "script.inline" and syntax[0] == form.text(spec.key):
        found += syntax[1]
    worst = next((problem for problem in found if problem.is_error), next(iter(found), None))
    if worst is not None:
        sign, role = ("✖", Role.BAD) if worst.is_error else ("▲", Role.WARN)
        return ((f"{sign} {plain(worst.message)}", role), (f"; {plain(worst.hint)}" if worst.hint else "", Role.DIM))
    if spec.key.startswith("protected."):
        return _protected_remark(form, spec.key)
    if spec.key == "script.inline" and form.text(spec.key):
        return ((f"{form.meter()}; f4 opens $EDITOR", Role.DIM),)
    if spec.key == "script.command" and plan is not None:
        runs = next((step.text for step in preview(plan.script) if step.verb == "run"), "")
        return (("runs: ", Role.DIM), (plain(runs), Role.PLAIN))
    gate = form.profile.policy.gate
    once = plan is not None and plan.strategy is Strategy.ROLLING_UPGRADE
    when = "once, before the upgrade" if once else "before every batch"
    words = gate_words(gate, when) if spec.key == "rollout.gate" and gate else hint(spec, plan, scale_set)
    return ((words, Role.DIM),) if words else ()


def _protected_remark(form: Form, key: str) -> Line:
    name = key.removeprefix("protected.")
    ref = form.profile.protected.get(name)
    if ref is None:
        return (("not written: Azure keeps the current value", Role.DIM),)
    problem = form.source_problem(key)
    if problem:
        return ((f"▲ {plain(problem)}", Role.WARN),)
    return (("*** ", Role.DIM), (plain(source_of(ref)), Role.PLAIN))
