"""From typed values to a `Profile`: the one place that knows both the file's words and the dataclasses.

Missing or refused values take their defaults, so that a profile with problems can still be checked as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import (
    HANDLERS,
    LINUX,
    WINDOWS,
    Handler,
    HandlerOs,
    SecretRef,
    SecretSource,
)
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import BatchStep, ExternalGate, Hook, RolloutPolicy
from vmss_tui.paths import expanded
from vmss_tui.profiles.format.document import Document, read_text
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import Profile, ReportFields, Rerun, Script, Targets, Variable
from vmss_tui.profiles.format.reading import Reading

Table = Mapping[str, Any]

POLICY_FIELDS = {
    "pause": "pause_seconds",
    "unhealthy": "unhealthy_percent",
    "unhealthy_upgraded": "unhealthy_upgraded_percent",
    "failure_budget": "failure_budget",
    "min_healthy": "min_healthy_seconds",
    "health_wait": "health_wait_seconds",
    "batch_deadline": "batch_deadline_seconds",
    "soak": "soak_seconds",
    "cross_zone": "cross_zone",
    "prioritise_unhealthy": "prioritise_unhealthy",
    "rollback_on_breach": "rollback_on_breach",
    "surge": "surge",
    "canary": "canary",
    "exclude": "exclude",
    "restore_policy": "restore_policy",
    "suspend_repairs": "suspend_repairs",
}
"""Keys of `[rollout]` that are fields of `RolloutPolicy` as they stand."""


def build(document: Document, fallback: str) -> tuple[Profile, tuple[LintProblem, ...]]:
    """The profile of a document, named `fallback` when it has no name; and every problem of its structure."""
    reading = Reading()
    table = reading.read(document.data)
    problems = reading.problems
    script = table.get("script", {})
    policy, given = _policy(table.get("rollout", {}), script, _hooks(table.get("hooks", ()), problems))
    policy = replace(policy, window=_window(table.get("window"), problems))
    path = document.layers[0].path if document.layers else None
    made = _script(script, document, problems)
    profile = Profile(
        name=table.get("name") or fallback,
        description=table.get("description", ""),
        owner=table.get("owner", ""),
        base=table.get("base", False),
        targets=_targets(table.get("targets", {}), problems),
        variables=tuple(_variable(name, each, problems) for name, each in table.get("variables", {}).items()),
        script=made,
        protected={name: _anchored(ref, name, document) for name, ref in table.get("protected", {}).items()},
        forced=frozenset(reading.forced),
        policy=policy,
        policy_given=given,
        report=ReportFields(**table.get("report", {})),
        accept=table.get("lint", {}).get("accept", ()),
        extends=table.get("extends", ""),
        path=path,
        stamp=document.layers[0].stamp if document.layers else "",
        sources=_sources(document, made),
    )
    return profile, tuple(problems)


def _sources(document: Document, script: Script) -> tuple[Path, ...]:
    inline = (Path(script.inline_file),) if script.inline_file else ()
    return (*(each.path for each in document.layers if each.path is not None), *inline)


def _targets(table: Table, problems: list[LintProblem]) -> Targets:
    ids = []
    for index, each in enumerate(table.get("ids", ())):
        try:
            ids.append(ScaleSetId.parse(each))
        except ValueError:
            problems.append(
                error(
                    f"targets.ids[{index}]",
                    f"{each!r} is no resource id of a scale set",
                    "/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachineScaleSets/…",
                )
            )
    return Targets(ids=tuple(ids), match=table.get("match", ()), tags=table.get("tags", {}))


def _variable(name: str, table: Table, problems: list[LintProblem]) -> Variable:
    if table.get("required") and "default" in table:
        problems.append(
            error(f"variables.{name}.required", "a variable with a default is not required", "remove one of the two")
        )
    if table.get("required") is False and "default" not in table:
        problems.append(
            error(f"variables.{name}.required", "without a default a value is required", 'add default = ""')
        )
    return Variable(
        name=name, help=table.get("help", ""), default=table.get("default"), pattern=table.get("pattern", "")
    )


def handler_for(os: str, version: str = "", publisher: str = "", type_: str = "") -> Handler:
    """The handler for an operating system, in another version or from another publisher when given."""
    default = WINDOWS if os == HandlerOs.WINDOWS else LINUX
    known = next((each for each in HANDLERS if each.matches(publisher, type_)), default)
    return Handler(known.os, publisher or known.publisher, type_ or known.type, version or known.version)


def _script(table: Table, document: Document, problems: list[LintProblem]) -> Script:
    handler = handler_for(
        table.get("os", "linux"), table.get("handler_version", ""), table.get("publisher", ""), table.get("type", "")
    )
    if ("publisher" in table) != ("type" in table):
        key = "publisher" if "publisher" in table else "type"
        problems.append(error(f"script.{key}", "publisher and type come together", "give both, or neither"))
    elif "publisher" in table and not any(known.matches(handler.publisher, handler.type) for known in HANDLERS):
        problems.append(
            error("script.publisher", f"{handler.publisher}/{handler.type} is no Custom Script Extension", "remove it")
        )
    inline, path = table.get("inline", ""), ""
    if "inline_file" in table:
        path = str(_absolute(document.directory("script.inline_file"), table["inline_file"]))
        inline = _read_inline(Path(path), problems)
    same = ("name", "label", "files", "command", "skip_dos2unix", "timestamp", "force_update_tag")
    more = ("auto_upgrade_minor", "provision_after", "suppress_failures", "settings")
    return Script(
        handler=handler,
        inline=inline,
        inline_file=path,
        rerun=Rerun(table.get("rerun", "when-changed")),
        **{name: table[name] for name in (*same, *more) if name in table},
    )


def _read_inline(path: Path, problems: list[LintProblem]) -> str:
    try:
        return read_text(path)[0]
    except ValueError as problem:
        problems.append(error("script.inline_file", f"{path} {problem}", "give a path relative to the profile"))
        return ""


def _absolute(base: Path, written: str) -> Path:
    path = expanded(written)
    return path if path.is_absolute() else (base / path).absolute()


def _anchored(ref: SecretRef, name: str, document: Document) -> SecretRef:
    """File references as absolute paths: the process that reads them later runs elsewhere."""
    if ref.source is not SecretSource.FILE:
        return ref
    return SecretRef(SecretSource.FILE, str(_absolute(document.directory(f"protected.{name}"), ref.where)))


def _policy(table: Table, script: Table, hooks: tuple[Hook, ...]) -> tuple[RolloutPolicy, frozenset[str]]:
    """The policy and which of its fields are stated."""
    fields: dict[str, Any] = {POLICY_FIELDS[key]: value for key, value in table.items() if key in POLICY_FIELDS}
    if "batch" in table:
        fields["steps"] = (BatchStep(table["batch"]),)
    elif "steps" in table:
        fields["steps"] = table["steps"]
    if "mode" in table:
        fields["mode"] = UpgradeMode(table["mode"].capitalize())
    if "gate" in table:
        gate = table["gate"]
        fields["gate"] = ExternalGate(gate.get("command", ()), gate.get("url", ""), gate.get("timeout", 30))
    if script.get("rerun") == Rerun.ALWAYS:
        fields["force_rerun"] = True
    if hooks:
        fields["hooks"] = hooks
    return RolloutPolicy(**fields), frozenset(fields)


def _hooks(tables: Sequence[Table], problems: list[LintProblem]) -> tuple[Hook, ...]:
    hooks = []
    for index, each in enumerate(tables):
        if not each.get("command") and not each.get("url"):
            problems.append(error(f"hooks[{index}]", "tells nobody", "give a command or a url"))
        hooks.append(
            Hook(each.get("command", ()), each.get("url", ""), each.get("on", Hook().on), each.get("timeout", 30))
        )
    return tuple(hooks)


def _window(table: Table | None, problems: list[LintProblem]) -> Window | None:
    if table is None:
        return None
    missing = [name for name in ("start", "end") if name not in table]
    if missing:
        problems.append(error("window", f"has no {' and no '.join(missing)}", 'write start = "22:00", end = "04:00"'))
        return None
    return Window(**table)
