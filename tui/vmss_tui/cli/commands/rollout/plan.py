"""`vmss-tui plan`: what a rollout would do; and the options that `plan` and `rollout` share."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.overrides import overrides
from vmss_tui.cli.commands.rollout.prepare import Order, amount, assignments, naming_others, prepare_order, seconds
from vmss_tui.cli.commands.rollout.start_rollout import plan_lines
from vmss_tui.cli.options import connected, narrowed, with_profiles
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import PreflightRefused, UsageError
from vmss_tui.presentation import records

Function = TypeVar("Function", bound=Callable[..., Any])


class Percentage(click.IntRange):
    """A whole percentage, with or without its sign."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number: Any = value.removesuffix("%") if isinstance(value, str) else value
        return super().convert(number, param, ctx)


_OPTIONS = (
    click.argument("profile"),
    click.argument("scaleset", required=False),
    click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="Value of a variable; repeatable."),
    click.option(
        "--mode",
        type=click.Choice(["rolling", "manual"]),
        help="Upgrade mode for this rollout; the set's own mode is restored afterwards.",
    ),
    click.option("--batch", metavar="N|P%", help="Batch size: instances, or a percentage of the set."),
    click.option("--pause", metavar="TIME", help="Pause between batches: 30s, 5m."),
    click.option(
        "--max-unhealthy", type=Percentage(0, 100), metavar="P%", help="Maximum percentage of unhealthy instances."
    ),
    click.option("--rerun", is_flag=True, help="Run the script again even if settings are unchanged."),
    click.option("--all", "all_sets", is_flag=True, help="All targets of the profile, in its [waves]."),
    overrides,
)


def orders(function: Function) -> Function:
    """Give a command the arguments and options that say what to roll out."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def order_from(given: Mapping[str, Any]) -> Order:
    """What those options say. Raises UsageError."""
    if given.get("all_sets") and given["scaleset"]:
        raise UsageError("--all and a scale set exclude each other", hint="Give one of the two.")
    mode = given["mode"]
    return Order(
        profile=given["profile"],
        scale_set=given["scaleset"],
        variables=assignments(given["variables"]),
        mode=UpgradeMode(mode.capitalize()) if mode else None,
        batch=amount(given["batch"]),
        pause_seconds=seconds(given["pause"]),
        unhealthy_percent=given["max_unhealthy"],
        rerun=given["rerun"],
        overrides=given["overrides"],
        all_sets=given.get("all_sets", False),
    )


@click.command()
@orders
@shaped
@connected
@narrowed
@with_profiles
@click.pass_context
def plan(ctx: click.Context, /, shape: Shape, **given: Any) -> int:
    """Show what PROFILE would change on SCALESET: diff, batches, findings. Writes nothing.

    With --all: every target of the profile, in the waves of its [waves].
    """
    order = order_from(given)
    if order.all_sets:
        return run(ctx, lambda session: _plan_all(session, order, shape))

    async def work(session: LiveSession) -> int:
        prepared = naming_others(session, await prepare_order(session, order))
        record = {**records.plan_record(prepared.plan), "files": records.plain_value(prepared.pins)}
        shape.answer(record, lambda: plan_lines(session, prepared.plan, prepared.pins, output.columns()))
        return PreflightRefused.exit_code if prepared.plan.refusals else 0

    return run(ctx, work)


async def _plan_all(session: LiveSession, order: Order, shape: Shape) -> int:
    from vmss_tui.cli.commands.waves.prepare import prepare_waves
    from vmss_tui.cli.commands.waves.start import planned_of, previewed, shown
    from vmss_tui.engine.waves.set_plans import refusals
    from vmss_tui.presentation.waves.records import waves_plan_record

    plan = (await prepare_waves(session, order)).plan
    sets = await previewed(session, plan)
    planned = planned_of(sets)
    shape.answer(waves_plan_record(plan, planned), lambda: shown(plan, planned, output.columns()))
    return PreflightRefused.exit_code if refusals(plan, sets) else 0
