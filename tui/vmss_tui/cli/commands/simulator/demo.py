"""`vmss-tui demo`: the app, or any other command, on a simulated Azure that is started for it."""

import click

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.simulator.simulation import DemoHome, Simulated
from vmss_tui.cli.options import current
from vmss_tui.errors import UsageError

SCENARIO = "shipping"
SPEED = 8.0
"""At this speed a rollout over 60 instances takes about two minutes."""


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--scenario", metavar="NAME|FILE", help=f"Scenario of the simulated Azure; default: {SCENARIO}.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), help=f"Speed-up factor; default: {SPEED:g}.")
@click.option("--stop", is_flag=True, help="Stop the simulated Azure of an earlier demo.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND …]")
@click.pass_context
def demo(ctx: click.Context, scenario: str | None, speed: float | None, stop: bool, command: tuple[str, ...]) -> int:
    """Open the app, or run COMMAND, on a simulated Azure.

    It has its own journal. It runs as long as the app is open or a rollout is active on it; after a COMMAND, it stops
    after 15 minutes without a request.
    """
    settings = current(ctx)
    if settings.cloud is not None:
        raise UsageError("the demo has its own cloud", hint="remove --cloud")
    home = DemoHome()
    if stop:
        return _stop(home)
    if not command:
        from vmss_tui.cli.open_app import require_terminal

        require_terminal("vmss-tui demo list")
        diagnostics.say("starting a simulated Azure …")
    simulated = home.ensure(scenario or SCENARIO, speed or SPEED, asked=bool(scenario or speed))
    home.enter(simulated)
    with home.visit():
        code = _run(list(command), read_only=settings.read_only)
    if not command:
        _leave(home, simulated)
    return code


def _run(command: list[str], *, read_only: bool) -> int:
    from vmss_tui.cli.group import program

    arguments = (["--read-only"] if read_only else []) + (command or ["app"])
    code = program.main(args=arguments, prog_name="vmss-tui", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _stop(home: DemoHome) -> int:
    simulated = home.find()
    if simulated is None:
        diagnostics.say("no demo is running")
    else:
        busy = home.busy()
        home.stop(simulated)
        ended = f"; rollout {', '.join(busy)} ended with it" if busy else ""
        diagnostics.say(f"the simulated Azure has stopped{ended}")
    return 0


def _leave(home: DemoHome, simulated: Simulated) -> None:
    busy = home.busy()
    if busy:
        names = ", ".join(busy)
        diagnostics.say(
            f"rollout {names} continues in the background; the simulated Azure runs until it ends",
            "`vmss-tui demo attach` follows it, `vmss-tui demo cancel` stops it",
        )
    elif not home.visited:
        home.stop(simulated)
