"""`list`: every scale set that can be seen. Reads only.

One overview says what there is and how many instances are current; health costs a read for each set, so it is read on
request only, for the sets that pass the filter.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import click

from vmss_tui import duration, text
from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.fleet.tables import chosen_columns, parsed_terms, print_table
from vmss_tui.cli.options import connected, current, narrowed
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Form, Shape, shaped
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.errors import JournalUnavailable
from vmss_tui.presentation import records
from vmss_tui.presentation.fleet import rows as fleet
from vmss_tui.presentation.fleet import state as set_state
from vmss_tui.presentation.fleet.summary import managed_hidden, not_counted
from vmss_tui.text import counted

PROGRESS_SECONDS = 10.0
"""How often the progress of reading health is reported."""
SHORT_SECONDS = 10.0
"""A shorter time by the quota is not worth saying."""
_JUDGED = ("state",)
"""Fields of a filter that health decides about."""


@click.command("list")
@click.argument("terms", nargs=-1, metavar="[FILTER …]")
@click.option("--health", is_flag=True, help="Read the health of each scale set, with one read per set.")
@click.option("--no-counts", is_flag=True, help="Do not count instances.")
@click.option("--columns", metavar="KEYS", default="", help=f"Columns of the table: {','.join(fleet.FLEET.choices)}.")
@shaped
@connected
@narrowed
@click.pass_context
def list_sets(
    ctx: click.Context, terms: tuple[str, ...], health: bool, no_counts: bool, columns: str, shape: Shape
) -> int:
    """List all visible scale sets.

    FILTER is as in the app: name, /regex/, !not, tenant:contoso, mode:rolling, tag:app=web.
    """
    settings = current(ctx).lists
    wanted = terms or tuple(settings.filter.split())
    chosen = chosen_columns(columns, fleet.FLEET.choices) or settings.columns
    view = fleet.FleetView(terms=parsed_terms(wanted, fleet.FLEET.fields))

    async def work(session: LiveSession) -> int:
        snapshot, uncounted = await _read(session, counts=not no_counts)
        know = set_state.Knowledge(
            now=session.clock.now(),
            label=session.versions,
            rollouts=_running(session),
            tenants=fleet.tenant_names(snapshot),
            columns=chosen,
            reading=False,
        )
        await _keep(session, snapshot, know)
        answer = _Answer(shape, view, know)
        for problem in snapshot.problems:
            diagnostics.say(f"vmss-tui: {problem}")
        if health:
            await answer.with_health(session, snapshot)
        else:
            answer.without_health(snapshot, uncounted, counts=not no_counts)
        return 0

    return run(ctx, work)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The output, in the requested format and with the requested filter."""

    shape: Shape
    view: fleet.FleetView
    know: set_state.Knowledge

    def without_health(self, snapshot: FleetSnapshot, uncounted: str, *, counts: bool) -> None:
        """Write what the overview says, and why there is no health, and no counts where they are wanted."""
        entries = self._write(snapshot)
        if counts and (problem := not_counted(entries, uncounted)):
            diagnostics.say(f"vmss-tui: {problem}", "`vmss-tui list --health` counts them.")
        if entries and self.shape.for_people:
            diagnostics.say("health (–) is not read; `vmss-tui list --health` reads it, with one read per scale set")

    async def with_health(self, session: LiveSession, snapshot: FleetSnapshot) -> None:
        """Read the health of the sets that may pass the filter, then write them; JSON lines as they come."""
        from vmss_tui.engine.health_reader import read_health, seconds_by_quota

        entries = snapshot.entries if self._judges else self._shown(snapshot)
        count, wait = text.counted(len(entries), "scale set"), seconds_by_quota(entries)
        if wait >= SHORT_SECONDS:
            time = duration.expected(wait)
            diagnostics.say(f"reading the health of {count} takes about {time}: Azure's request quota allows no faster")
        azure, clock = await session.connect(), session.clock
        streamed = self.shape.form is Form.JSONL and not self.shape.query
        done: dict[ScaleSetId, FleetEntry] = {}
        reported = clock.monotonic()
        async with aclosing(read_health(azure, clock, entries)) as found:
            async for entry in found:
                done[entry.id] = entry
                if streamed and self._shown(replace(snapshot, entries=(entry,))):
                    output.record(self._record(entry))
                if clock.monotonic() - reported >= PROGRESS_SECONDS:
                    reported = clock.monotonic()
                    diagnostics.say(f"health of {len(done)} of {count}")
        if not streamed:
            self._write(replace(snapshot, entries=tuple(done.get(entry.id, entry) for entry in snapshot.entries)))

    @property
    def _judges(self) -> bool:
        """Whether health decides about what passes the filter."""
        return any(field.name in _JUDGED for term in self.view.terms for field in term.fields)

    def _shown(self, snapshot: FleetSnapshot) -> Sequence[FleetEntry]:
        return fleet.shown_entries(snapshot, self.view, self.know)

    def _write(self, snapshot: FleetSnapshot) -> Sequence[FleetEntry]:
        entries = self._shown(snapshot)
        if hidden := managed_hidden(snapshot, entries):
            what = f"{counted(hidden, 'scale set')} of other controllers, such as AKS, not shown"
            diagnostics.say(f"vmss-tui: {what}; `vmss-tui list {fleet.MANAGED}:yes` shows them")
        if not self.shape.for_people:
            self.shape.answer([self._record(entry) for entry in entries], tuple)
        elif entries:
            table = fleet.table_of(self.know)
            rows = [table.row(entry, self.know) for entry in entries]
            print_table(table.fitted(rows), rows)
        else:
            diagnostics.say("no visible scale set" + (" matches the filter" if self.view.terms else ""))
        return entries

    def _record(self, entry: FleetEntry) -> records.Record:
        return records.scale_set_record(entry, version=_version(entry, self.know))


async def _keep(session: LiveSession, snapshot: FleetSnapshot, know: set_state.Knowledge) -> None:
    """Keep what was found for the app's next start and for completion; of one subscription it is too little."""
    if session.subscription:
        return
    who = await (await session.connect()).identity()
    session.inventory.keep(snapshot, who, lambda entry: fleet.version_name(entry.scale_set.script, know.label))


async def _read(session: LiveSession, *, counts: bool) -> tuple[FleetSnapshot, str]:
    """All scale sets, and why the overview lacks counts."""
    azure = await session.connect()
    found = await find.everything(azure, within=session.subscription)
    entries = tuple(
        FleetEntry(scale_set=scale_set, subscription=place, counts=found.counts.get(scale_set.id) if counts else None)
        for scale_set, place in found.found
    )
    snapshot = FleetSnapshot(
        entries=entries,
        subscriptions=found.subscriptions,
        tenants=await azure.tenants(),
        problems=found.problems,
        taken_at=session.clock.now(),
    )
    return snapshot, found.uncounted


def _version(entry: FleetEntry, know: set_state.Knowledge) -> str:
    script = entry.scale_set.script
    return "" if script is None else know.label(script)


def _running(session: LiveSession) -> Mapping[ScaleSetId, set_state.OurRollout]:
    try:
        journal = session.journal()
        found: dict[ScaleSetId, set_state.OurRollout] = {}
        for header in sorted(journal.unfinished(), key=lambda header: (header.starts_at is None, header.created_at)):
            lease, state = journal.lease(header.id), journal.state(header.id)
            found[header.target] = set_state.our_rollout(header, state, alive=lease is not None and lease.alive)
    except JournalUnavailable as error:
        diagnostics.say(f"vmss-tui: rollouts in progress are not shown: {error.message}", error.hint)
        return {}
    return found
