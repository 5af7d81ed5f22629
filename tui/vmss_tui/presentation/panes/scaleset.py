"""The pane of a scale set: the instance under the cursor, and the output of its script. Pure."""

from collections.abc import Mapping
from datetime import datetime

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.presentation.glyphs import SCRIPT, Role
from vmss_tui.presentation.panes.output import output_lines
from vmss_tui.presentation.panes.sections import Section, heading, stacked
from vmss_tui.presentation.scaleset.details import fact_lines
from vmss_tui.presentation.scaleset.instances import instance_version
from vmss_tui.presentation.table import Line


def instance_pane(
    instance: Instance, labels: Mapping[str, str], now: datetime, cells: int, rows: int
) -> tuple[Line, ...]:
    """Details above, output below."""
    run, mark = instance.script, SCRIPT[instance.script.state]
    failed = run.state is ScriptState.FAILED
    words = output_lines(run.stdout, run.stderr, run.message, cells, failed=failed, exit_code=run.exit_code)
    facts = fact_lines(instance, instance_version(instance, labels), now, cells)
    return stacked(
        (
            Section(title=heading("details"), lines=facts, rows=min(len(facts) + 1, rows * 3 // 5)),
            Section(
                title=heading("output", ("  ", Role.PLAIN), (mark.text(), mark.role)),
                lines=tuple(words),
                newest=not failed,
            ),
        ),
        rows,
    )
