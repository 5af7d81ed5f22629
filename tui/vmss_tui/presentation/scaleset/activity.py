"""Who changed a scale set, when and how it ended: Azure's activity log in rows, lines and words. Pure."""

from datetime import datetime, timedelta

from vmss_tui import duration, text
from vmss_tui.domain.fleet.governance import Activity, ActivityLog
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.records import Record, rfc3339
from vmss_tui.presentation.table import DataColumn, Line, Row, Table, cell

READ_BACK = timedelta(days=7)
"""How far back the activity log is read."""
_ENDED = {"failed": Role.BAD, "canceled": Role.WARN, "cancelled": Role.WARN}
_NAMES = {
    "virtualmachinescalesets/write": "write the model",
    "virtualmachinescalesets/delete": "delete the scale set",
    "virtualmachinescalesets/extensions/write": "write an extension",
    "virtualmachinescalesets/extensions/delete": "remove an extension",
    "virtualmachinescalesets/manualupgrade/action": "update instances",
    "virtualmachinescalesets/rollingupgrades/action": "cancel the rolling upgrade",
    "virtualmachinescalesets/rollingupgrades/cancel/action": "cancel the rolling upgrade",
    "virtualmachinescalesets/osrollingupgrade/action": "start an OS rolling upgrade",
    "virtualmachinescalesets/extensionrollingupgrade/action": "start an extension rolling upgrade",
    "virtualmachinescalesets/setorchestrationservicestate/action": "suspend or resume automatic repairs",
    "virtualmachinescalesets/reimage/action": "reimage instances",
    "virtualmachinescalesets/restart/action": "restart instances",
    "virtualmachinescalesets/start/action": "start instances",
    "virtualmachinescalesets/deallocate/action": "deallocate instances",
    "virtualmachinescalesets/poweroff/action": "stop instances",
    "virtualmachinescalesets/redeploy/action": "redeploy instances",
    "virtualmachinescalesets/delete/action": "delete instances",
    "virtualmachinescalesets/virtualmachines/runcommand/action": "run a command on an instance",
    "virtualmachinescalesets/virtualmachines/write": "write an instance",
    "virtualmachinescalesets/virtualmachines/delete": "delete an instance",
    "virtualmachinescalesets/virtualmachines/reimage/action": "reimage an instance",
    "virtualmachinescalesets/virtualmachines/restart/action": "restart an instance",
    "virtualmachinescalesets/virtualmachines/redeploy/action": "redeploy an instance",
    "virtualmachinescalesets/virtualmachines/start/action": "start an instance",
    "virtualmachinescalesets/virtualmachines/poweroff/action": "stop an instance",
    "virtualmachinescalesets/virtualmachines/deallocate/action": "deallocate an instance",
    "virtualmachines/runcommand/action": "run a command on an instance",
    "virtualmachines/extensions/write": "write an extension of an instance",
}
"""An operation without its provider, in lower case -> what it does.

Azure: https://learn.microsoft.com/azure/role-based-access-control/permissions/compute
"""

_Column = DataColumn[Activity, datetime]

ACTIVITY: Table[Activity, datetime] = Table(
    key=lambda it: f"{it.at.isoformat()} {it.correlation_id} {it.operation} {it.status}",
    columns=(
        _Column("at", "TIME (UTC)", 19, cell=lambda it, now: cell(f"{it.at:%Y-%m-%d %H:%M:%S}", Role.DIM)),
        _Column("age", "AGE", 4, right=True, priority=3,
            cell=lambda it, now: cell(duration.coarse((now - it.at).total_seconds()), Role.DIM)),
        _Column("caller", "CALLER", 20, flex=2, middle=True, cell=lambda it, now: cell(who(it))),
        _Column("operation", "OPERATION", 24, flex=3, middle=True, cell=lambda it, now: cell(what(it))),
        _Column("status", "STATUS", 10, cell=lambda it, now: cell(
            text.plain(it.status), _ENDED.get(it.status.lower(), Role.PLAIN))),
        _Column("correlation", "CORRELATION", 36, priority=5,
            cell=lambda it, now: cell(text.plain(it.correlation_id), Role.DIM)),
    ),
)  # fmt: skip
"""The activity log, the newest change first."""


def who(change: Activity) -> str:
    """The caller of a change; `you` for the signed-in account."""
    name = text.plain(change.caller) or "unknown"
    return f"{name} (you)" if change.by_me else name


def what(change: Activity) -> str:
    """An operation in words; Azure's own name for one that is not known."""
    operation = change.operation.partition("/")[2] or change.operation
    return _NAMES.get(operation.lower(), text.plain(operation))


def last_change(log: ActivityLog | None, now: datetime) -> Line:
    """`Last change   5m ago by maria@contoso.com: write the model`; empty until the activity log is read."""
    if log is None:
        return ()
    title = ("Last change   ", Role.DIM)
    if log.unknown:
        return (title, (f"unknown: {text.plain(log.unknown)}", Role.WAIT))
    change = log.last
    if change is None:
        return (title, ("none recorded", Role.WAIT))
    ago = duration.ago((now - change.at).total_seconds())
    return (title, (f"{ago} by {who(change)}", Role.PLAIN), (f": {what(change)}", Role.DIM))


def rows(log: ActivityLog, now: datetime) -> tuple[Row, ...]:
    """A row a change."""
    return tuple(ACTIVITY.row(change, now) for change in log.entries)


def lines(log: ActivityLog, now: datetime, width: int) -> tuple[Line, ...]:
    """The log for a sheet of `width` cells, a change a line; or why there is none."""
    if log.unknown:
        return ((("The activity log cannot be read: ", Role.WARN), (text.plain(log.unknown), Role.WARN)),)
    if not log.entries:
        return ((("No change was recorded.", Role.DIM),),)
    return tuple(_line(change, now, width) for change in log.entries)


def _line(change: Activity, now: datetime, width: int) -> Line:
    age = f"{duration.coarse((now - change.at).total_seconds()):>4}  "
    status = text.fit(text.plain(change.status), 10)
    room = max(10, width - 21 - len(age) - len(status) - 4)
    name = text.fit(who(change), room * 2 // 5, middle=True)
    return (
        (f"{change.at:%Y-%m-%d %H:%M:%S}  {age}", Role.DIM),
        (f"{name}  ", Role.PLAIN),
        (f"{text.fit(what(change), room - room * 2 // 5, middle=True)}  ", Role.PLAIN),
        (status, _ENDED.get(change.status.lower(), Role.DIM)),
    )


def activity_record(change: Activity) -> Record:
    """One change of `activity --json`."""
    return {
        "at": rfc3339(change.at),
        "caller": change.caller or None,
        "by_me": change.by_me,
        "operation": change.operation,
        "status": change.status or None,
        "correlation_id": change.correlation_id or None,
    }
