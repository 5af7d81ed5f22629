"""`vmss-tui forecast`: what a rollout will probably take, and how often such forecasts held."""

from typing import Any

import click

from vmss_tui import duration
from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.history import opened
from vmss_tui.cli.commands.rollout.prepare import Order, assignments, prepare_order
from vmss_tui.cli.options import connected, narrowed, with_profiles
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.engine.calibration import Calibration, CheckedForecast, calibrate
from vmss_tui.errors import UsageError
from vmss_tui.presentation import records, text_tables
from vmss_tui.presentation.plan.outlook import outlook_facts


@click.command()
@click.argument("profile", required=False)
@click.argument("scaleset", required=False)
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="Value of a variable; repeatable.")
@click.option("--check", is_flag=True, help="Compare the rollouts of the journal with their forecasts.")
@shaped
@connected
@narrowed
@with_profiles
@click.pass_context
def forecast(
    ctx: click.Context, /, profile: str | None, scaleset: str | None, variables: tuple[str, ...], check: bool,
    shape: Shape, **_: Any,
) -> int:  # fmt: skip
    """Show how long a rollout of PROFILE will probably take, how few instances stay healthy, what may stop it.

    P50 is reached by half of all rollouts like it, P90 by nine in ten. With --check, needing no PROFILE: how often P50
    and P90 of the finished rollouts of the journal held, each forecast from the rollouts of its scale set before it.
    """
    if check:
        if profile is not None:
            raise UsageError("--check is about the whole journal", hint="Give --check without PROFILE.")
        return _check(ctx, shape)
    if profile is None:
        raise UsageError("PROFILE is missing", hint="Give PROFILE and SCALESET, or --check for the journal.")
    order = Order(profile=profile, scale_set=scaleset, variables=assignments(variables))

    async def work(session: LiveSession) -> int:
        plan = (await prepare_order(session, order)).plan
        shape.answer(records.forecast_record(plan), lambda: text_tables.facts(list(outlook_facts(plan))))
        return 0

    return run(ctx, work)


def _check(ctx: click.Context, shape: Shape) -> int:
    with opened(ctx) as journal:
        calibration = calibrate(journal)
    shape.answer(_record(calibration), lambda: _lines(calibration))
    return 0


def _record(calibration: Calibration) -> records.Record:
    return {
        **_shares(calibration),
        "from_history": _shares(calibration.of(assumed=False)),
        "from_assumption": _shares(calibration.of(assumed=True)),
        "rollouts": [
            {
                "rollout": check.rollout,
                "target": str(check.target),
                "at": records.rfc3339(check.at),
                "p50_seconds": round(check.expected.p50),
                "p90_seconds": round(check.expected.p90),
                "took_seconds": round(check.took),
                "assumed": check.assumed,
                "held_p50": check.held(50),
                "held_p90": check.held(90),
            }
            for check in calibration.checked
        ],
    }


def _shares(calibration: Calibration) -> records.Record:
    shares = {percentile: calibration.share(percentile) for percentile in (50, 90)}
    return {
        "checked": len(calibration.checked),
        **{f"p{percentile}_held": None if share is None else round(share, 3) for percentile, share in shares.items()},
    }


def _lines(calibration: Calibration) -> list[str]:
    if not calibration.checked:
        return ["no finished rollout to compare with its forecast"]
    titles = ("ROLLOUT", "STARTED", "SCALE SET", "P50", "P90", "TOOK", "HELD")
    columns = [text_tables.TextColumn(title) for title in titles]
    rows = [_row(check) for check in calibration.checked]
    return [*text_tables.table(columns, rows, cells=output.columns()), "", *_summary(calibration)]


def _row(check: CheckedForecast) -> tuple[str, ...]:
    verdict = "P50" if check.held(50) else "P90" if check.held(90) else "no"
    p50, p90, took = map(duration.clock, (check.expected.p50, check.expected.p90, check.took))
    started = check.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return check.rollout, started, check.target.short, p50, p90, took, verdict


def _summary(calibration: Calibration) -> list[str]:
    """How often P90 and P50 held, by what the forecasts rested on."""
    lines = []
    for words, part in (
        ("from earlier rollouts of the set", calibration.of(assumed=False)),
        ("from the assumption (no earlier rollouts)", calibration.of(assumed=True)),
    ):
        if part.checked:
            held = ", ".join(
                f"P{percentile} held in {part.held(percentile)} of {len(part.checked)} ({part.share(percentile):.0%})"
                for percentile in (90, 50)
            )
            lines.append(f"{held}, forecast {words}")
    return lines
