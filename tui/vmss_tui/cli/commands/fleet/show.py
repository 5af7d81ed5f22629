"""`show`, `instances`: one scale set as it is now. Reads only."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import click

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.fleet.tables import chosen_columns, parsed_terms, print_table
from vmss_tui.cli.options import connected, current, narrowed
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.scale_set import Extension
from vmss_tui.domain.fleet.snapshot import FleetEntry, SetSnapshot, count_instances
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.presentation import records, text_tables
from vmss_tui.presentation.scaleset import activity as activity_words
from vmss_tui.presentation.scaleset import instances as listed
from vmss_tui.presentation.scaleset import interference, overview
from vmss_tui.presentation.scaleset import summary as scaleset_words
from vmss_tui.presentation.table import Line, text_of


async def read_set(session: LiveSession, text: str, *, whole: bool = False) -> tuple[FleetEntry, SetSnapshot]:
    """A scale set with its instances, by what people type; `whole` with what governs it: locks, policies, pools."""
    from vmss_tui.engine.snapshot_reader import read_snapshot

    azure = await session.connect()
    target = await find.resolve(azure, text, within=session.subscription)
    since = session.clock.now() - activity_words.READ_BACK
    if whole:
        snapshot, log, governance = await asyncio.gather(
            read_snapshot(azure, target, session.clock, autoscale=True),
            azure.activity(target, since),
            azure.governance(target),
        )
        snapshot = replace(snapshot.governed(governance), activity=log)
    else:
        snapshot = await read_snapshot(azure, target, session.clock)
    known = snapshot.governance.subscription if snapshot.governance is not None else None
    subscription = known or await find.subscription_of(azure, target)
    entry = FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=subscription,
        counts=count_instances(snapshot.instances),
        upgrade=snapshot.upgrade,
    )
    return entry, snapshot


async def _not_read() -> None:
    return None


@click.command()
@click.argument("scaleset")
@shaped
@connected
@narrowed
@click.pass_context
def show(ctx: click.Context, scaleset: str, shape: Shape) -> int:
    """Show one scale set: its policy, health source, script, and the state of its instances."""

    async def work(session: LiveSession) -> int:
        entry, snapshot = await read_set(session, scaleset, whole=True)
        namer = session.versions
        script = entry.scale_set.script
        version = namer(script) if script is not None else ""
        record = records.scale_set_detail(entry, version=version, autoscale=snapshot.autoscale)
        record |= interference.governance_record(snapshot.governance)
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
        *(("extension", _extension(extension, snapshot)) for extension in scale_set.extensions),
        ("upgrade", _after_title(scaleset_words.upgrade_words(snapshot.upgrade, now))),
        ("last change", _after_title(activity_words.last_change(snapshot.activity, now))),
        ("", fault),
        ("interference", _after_title(interference.line(snapshot))),
        *_governed(snapshot.governance),
        ("instances", text_of(listed.count_line(snapshot, snapshot.instances))),
    ]
    return text_tables.facts(facts)


def _governed(known: Governance | None) -> Iterator[tuple[str, str]]:
    """Locks with where they were put and why, and policy assignments; what could not be read says so."""
    if known is None or known.locks is None:
        yield "locks", f"unknown: {known.unknown if known is not None else 'not read'}"
    for lock in (known.locks if known is not None else None) or ():
        notes = f": {lock.notes}" if lock.notes else ""
        yield "lock", f"{lock.level.value} {lock.name} on {lock.scope}{notes}"
    if known is not None:
        yield "policies", "unknown" if known.policies is None else interference.azure_policy_words(known.policies)


def _extension(extension: Extension, snapshot: SetSnapshot) -> str:
    """`HealthExtension  Microsoft.ManagedServices.ApplicationHealthLinux 2.0, upgrades minor: 59 ok, 1 failed`."""
    step = overview.order_of(extension, snapshot.scale_set.extensions)
    order = f"{step}. " if step is not None else ""
    counts = ", ".join(
        f"{count} {word}" for word, count in overview.statuses_of(extension.name, snapshot).most_common()
    )
    handler = f"{extension.publisher}.{extension.type} {extension.version}"
    return f"{order}{extension.name}  {handler}, upgrades {overview.upgrades_of(extension)}: {counts or 'no instances'}"


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
@narrowed
@click.pass_context
def instances(ctx: click.Context, scaleset: str, terms: tuple[str, ...], columns: str, shape: Shape) -> int:
    """List the instances of a scale set: version, script, health.

    FILTER is as in the app: health:unhealthy, zone:1.
    """
    view = listed.InstanceView(order="id", terms=parsed_terms(terms, listed.INSTANCES.fields))
    chosen = chosen_columns(columns, listed.INSTANCES.choices) or current(ctx).lists.instance_columns

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
            print_table(listed.columns_of(labels, chosen), [table.row(instance, known) for instance in shown])
        else:
            diagnostics.say("no instance" + (" matches the filter" if terms else ""))
        return 0

    return run(ctx, work)
