"""Every change of a scale set and its instances, as it happens."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from vmss_tui.api.connection import Connection, session_of
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.fleet.changes import changes
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.presentation.records import Record, rfc3339
from vmss_tui.redact import redacted_record
from vmss_tui.text import plain


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different now."""

    event: str
    """`instance_added`, `instance_changed`, `instance_removed`, `scale_set_changed`, `upgrade_changed`."""
    text: str
    """One line for people: `web-weu_41  health healthy → unhealthy`."""
    record: Record
    """As in `watch --jsonl`: `changes` maps a field to `[before, after]`."""


async def watch(connection: Connection, scale_set: str) -> AsyncIterator[Change]:
    """Changes of a scale set (NAME, GROUP/NAME or a resource id), without an end.

    It is read as often as Azure's request quota allows; a read that fails is tried again. Raises UsageError and
    NotUnique for a name that is not one visible scale set.
    """
    session = session_of(connection)
    azure = await session.connect()
    target = await find.resolve(azure, scale_set)
    meeting = session.meeting_place(target, await azure.identity())
    watcher = SetWatcher.at_pace(azure, target, session.clock, session.cloud, meeting)
    before: SetSnapshot | None = None
    async with aclosing(watcher.snapshots()) as snapshots:
        async for found in snapshots:
            if isinstance(found, SetSnapshot):
                at = rfc3339(session.clock.now())
                for change in changes(before, found, session.versions):
                    record = redacted_record({"event": change.event, "at": at, **change.record})
                    yield Change(change.event, plain(change.text), record)
                before = found
