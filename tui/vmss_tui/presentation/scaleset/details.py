"""Everything known about one instance, what its script printed, and raw JSON: as lines for a scrolling sheet.

Pure. Foreign text is cleaned of escape sequences and is never markup.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vmss_tui import duration, text
from vmss_tui.domain.fleet.instance import ExtensionStatus, Instance
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.presentation.glyphs import HEALTH, SCRIPT, Role
from vmss_tui.presentation.scaleset.instances import requests_of
from vmss_tui.presentation.scaleset.output_clusters import Output
from vmss_tui.presentation.table import Line
from vmss_tui.text import chop, wrap

_LABEL = 15


def _pair(name: str, value: str, role: Role = Role.PLAIN) -> Line:
    return ((text.fit(f" {name}", _LABEL), Role.DIM), (value or "–", role if value else Role.WAIT))


def when(at: datetime | None, now: datetime) -> str:
    """`2026-11-20 02:10:00 UTC, 3d ago`; empty for None."""
    if at is None:
        return ""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC, {duration.ago(text.seconds_between(at, now))}"


def instance_lines(instance: Instance, version: str, now: datetime, width: int) -> tuple[Line, ...]:
    """The instance's facts, its script and its settings."""
    settings = (*_heading("Settings"), *json_lines(instance.script_settings, width))
    return (*fact_lines(instance, version, now, width), (), *settings)


def fact_lines(instance: Instance, version: str, now: datetime, width: int) -> tuple[Line, ...]:
    """The instance's facts and its script."""
    health, script = HEALTH[instance.health], SCRIPT[instance.script.state]
    domains = [
        f"{name} {value}"
        for name, value in (("update domain", instance.update_domain), ("fault domain", instance.fault_domain))
        if value is not None
    ]
    lines: list[Line] = [
        _pair("Name", text.plain(instance.name)),
        _pair("Instance id", instance.id),
        _pair("Zone", instance.zone or "none"),
        _pair("Domains", ", ".join(domains)),
        _pair("Size", instance.size),
        _pair("Power", instance.power.value),
        _pair("Provisioning", instance.provisioning.value),
        _pair("Created", when(instance.created_at, now)),
        (),
        _pair("Health", health.text(), health.role),
        _pair("  since", when(instance.health_at, now)),
        _pair(
            "Agent", "ready" if instance.agent_ready else "not ready", Role.PLAIN if instance.agent_ready else Role.WARN
        ),
        _pair("Protected", protection_words(instance) or "no"),
        *([_pair("Requests", ", ".join(asked), Role.WARN)] if (asked := requests_of(instance)) else []),
        (),
        _pair("Version", text.plain(version), Role.ACCENT),
        _pair("Model", "behind the scale set model" if instance.is_behind else instance.model_word),
        _pair("Script", script.text(), script.role),
        _pair("  exit code", "" if instance.script.exit_code is None else str(instance.script.exit_code)),
        _pair("  reported", when(instance.script.at, now)),
        _pair("  handler", instance.script.handler_version),
    ]
    lines += [line for found in instance.extensions for line in _extension(found, now, width)]
    for name, words in (("Message", instance.message), ("  says", instance.script.message)):
        lines += _wrapped(name, words, width)
    return tuple(lines)


def protection_words(instance: Instance) -> str:
    """From what it is protected; empty when it is not."""
    words = ["from actions: Azure's upgrades skip it"] if instance.protected else []
    return "; ".join([*words, *(["from scale-in"] if instance.protected_from_scale_in else [])])


def _extension(found: ExtensionStatus, now: datetime, width: int) -> list[Line]:
    """`Extension  HealthExtension 2.0.1  ● ok  2m ago`, the custom script like every other; then why it failed."""
    mark = SCRIPT[found.state]
    age = f"  {duration.ago(text.seconds_between(found.at, now))}" if found.at is not None else ""
    first: Line = (
        (text.fit(" Extension", _LABEL), Role.DIM),
        (f"{text.plain(found.name)} {text.plain(found.version)}".rstrip() + "  ", Role.PLAIN),
        (mark.text(), mark.role),
        (age, Role.DIM),
    )
    return [first, *(_wrapped("", found.message, width) if found.state is ScriptState.FAILED else ())]


