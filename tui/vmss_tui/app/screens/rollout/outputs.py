"""Sheets of a rollout: its report, its log; and its instances as those of outputs. Must not import Textual."""

from collections.abc import Iterable

from vmss_tui.app.effects import Sheet
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptRun
from vmss_tui.domain.rollout.events import InstanceSeen
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import details
from vmss_tui.presentation.table import Line
from vmss_tui.text import chop, plain_lines


def as_instances(seen: Iterable[InstanceSeen]) -> tuple[Instance, ...]:
    """The observations of instances, in the form of a reading of Azure."""
    return tuple(_instance(instance) for instance in seen)


def _instance(seen: InstanceSeen) -> Instance:
    run = ScriptRun(
        state=seen.script,
        exit_code=seen.exit_code,
        message=seen.message,
        stdout=seen.stdout,
        stderr=seen.stderr,
        at=seen.script_at,
    )
    return Instance(id=seen.id, name=seen.name or seen.id, zone=seen.zone, script=run)


def report_sheet(markdown: str) -> Sheet:
    """A report, rendered; its source has headings that stand out, and is what copying gives."""
    return Sheet(lambda width: _report_lines(markdown, width), copy=markdown, markdown=markdown)


def text_sheet(text: str) -> Sheet:
    """A text as it is, long lines cut into pieces."""
    return Sheet(lambda width: details.text_lines(text, width), copy=text)


def _report_lines(markdown: str, width: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    for line in plain_lines(markdown):
        role = Role.ACCENT if line.startswith("#") else Role.PLAIN
        lines += [((f" {part}", role),) for part in chop(line, max(8, width - 2))] or [()]
    return tuple(lines)
