"""Instances to choose from by what their script printed. Pure."""

from datetime import datetime

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.presentation.glyphs import SCRIPT, Role
from vmss_tui.presentation.table import Cell, DataColumn, Table, cell
from vmss_tui.text import plain, plain_lines


def _last_line(instance: Instance, now: datetime) -> Cell:
    run = instance.script
    said = run.stderr if run.exit_code not in (0, None) and run.stderr.strip() else run.stdout
    lines = [line for line in plain_lines(said) if line.strip()]
    return cell(lines[-1].strip() if lines else plain(run.message), Role.DIM)


def _state(instance: Instance, now: datetime) -> Cell:
    mark, code = SCRIPT[instance.script.state], instance.script.exit_code
    return cell(f"{mark.text()}{f', exit {code}' if code else ''}", mark.role)


_Column = DataColumn[Instance, datetime]

OUTPUTS: Table[Instance, datetime] = Table(
    key=lambda it: it.id,
    columns=(
        _Column("name", "NAME", 20, middle=True, cell=lambda it, now: cell(plain(it.name))),
        _Column("script", "SCRIPT", 18, cell=_state),
        _Column("says", "LAST LINE", 20, flex=1, cell=_last_line),
    ),
)
