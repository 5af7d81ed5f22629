"""`vmss-tui worker`: starts the scheduled rollouts of a journal when they are due; with PostgreSQL, see `team`.

With a file there is one worker a journal, and each rollout is a runner of its own, which outlives the worker. The
process that was left behind by the command that scheduled a rollout goes first; the worker is for those whose host was
restarted since.
"""

import asyncio
import os
import re
import signal
import socket
import sys
from datetime import timedelta

import click

from vmss_tui import paths
from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout import runner_process as process
from vmss_tui.cli.options import connected, current
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.settings import Settings
from vmss_tui.errors import VmssTuiError

LOOK_SECONDS = 5.0
"""How often the journal is read; the lease is kept as often."""
GRACE = timedelta(seconds=10)
"""How long the process that waits by itself goes first: it has the values that were typed."""

_UNIT = """\
# Starts the scheduled rollouts of vmss-tui, and with a journal in PostgreSQL those of the team. To install it for
# your user:
#   mkdir -p ~/.config/systemd/user
#   vmss-tui worker --unit > ~/.config/systemd/user/vmss-tui-worker.service
#   systemctl --user daemon-reload && systemctl --user enable --now vmss-tui-worker
#   loginctl enable-linger   # so that it runs without a session of yours, and after a restart
[Unit]
Description=Worker of vmss-tui
After=network-online.target

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=30
# Variables of the sign-in and of protected values, NAME=VALUE a line: a unit has none of your shell.
EnvironmentFile=-%h/.config/vmss-tui/worker.env
# Runners that are processes of their own continue when the worker is stopped.
KillMode=process

[Install]
WantedBy=default.target
"""


@click.command()
@click.option("--unit", is_flag=True, help="Print a systemd user unit for it, with how to install it.")
@click.option("--once", is_flag=True, help="Start what is due now, and end: for a timer.")
@click.option(
    "--most", type=click.IntRange(1, 200), default=50, show_default=True, help="Rollouts at once, with PostgreSQL."
)
@connected
@click.pass_context
def worker(ctx: click.Context, unit: bool, once: bool, most: int) -> int:
    """Start the scheduled rollouts of the journal when they are due, also after a restart of this host.

    With a journal in PostgreSQL it also carries out what the team starts, many rollouts in one process, and takes over
    the rollouts of a host that died. Run one on each host.
    """
    if unit:
        output.line(_UNIT.format(command=_command(current(ctx))).rstrip())
        return 0
    return run(ctx, lambda session: _serve(session, current(ctx), most, once=once))


def _command(settings: Settings) -> str:
    words = [sys.executable, "-P", "-m", "vmss_tui", "worker"]
    for option, value in (
        ("--cloud", settings.cloud),
        ("--auth", settings.auth),
        ("--tenant", settings.tenant),
        ("--journal", settings.journal),
    ):
        words += [option, str(value)] if value else []
    return " ".join(map(_unit_word, words))


def _unit_word(word: str) -> str:
    """A word of `ExecStart=` as it is: no specifier, variable or quote in it counts (systemd.service(5))."""
    for special in ("\\", "%", "$"):
        word = word.replace(special, special * 2)
    return word if re.fullmatch(r"[\w@%+=:,./\\$-]+", word) else '"' + word.replace('"', '\\"') + '"'


async def _serve(session: LiveSession, settings: Settings, most: int, *, once: bool) -> int:
    from vmss_tui.journal.lease import owner

    session.require_writes()
    session.require_runner_sign_in()
    journal, clock = session.journal(), session.clock
    if journal.shared and not once:
        return await _serve_team(session, settings, most)
    lease = journal.schedule.lead(owner(os.getpid(), socket.gethostname()), clock.now())
    stop = _stopped_by_signals()
    try:
        if not once:
            diagnostics.say(f"worker for {journal.name}: waiting for scheduled rollouts")
        while not stop.is_set():
            journal.beat(lease, clock.now())
            for header in journal.schedule.due(clock.now() - (timedelta() if once else GRACE)):
                await _start(session, settings, header.id)
            if once:
                break
            try:
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
    finally:
        journal.release(lease)
    return 0


async def _serve_team(session: LiveSession, settings: Settings, most: int) -> int:
    from vmss_tui.cli.commands.schedule.team import TeamWorker

    own = LiveSession(settings, drives_clock=True, urgent=True)
    try:
        await TeamWorker(own, lambda rollout: _start(session, settings, rollout), most).serve(_stopped_by_signals())
    finally:
        await own.close()
    return 0


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sent, stop.set)
    return stop


async def _start(session: LiveSession, settings: Settings, rollout: str) -> None:
    """Start the process of a due rollout, which takes it up; it stays due when that fails."""
    journal = session.journal()
    command = process.runner_command(rollout, journal.place, settings, wait=True)
    try:
        await process.spawn(command, {}, paths.runner_log_file(rollout))
    except VmssTuiError as error:
        diagnostics.say(f"vmss-tui: rollout {rollout}: {error.message}", error.hint)
        return
    diagnostics.say(f"rollout {rollout} is due: started")
    limit = session.clock.monotonic() + process.LONGEST_START
    while session.clock.monotonic() < limit and journal.schedule.header(rollout).starts_at is not None:
        await session.clock.sleep(0.1)
