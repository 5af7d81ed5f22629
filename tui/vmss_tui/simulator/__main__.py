"""Command line of the simulator: `python -m vmss_tui.simulator`.

The only writer of its stdout (the ready line) and stderr. A bad scenario or option ends with exit code 2 and one
line; no secret is ever taken from the command line.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from .clock import SimClock
from .files import Handover
from .server import ServeOptions, StartError, serve
from .state import Simulation

USAGE = 2


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = argparse.ArgumentParser(
        prog="vmss-tui simulate",
        description="Azure Resource Manager and Entra ID for scale sets, simulated on loopback over TLS.",
    )
    add = result.add_argument
    add("--scenario", default="shipping", metavar="FILE|NAME", help="a TOML file, or a bundled scenario")
    add("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 (the default) takes a free one")
    add("--speed", type=float, metavar="X", help="simulated seconds a real second")
    add("--env-file", type=Path, metavar="F", help="write `export` lines for a shell, mode 0600")
    add("--cloud-file", type=Path, metavar="F", help="where to write the cloud's TOML")
    add("--parent-pid", type=int, metavar="PID", help="stop when that process is gone")
    add(
        "--exit-when-idle",
        type=float,
        metavar="SECONDS",
        help="stop when no request came for so many seconds",
    )
    add("--debug", action="store_true", help="log requests and failures to stderr")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.debug else logging.CRITICAL, stream=sys.stderr)
    try:
        simulation = _simulation(options)
        asyncio.run(
            serve(
                simulation,
                ServeOptions(
                    port=options.port,
                    env_file=options.env_file,
                    cloud_file=options.cloud_file,
                    parent_pid=options.parent_pid,
                    exit_when_idle=options.exit_when_idle,
                ),
                _announce,
            )
        )
    except (StartError, OSError) as error:
        print(f"simulate: {error}", file=sys.stderr)
        return USAGE
    return 0


def _simulation(options: argparse.Namespace) -> Simulation:
    from .bare import SCENARIO, WORLD

    return Simulation(SCENARIO, WORLD, SimClock(options.speed or SCENARIO.speed))


def _announce(handover: Handover) -> None:
    print(handover.ready_line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
