"""`list`, `show`, `instances`: what is there now. Reads only."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.options import connected, current
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, SetSnapshot, count_instances
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.presentation import records, text_tables
from vmss_tui.presentation.filter import Fields, Term, parse
from vmss_tui.presentation.fleet import rows as fleet
from vmss_tui.presentation.scaleset import activity as activity_words
from vmss_tui.presentation.scaleset import instances as listed
from vmss_tui.presentation.scaleset import interference
from vmss_tui.presentation.scaleset import summary as scaleset_words
from vmss_tui.presentation.table import Column, Line, Row, text_of


@click.command("list")
@click.argument("terms", nargs=-1, metavar="[FILTER …]")
@click.option("--no-counts", is_flag=True, help="Do not read instances: faster, but without health.")
@click.option("--columns", metavar="KEYS", default="", help=f"Columns of the table: {','.join(fleet.FLEET.choices)}.")
@shaped
@connected
@click.pass_context
def list_sets(ctx: click.Context, terms: tuple[str, ...], no_counts: bool, columns: str, shape: Shape) -> int:
    """List all visible scale sets.

    FILTER is as in the app: name, /regex/, !not, tenant:contoso, mode:rolling, tag:app=web.
    """
    settings = current(ctx).lists
    wanted = terms or tuple(settings.filter.split())
    chosen = _chosen(columns, fleet.FLEET.choices) or settings.columns
    view = fleet.FleetView(terms=_terms(wanted, fleet.FLEET.fields))

    async def work(session: LiveSession) -> int:
        snapshot = await _fleet(session, counts=not no_counts)
        know = fleet.Knowledge(
            now=session.clock.now(),
            label=session.versions,
            rollouts=_running(session),
            tenants=fleet.tenant_names(snapshot),
            columns=chosen,
        )
        entries = fleet.shown_entries(snapshot, view, know)
        for problem in snapshot.problems:
            diagnostics.say(f"vmss-tui: {problem}")
        if hidden := fleet.managed_hidden(snapshot, entries):
            diagnostics.say(f"vmss-tui: {hidden}")
        if not shape.for_people:
            shape.answer([records.scale_set_record(entry, version=_version(entry, know)) for entry in entries], tuple)
        elif entries:
            table = fleet.table_of(know)
            rows = [table.row(entry, know) for entry in entries]
            _print(table.fitted(rows), rows)
        else:
            diagnostics.say("no visible scale set" + (" matches the filter" if terms else ""))
        return 0

    return run(ctx, work)


def _chosen(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Keys of columns as `--columns` has them. Raises UsageError for one that is none."""
    keys = tuple(key.strip().lower() for key in text.split(",") if key.strip())
    unknown = next((key for key in keys if key not in known), None)
    if unknown is not None:
        raise UsageError(f"--columns: there is no column {unknown!r}", hint=f"use {', '.join(known)}")
    return keys


def _print(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """A table as wide as the terminal; columns that find no room are named."""
    lines, without = text_tables.grid(columns, rows, cells=output.columns())
    output.lines(lines)
    if without:
        diagnostics.say(f"(too narrow for {', '.join(without).lower()}; a pipe or -o json shows all)")


def _terms(given: tuple[str, ...], fields: Fields) -> tuple[Term, ...]:
    try:
        return parse(" ".join(given), fields)
    except ValueError as error:
        raise UsageError(f"invalid filter: {error}") from error


async def _fleet(session: LiveSession, *, counts: bool) -> FleetSnapshot:
    azure = await session.connect()
    if not counts:
        found = await find.everything(azure)
        entries = tuple(FleetEntry(scale_set=scale_set, subscription=place) for scale_set, place in found.found)
        tenants = await azure.tenants()
        return FleetSnapshot(
            entries=entries, subscriptions=found.subscriptions, tenants=tenants, problems=found.problems
        )
    return await find.counted(azure, session.clock, idle_seconds=session.cloud.idle_seconds)


def _version(entry: FleetEntry, know: fleet.Knowledge) -> str:
    script = entry.scale_set.script
    return "" if script is None else know.label(script)


def _running(session: LiveSession) -> Mapping[ScaleSetId, fleet.OurRollout]:
    try:
        journal = session.journal()
        found: dict[ScaleSetId, fleet.OurRollout] = {}
        for header in (header for header in journal.rollouts() if not header.stage.over):
            lease, state = journal.lease(header.id), journal.state(header.id)
            found[header.target] = fleet.OurRollout(
                id=header.id,
                stage=header.stage,
                batch=state.batch.number if state.batch is not None else 0,
                batches=state.batch_count,
                alive=lease is not None and lease.alive,
            )
    except JournalUnavailable as error:
        diagnostics.say(f"vmss-tui: rollouts in progress are not shown: {error.message}", error.hint)
        return {}
    return found


_ACTIVITY = timedelta(days=7)
"""How far back `show` looks for the last change."""


async def read_set(session: LiveSession, text: str) -> tuple[FleetEntry, SetSnapshot]:
    """A scale set with its instances, by what people type."""
    from vmss_tui.engine.snapshot_reader import read_snapshot

    azure = await session.connect()
    target = await find.resolve(azure, text)
    since = session.clock.now() - _ACTIVITY
    snapshot, log = await asyncio.gather(
        read_snapshot(azure, target, session.clock, autoscale=True), azure.activity(target, since)
    )
    snapshot = replace(snapshot, activity=log)
    subscription = await find.subscription_of(azure, target)
    entry = FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=subscription,
        counts=count_instances(snapshot.instances),
        upgrade=snapshot.upgrade,
    )
    return entry, snapshot


