"""`list`, `show`, `instances`: what is there now. Reads only."""

from collections.abc import Mapping

import click

from vmss_tui.cli import diagnostics, inventory, output
from vmss_tui.cli.naming import Namer
from vmss_tui.cli.running import run
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import connected
from vmss_tui.domain.fleet import FleetEntry, FleetSnapshot, count_instances
from vmss_tui.domain.ids import ScaleSetId, Subscription
from vmss_tui.domain.scaleset import SetSnapshot
from vmss_tui.errors import UsageError
from vmss_tui.presentation import fleet, records, text_tables
from vmss_tui.presentation.filtering import Term, parse

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list")
@click.argument("terms", nargs=-1, metavar="[FILTER …]")
@click.option("--no-counts", is_flag=True, help="Do not read instances: quicker, and without health.")
@_JSON
@connected
@click.pass_context
def list_sets(ctx: click.Context, terms: tuple[str, ...], no_counts: bool, as_json: bool) -> int:
    """List every scale set you can see.

    FILTER is as in the app: name, /regex/, !not, mode:rolling, tag:app=web.
    """
    view = fleet.FleetView(terms=_terms(terms))

    async def work(session: LiveSession) -> int:
        snapshot = await _fleet(session, counts=not no_counts)
        know = fleet.Knowledge(now=session.clock.now(), label=Namer(session), rollouts=_running(session))
        entries = fleet.shown_entries(snapshot, view, know)
        for problem in snapshot.problems:
            diagnostics.say(f"vmss-tui: {problem}")
        if as_json:
            output.document([records.scale_set_record(each, version=_version(each, know)) for each in entries])
        elif entries:
            rows = [fleet.row_of(each, know) for each in entries]
            output.lines(text_tables.grid(fleet.COLUMNS, rows, cells=output.columns()))
        else:
            diagnostics.say("no scale set that you can see" + (" passes the filter" if terms else ""))
        return 0

    return run(ctx, work)


def _terms(given: tuple[str, ...]) -> tuple[Term, ...]:
    try:
        return parse(" ".join(given), fleet.FIELDS)
    except ValueError as error:
        raise UsageError(f"the filter does not hold: {error}") from error


async def _fleet(session: LiveSession, *, counts: bool) -> FleetSnapshot:
    azure = await session.connect()
    if not counts:
        found = await inventory.everything(azure)
        entries = tuple(FleetEntry(scale_set=each, subscription=place) for each, place in found.found)
        return FleetSnapshot(entries=entries, problems=found.problems)
    return await inventory.counted(azure, session.clock, idle_seconds=session.cloud.idle_seconds)


def _version(entry: FleetEntry, know: fleet.Knowledge) -> str:
    script = entry.scale_set.script
    return "" if script is None else know.label(script)


def _running(session: LiveSession) -> Mapping[ScaleSetId, str]:
    return {each.target: each.id for each in session.journal().rollouts() if not each.stage.over}


async def read_set(session: LiveSession, text: str) -> tuple[FleetEntry, SetSnapshot]:
    """A scale set with its instances, by what people type."""
    from vmss_tui.engine.preflight import read_set as read

    azure = await session.connect()
    target = await inventory.resolve(azure, text)
    snapshot = await read(azure, target, session.clock)
    places = {each.id: each for each in await azure.subscriptions()}
    entry = FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=places.get(target.subscription, Subscription(target.subscription, target.subscription)),
        counts=count_instances(snapshot.instances),
        upgrade=snapshot.upgrade,
    )
    return entry, snapshot


@click.command()
@click.argument("scaleset")
@_JSON
@connected
@click.pass_context
def show(ctx: click.Context, scaleset: str, as_json: bool) -> int:
    """Show one scale set: its policy, health source, script, and how its instances stand."""

    async def work(session: LiveSession) -> int:
        entry, _snapshot = await read_set(session, scaleset)
        script = entry.scale_set.script
        version = Namer(session)(script) if script is not None else ""
        if as_json:
            output.document(records.scale_set_detail(entry, version=version))
        return 0

    return run(ctx, work)


@click.command()
@click.argument("scaleset")
@_JSON
@connected
@click.pass_context
def instances(ctx: click.Context, scaleset: str, as_json: bool) -> int:
    """List the instances of a scale set: version, script, health."""

    async def work(session: LiveSession) -> int:
        _, snapshot = await read_set(session, scaleset)
        namer = Namer(session)
        ordered = sorted(snapshot.instances, key=lambda each: each.ordinal)
        if as_json:
            output.document(
                [records.instance_record(each, version=namer.of_instance(snapshot.scale_set, each)) for each in ordered]
            )
        return 0

    return run(ctx, work)
