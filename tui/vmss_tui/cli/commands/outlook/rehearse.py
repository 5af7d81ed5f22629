"""`vmss-tui rehearse`: the same rollout by the same runner, on a simulated copy of the scale set, in simulated time."""

from typing import Any

import click

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.outlook.rehearsal import Copied, rehearsing
from vmss_tui.cli.commands.rollout.follow_rollout import JsonWriter, PlainWriter, Silent, follow
from vmss_tui.cli.commands.rollout.plan import order_from, orders
from vmss_tui.cli.commands.rollout.prepare import Ordered, prepare_order
from vmss_tui.cli.commands.rollout.start_rollout import plan_lines
from vmss_tui.cli.options import connected, narrowed, with_profiles
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.engine.rehearsal import Faults, faults_of
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.presentation import records
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of
from vmss_tui.text import counted


@click.command()
@orders
@click.option("--fail", "fails", metavar="IDS", default="", help="Fail the script on these instances: 3,17.")
@click.option("--slow", metavar="IDS", default="", help="Let the script take five times as long on these.")
@click.option(
    "--unhealthy-after", "unhealthy", metavar="IDS", default="", help="Keep these unhealthy after the script."
)
@click.option("--autoscale", metavar="N[@TIME]", help="Autoscale by +5 or -2, or to 40, after the first write: +5@2m.")
@click.option("--colleague", metavar="TIME", help="A colleague changes the script this long after the first write: 2m.")
@click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON.")
@shaped
@connected
@narrowed
@with_profiles
@click.pass_context
def rehearse(
    ctx: click.Context, /, fails: str, slow: str, unhealthy: str, autoscale: str | None, colleague: str | None,
    jsonl: bool, shape: Shape, **given: Any,
) -> int:  # fmt: skip
    """Rehearse a rollout of PROFILE on a simulated copy of SCALESET. Nothing real is written.

    Time is simulated: hours take seconds, and all times and durations are those of the copy. Approvals are given at
    once; hooks and the external gate do not run. The exit code is that of the rehearsed rollout.
    """
    order = order_from(given)
    faults = faults_of(
        {"fail": fails, "slow": slow, "unhealthy-after": unhealthy, "autoscale": autoscale, "colleague": colleague}
    )

    async def work(session: LiveSession) -> int:
        ordered = await prepare_order(session, order)
        copied = await _copy(session, ordered, faults)
        quiet = jsonl or not shape.for_people
        if not quiet:
            for line in plan_lines(session, ordered.plan, ordered.pins, diagnostics.columns()):
                diagnostics.say(line)
        count = counted(len(copied.snapshot.instances), "instance")
        diagnostics.say(
            f"rehearsing on a simulated copy of {ordered.plan.target.name} with {count}; nothing real changes"
        )
        writer = JsonWriter() if jsonl else PlainWriter(hints=False) if shape.for_people else Silent()
        async with rehearsing(ordered.plan, copied, faults) as rehearsal:
            journal, rollout = rehearsal.journal, rehearsal.rollout
            try:
                code = await follow(journal, rollout, writer)
            except VmssTuiError:
                rehearsal.still_runs()  # raises what the runner said last
                raise
            state = journal.state(rollout)
            if not jsonl and not shape.for_people:
                info = info_of(state, state.ended_at or session.clock.now(), header=journal.header(rollout))
                shape.answer(_record(rollout, info), list)
        return code

    return run(ctx, work)


rehearse.params = [parameter for parameter in rehearse.params if parameter.name != "all_sets"]
for _parameter in rehearse.params:
    _parameter.required = _parameter.required or _parameter.name == "scaleset"


def _record(rollout: str, info: RolloutInfo) -> records.Record:
    ended = {key: value for key, value in records.ended_record(rollout, info).items() if key != "event"}
    batches = [
        {
            "number": batch.number,
            "ids": list(batch.ids),
            "started_at": records.rfc3339(batch.started_at),
            "ended_at": records.rfc3339(batch.ended_at),
            "failed": list(batch.failed),
            "lowest_healthy": batch.lowest,
        }
        for batch in info.batches
    ]
    forecast = None if info.plan is None else records.forecast_record(info.plan)
    return {"rehearsal": True, **ended, "batches": batches, "forecast": forecast}


async def _copy(session: LiveSession, ordered: Ordered, faults: Faults) -> Copied:
    """What the copy is made of. Raises UsageError for an instance that is not there."""
    azure, target = await session.connect(), ordered.plan.target
    unknown = sorted(faults.instances - {instance.id for instance in ordered.snapshot.instances})
    if unknown:
        raise UsageError(
            f"{target.name} has no instance {unknown[0]}", hint=f"`vmss-tui instances {target.short}` lists them"
        )
    place = await find.subscription_of(azure, target)
    return Copied(snapshot=ordered.snapshot, model=await azure.raw(target), place=place)
