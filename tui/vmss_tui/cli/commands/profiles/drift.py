"""`profiles drift`: how far the targets of a profile are from it."""

import asyncio
from collections.abc import Sequence

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.rollout.prepare import assignments
from vmss_tui.cli.options import connected, narrowed, with_profiles
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import UsageError
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.records import Record, plain_value
from vmss_tui.profiles.drift import Drift, drift
from vmss_tui.profiles.format.profile import Profile

AT_ONCE = 4
"""Scale sets that are read at the same time."""


@click.command("drift")
@click.argument("profile")
@click.argument("scalesets", nargs=-1, metavar="[SCALESET …]")
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="Value of a variable; repeatable.")
@click.option("--check", is_flag=True, help="Exit with code 1 if anything differs.")
@shaped
@connected
@narrowed
@with_profiles
@click.pass_context
def drift_of_profile(
    ctx: click.Context, profile: str, scalesets: tuple[str, ...], variables: tuple[str, ...], check: bool, shape: Shape
) -> int:
    """Compare every target of PROFILE with the profile, and count the instances that are behind."""
    given = assignments(variables)

    async def work(session: LiveSession) -> int:
        found = session.profiles().get(profile)
        drifts = await _drifts(session, found, scalesets, given)
        shape.answer([_record(drift) for drift in drifts], lambda: _table(drifts))
        return 1 if check and not all(drift.clean for drift in drifts) else 0

    return run(ctx, work)


async def _drifts(
    session: LiveSession, profile: Profile, names: Sequence[str], given: dict[str, str]
) -> tuple[Drift, ...]:
    from vmss_tui.engine.snapshot_reader import read_snapshot

    azure = await session.connect()
    seen = await find.everything(azure, within=session.subscription)
    for problem in seen.problems:
        diagnostics.say(f"vmss-tui: {problem}")
    if names:
        targets = [find.pick(name, seen) for name in names]
    else:
        targets = [scale_set.id for scale_set, _ in seen.found if profile.targets.choose(scale_set)]
    if not targets:
        raise UsageError(
            f"no visible scale set is a target of profile {profile.name}",
            hint="name one, or check [targets] in the profile",
        )
    room, named = asyncio.Semaphore(AT_ONCE), session.versions

    async def one(target: ScaleSetId) -> Drift:
        async with room:
            return drift(profile, await read_snapshot(azure, target, session.clock), given, named=named)

    return tuple(await asyncio.gather(*map(one, targets)))


def _record(drift: Drift) -> Record:
    return {
        "target": str(drift.target),
        "state": drift.state.value,
        "version": drift.label or None,
        "reason": drift.reason or None,
        "behind": drift.behind,
        "total": drift.total,
        "clean": drift.clean,
        "changes": plain_value(drift.changes),
    }


def _table(drifts: Sequence[Drift]) -> list[str]:
    columns = [
        text_tables.TextColumn("SCALE SET", least=12),
        text_tables.TextColumn("STATE"),
        text_tables.TextColumn("VERSION", least=8),
        text_tables.TextColumn("BEHIND", right=True),
        text_tables.TextColumn("WHY", least=12),
    ]
    rows = [
        (
            drift.target.short,
            f"{'●' if drift.clean else '▲'} {drift.state.value}",
            drift.label or "–",
            f"{drift.behind}/{drift.total}",
            drift.reason,
        )
        for drift in drifts
    ]
    return text_tables.table(columns, rows, cells=output.columns())
