"""`vmss-tui rollout`: plan, ask, start the runner, follow it. The rollout itself is the runner's."""

from typing import Any

import click

from vmss_tui.cli.commands.rollout.plan import order_from, orders
from vmss_tui.cli.commands.rollout.prepare import Ordered, prepare_order
from vmss_tui.cli.commands.rollout.start_rollout import Launch, Manner, manners
from vmss_tui.cli.options import connected, with_profiles
from vmss_tui.cli.session import LiveSession
from vmss_tui.errors import UsageError


@click.command()
@orders
@manners
@click.option("--why", metavar="TEXT", help="Reason, kept in the change record.")
@click.option("--ticket", metavar="ID", help="Change ticket, kept in the change record.")
@connected
@with_profiles
@click.pass_context
def rollout(
    ctx: click.Context, /, yes: bool, confirm: str, detach: bool, jsonl: bool, on_interrupt: str,
    annotations: str | None, why: str | None, ticket: str | None,
    **given: Any,
) -> int:  # fmt: skip
    """Start a rollout of PROFILE on SCALESET (by default the profile's own target) and follow it.

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
        prepared = await prepare_order(session, order)
        reason, change = _for_the_record(prepared, why, ticket)
        code = await launch.go(
            session, prepared.plan, tags=prepared.tags, pins=prepared.pins, why=reason, ticket=change
        )
        session.profiles().used(str(prepared.profile.path or prepared.profile.name), session.clock.now())
        return code

    return launch.run(ctx, work)


def _for_the_record(prepared: Ordered, why: str | None, ticket: str | None) -> tuple[str, str]:
    """Why and ticket, as given or as the profile has them. Raises UsageError when the profile wants others."""
    from vmss_tui.profiles.model import check_record

    report = prepared.resolved.report
    why, ticket = why or report.why, ticket or report.ticket
    problems = check_record(report, why=why, ticket=ticket)
    if problems:
        words = "; ".join(problem.message for problem in problems)
        raise UsageError(
            f"profile {prepared.profile.name}: {words}", hint=f"give {' '.join(problem.hint for problem in problems)}"
        )
    return why, ticket
