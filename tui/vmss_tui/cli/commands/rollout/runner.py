"""`vmss-tui runner ROLLOUT`: the process that carries out one rollout of the journal; started by `cli.process`.

It belongs to no terminal: a hang-up does not reach it, a SIGTERM lets it put down its lease in good order.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator, Mapping

import click

from vmss_tui.cli.commands.rollout import runner_process as process
from vmss_tui.cli.options import connected, current
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.script import Secret, SecretRef
from vmss_tui.domain.rollout.events import Event
from vmss_tui.errors import UsageError

TERMINATED = 128 + signal.SIGTERM


@click.command(hidden=True)
@click.argument("rollout")
@click.option("--force", is_flag=True)
@click.option("--wait", is_flag=True, help="Wait until it is due; start only if the plan is unchanged.")
@connected
@click.pass_context
def runner(ctx: click.Context, rollout: str, force: bool, wait: bool) -> int:
    """Run ROLLOUT, of one set or over several; stdin has a JSON object of protected values."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = current(ctx)
    if settings.read_only:
        raise UsageError("a runner changes Azure, which --read-only forbids", hint="Start it without --read-only.")
    given = process.read_secrets()
    own = Settings(
        cloud=settings.cloud,
        auth=settings.auth,
        tenant=settings.tenant,
        journal=settings.journal,
        read_only_sets=settings.read_only_sets,
        cloud_directories=settings.cloud_directories,
        auth_order=settings.auth_order,
        token_cache=settings.token_cache,
        hooks=settings.hooks,
    )
    try:
        asyncio.run(_carry_out(rollout, own, given, force=force, wait=wait))
    except asyncio.CancelledError:
        return TERMINATED
    return 0


async def _carry_out(rollout: str, settings: Settings, given: Mapping[str, Secret], *, force: bool, wait: bool) -> None:
    session = LiveSession(settings, drives_clock=True, urgent=True)
    try:
        with _cancelled_by(signal.SIGTERM, signal.SIGINT):
            if wait and not await _due(session, rollout, given):
                return
            await carry_out(rollout, session, given, force=force)
    finally:
        await session.close()


async def carry_out(rollout: str, session: LiveSession, given: Mapping[str, Secret], *, force: bool = False) -> None:
    """Carry out a rollout of one set or over several in this process. Raises what the runner raises."""
    if session.journal().waves.has(rollout):
        await _coordinate(rollout, session, given, force=force)
    else:
        await _roll_out(rollout, session, given, force=force)


async def _roll_out(rollout: str, session: LiveSession, given: Mapping[str, Secret], *, force: bool) -> None:
    from vmss_tui.engine.runner.runner import run

    journal = session.journal()
    plan, target = journal.state(rollout).plan, journal.header(rollout).target
    references = plan.script.protected if plan is not None else {}
    await run(
        rollout,
        journal=journal,
        azure=session.connect,
        clock=session.clock,
        secrets=lambda: _reveal(references, given),
        host=socket.gethostname(),
        pid=os.getpid(),
        pace=session.pace(),
        force=force,
        describe=_notification,
        rules=session.rules,
        meeting=lambda identity: session.meeting_place(target, identity),
        team=session.team,
    )


def _notification(event: Event) -> str:
    """The message of a notification, whose words are imported with the first one."""
    from vmss_tui.presentation.rollout.log import notification

    return notification(event)


async def _coordinate(waves: str, session: LiveSession, given: Mapping[str, Secret], *, force: bool) -> None:
    from vmss_tui.engine.waves.coordinator import Runners, coordinate
    from vmss_tui.presentation.waves.lines import sentence

    async def start(rollout: str) -> None:
        await session.resume(rollout, secrets=given)

    await coordinate(
        waves,
        journal=session.journal(),
        azure=session.connect,
        known=session.background(),
        runners=Runners(start=start, require_free=session.require_free),
        clock=session.clock,
        host=socket.gethostname(),
        pid=os.getpid(),
        pace=session.pace(),
        force=force,
        describe=lambda event, state: sentence(event, state)[0],
    )


async def _due(session: LiveSession, rollout: str, given: Mapping[str, Secret]) -> bool:
    """Once a scheduled rollout is due: whether this process has taken it up, and nothing has changed."""
    from vmss_tui.cli.commands.schedule.due import may_start

    return await may_start(session, rollout, given)


def _reveal(references: Mapping[str, SecretRef], given: Mapping[str, Secret]) -> Mapping[str, Secret]:
    """The values of protected settings, as late as possible. Raises ProfileInvalid that names what is missing."""
    from vmss_tui.profiles.secrets import reveal

    return reveal(references, environ=os.environ, prompt=None, given=given)


@contextlib.contextmanager
def _cancelled_by(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals cancel the task that runs now."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in signals:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
