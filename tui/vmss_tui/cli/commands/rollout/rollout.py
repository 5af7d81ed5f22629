"""`vmss-tui rollout`: plan, ask, start the runner, follow it. The rollout itself is the runner's."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from vmss_tui.cli.commands.rollout.plan import order_from, orders
from vmss_tui.cli.commands.rollout.prepare import Order, prepare_order
from vmss_tui.cli.commands.rollout.start_rollout import Launch, Manner, manners
from vmss_tui.cli.commands.schedule.start_time import start_from
from vmss_tui.cli.options import connected, narrowed, with_profiles
from vmss_tui.cli.session import LiveSession
from vmss_tui.errors import UsageError

if TYPE_CHECKING:
    from vmss_tui.profiles.model import Profile, ReportFields


@click.command()
@orders
@manners
@click.option("--why", metavar="TEXT", help="Reason, kept in the change record.")
@click.option("--ticket", metavar="ID", help="Change ticket, kept in the change record.")
@connected
@narrowed
@with_profiles
@click.pass_context
def rollout(
    ctx: click.Context, /, yes: bool, confirm: str, detach: bool, jsonl: bool, on_interrupt: str,
    annotations: str | None, at: str | None, at_window: bool,
    why: str | None, ticket: str | None,
    **given: Any,
) -> int:  # fmt: skip
    """Start a rollout of PROFILE on SCALESET (by default the profile's own target) and follow it.

    With --all: on every target of the profile, in the waves of its [waves].

    The rollout is a process of its own: it continues when this command, the terminal or the connection ends. Ctrl-C
    ends this command with exit code 130, SIGTERM with 143; --on-interrupt sets what happens to the rollout.
    """
    order = order_from(given)
    launch = Launch(
        Manner(
            yes=yes,
            confirm=confirm,
            detach=detach,
            jsonl=jsonl,
            on_interrupt=on_interrupt,
            annotations=annotations,
        )
    )

    async def work(session: LiveSession) -> int:
        start = start_from(at, at_window, session.clock.now())
        if order.all_sets:
            return await _roll_out_all(launch, session, replace(order, start=start), why, ticket)
        prepared = await prepare_order(session, replace(order, start=start))
        reason, change = for_the_record(prepared.profile, prepared.resolved.report, why, ticket)
        code = await launch.go(
            session,
            prepared.plan,
            tags=prepared.tags,
            pins=prepared.pins,
            why=reason,
            ticket=change,
            starts_at=prepared.starts_at,
            at_window=at_window,
        )
        session.profiles().used(str(prepared.profile.path or prepared.profile.name), session.clock.now())
        return code

    return launch.run(ctx, work)


async def _roll_out_all(launch: Launch, session: LiveSession, order: Order, why: str | None, ticket: str | None) -> int:
    from vmss_tui.cli.commands.waves.prepare import prepare_waves
    from vmss_tui.cli.commands.waves.start import start_waves
    from vmss_tui.engine.schedule.start_later import AT_ONCE

    ordered = await prepare_waves(session, order)
    reason, change = for_the_record(ordered.profile, ordered.report, why, ticket)
    code = await start_waves(launch, session, ordered.plan, order.start or AT_ONCE, why=reason, ticket=change)
    session.profiles().used(str(ordered.profile.path or ordered.profile.name), session.clock.now())
    return code


def for_the_record(profile: "Profile", report: "ReportFields", why: str | None, ticket: str | None) -> tuple[str, str]:
    """Why and ticket, as given or as the profile has them. Raises UsageError when the profile wants others."""
    from vmss_tui.profiles.model import check_record

    why, ticket = why or report.why, ticket or report.ticket
    problems = check_record(report, why=why, ticket=ticket)
    if problems:
        words = "; ".join(problem.message for problem in problems)
        raise UsageError(
            f"profile {profile.name}: {words}", hint=f"give {' '.join(problem.hint for problem in problems)}"
        )
    return why, ticket