@click.command()
@click.argument("scaleset")
@shaped
@connected
@click.pass_context
def show(ctx: click.Context, scaleset: str, shape: Shape) -> int:
    """Show one scale set: its policy, health source, script, and the state of its instances."""

    async def work(session: LiveSession) -> int:
        entry, snapshot = await read_set(session, scaleset)
        namer = session.versions
        script = entry.scale_set.script
        version = namer(script) if script is not None else ""
        record = records.scale_set_detail(entry, version=version, autoscale=snapshot.autoscale)
        record["last_change"] = _last_change(snapshot)
        shape.answer(record, lambda: _summary(entry, snapshot, namer, session.clock.now()))
        return 0

    return run(ctx, work)


def _summary(entry: FleetEntry, snapshot: SetSnapshot, namer: VersionLookup, now: datetime) -> list[str]:
    """One scale set in lines."""
    scale_set = snapshot.scale_set
    script = scale_set.script
    fault = text_of(scaleset_words.fault_line(snapshot))
    facts = [
        ("name", f"{scale_set.id.short}  in {entry.subscription.title}, {scale_set.location}"),
        ("id", str(scale_set.id)),
        ("shape", scaleset_words.shape_words(scale_set)),
        ("policy", scaleset_words.policy_words(scale_set)),
        ("health", _after_title(scaleset_words.health_words(scale_set))),
        ("script", _after_title(scaleset_words.script_words(snapshot, namer, now))),
        ("command", script.command if script is not None else ""),
        *(("file", uri) for uri in (script.file_uris if script is not None else ())),
        ("extensions", ", ".join(extension.name for extension in scale_set.extensions)),
        ("upgrade", _after_title(scaleset_words.upgrade_words(snapshot.upgrade, now))),
        ("last change", _after_title(activity_words.last_change(snapshot.activity, now))),
        ("", fault),
        ("interference", _after_title(interference.line(snapshot))),
        ("instances", text_of(listed.count_line(snapshot, snapshot.instances, 0))),
    ]
    return text_tables.facts(facts)


def _last_change(snapshot: SetSnapshot) -> records.Record | None:
    last = snapshot.activity.last if snapshot.activity is not None else None
    return activity_words.activity_record(last) if last is not None else None


def _after_title(line: Line) -> str:
    """A line of the app's summary without its title."""
    return text_of(line[1:])


@click.command()
@click.argument("scaleset")
@click.argument("terms", nargs=-1, metavar="[FILTER …]")
@click.option(
    "--columns", metavar="KEYS", default="", help=f"Columns of the table: {','.join(listed.INSTANCES.choices)}."
)
@shaped
@connected
@click.pass_context
def instances(ctx: click.Context, scaleset: str, terms: tuple[str, ...], columns: str, shape: Shape) -> int:
    """List the instances of a scale set: version, script, health.

    FILTER is as in the app: health:unhealthy, zone:1.
    """
    view = listed.InstanceView(order="id", terms=_terms(terms, listed.INSTANCES.fields))
    chosen = _chosen(columns, listed.INSTANCES.choices) or current(ctx).lists.instance_columns

    async def work(session: LiveSession) -> int:
        _, snapshot = await read_set(session, scaleset)
        labels = listed.versions(snapshot, session.versions)
        known = listed.Known(now=session.clock.now(), labels=labels)
        shown = listed.shown_instances(snapshot, view, known)
        if not shape.for_people:
            shape.answer(
                [
                    records.instance_record(instance, version=labels.get(instance.script_digest, ""))
                    for instance in shown
                ],
                tuple,
            )
        elif shown:
            table = listed.INSTANCES.chosen(chosen)
            _print(listed.columns_of(labels, chosen), [table.row(instance, known) for instance in shown])
        else:
            diagnostics.say("no instance" + (" matches the filter" if terms else ""))
        return 0

    return run(ctx, work)