def _wrapped(name: str, words: str, width: int) -> list[Line]:
    first, *rest = wrap(text.plain(words), max(20, width - _LABEL)) or [""]
    return [_pair(name, first), *(_pair("", part) for part in rest)]


def _heading(words: str) -> list[Line]:
    return [((f" {words}", Role.ACCENT),)]


def output_lines(outputs: Sequence[Output], now: datetime, width: int) -> tuple[Line, ...]:
    """What scripts printed; stderr first where one failed."""
    lines: list[Line] = []
    for output in outputs:
        failed = output.exit_code not in (0, None)
        if lines:
            lines.append(())
        lines += _who(output, failed, now, width)
        streams = [("stderr", output.stderr, Role.BAD if failed else Role.DIM), ("stdout", output.stdout, Role.PLAIN)]
        for name, content, role in streams if failed else reversed(streams):
            lines += stream_lines(name, content, role, width)
        if not output.stdout.strip() and not output.stderr.strip():
            lines += [((f" {part}", Role.PLAIN),) for part in wrap(text.plain(output.message), width - 2)]
    return tuple(lines) or (((" The script has printed nothing yet.", Role.DIM),),)


def _who(output: Output, failed: bool, now: datetime, width: int) -> list[Line]:
    count = len(output.names)
    code = "has not ended" if output.exit_code is None else f"exit code {output.exit_code}"
    first = f"{text.counted(count, 'instance')}  ·  {code}" if count > 1 else f"{output.names[0]}  ·  {code}"
    lines: list[Line] = [
        ((f" {first}", Role.BAD if failed else Role.OK if output.exit_code == 0 else Role.PLAIN),
         (f"  ·  {when(output.at, now)}" if output.at else "", Role.DIM))
    ]  # fmt: skip
    if count > 1:
        lines += [((f" {part}", Role.DIM),) for part in wrap(text.listed(output.names), width - 2)]
    return lines


def stream_lines(name: str, content: str, role: Role, width: int) -> list[Line]:
    """What was printed to a stream, under its name; nothing when that is nothing."""
    if not content.strip():
        return []
    lines: list[Line] = [(), ((f" {name}", Role.DIM),)]
    for line in text.plain_lines(content.rstrip("\n")):
        lines += [((f" {part}", role),) for part in chop(line, width - 2)]
    return lines


def json_lines(value: Mapping[str, Any] | Sequence[Any], width: int) -> tuple[Line, ...]:
    """JSON, indented, keys dim; long lines are cut into pieces."""
    if not value:
        return (((" none", Role.WAIT),),)
    lines: list[Line] = []
    for line in json.dumps(value, indent=2, ensure_ascii=False, default=str).split("\n"):
        clean = text.plain(line)
        indent = len(line) - len(line.lstrip(" "))
        head, *rest = chop(clean.lstrip(" "), max(20, width - indent - 4))
        head = " " * (indent + 1) + head
        key, colon, tail = head.partition('": ')
        lines.append(((key + colon, Role.DIM), (tail, Role.PLAIN)) if colon else ((head, Role.PLAIN),))
        lines += [((" " * (indent + 3) + part, Role.PLAIN),) for part in rest]
    return tuple(lines)


def json_text(value: Mapping[str, Any]) -> str:
    """The same for the clipboard."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def text_lines(words: str, width: int) -> tuple[Line, ...]:
    """Any text in lines, long ones cut into pieces."""
    return tuple(
        ((f" {part}", Role.PLAIN),) for line in text.plain_lines(words) for part in chop(line, max(20, width - 2))
    )
