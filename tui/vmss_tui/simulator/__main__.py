"""Command line of the simulator: `python -m vmss_tui.simulator`, and `vmss-tui simulate` passes straight through.

The only writer of its stdout (the ready line) and stderr. A bad scenario or option ends with exit code 2 and one
message; no secret is ever taken from the command line.
"""

import argparse
import asyncio
import gc
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.simulator.clock import SimClock, shared_clock
from vmss_tui.simulator.handover import Handover, UnwritableError
from vmss_tui.simulator.scenario.lint import lint
from vmss_tui.simulator.scenario.load import DEFAULT, ScenarioError, load, names
from vmss_tui.simulator.scenario.schema import FASTEST
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.server import ServeOptions, StartError, serve
from vmss_tui.simulator.state import Simulation

USAGE = 2


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = argparse.ArgumentParser(
        prog="vmss-tui simulate",
        description="Azure Resource Manager and Entra ID for scale sets, simulated on loopback over TLS. Prints one "
        "JSON line when it is ready; ends with SIGINT or SIGTERM.",
    )
    add = result.add_argument
    add("--scenario", default=DEFAULT, metavar="FILE|NAME", help=f"a TOML file, or one of: {', '.join(names())}")
    add("--port", type=_port, default=0, help="TCP port on 127.0.0.1; 0 (the default) takes a free one")
    add("--speed", type=_factor, metavar="X", help="simulated seconds per second; default: the scenario's")
    add("--clock-file", type=Path, metavar="F", help="take the time from this file, which a client moves forward")
    add("--env-file", type=Path, metavar="F", help="write `export` lines for a shell, mode 0600")
    add("--cloud-file", type=Path, metavar="F", help="where to write the cloud's TOML, mode 0600")
    add(
        "--poll-hint-ms",
        type=int,
        metavar="MS",
        help="x-ms-retry-after-ms of long-running answers; 0 sends Azure's own headers only",
    )
    add("--parent-pid", type=int, metavar="PID", help="stop when that process is gone")
    add("--exit-when-idle", type=float, metavar="SECONDS", help="stop after this time without a request")
    add("--allow-root", action="store_true", help="run a scenario's scripts for real even as root")
    add("--lint", type=Path, metavar="FILE", help="check a scenario file, report its problems, and exit")
    add("--list", action="store_true", help="list the bundled scenarios and exit")
    add("--debug", action="store_true", help="log requests and failures to stderr")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator; return the exit code: 0 ended, 2 usage, bad scenario or port."""
    options = parser().parse_args(arguments)
    if options.list:
        print("\n".join(names()))
        return 0
    if options.lint is not None:
        return _lint(options.lint)
    _log_to_stderr(options.debug)
    gc.disable()  # a first world is made of a million objects, and none of them is garbage
    try:
        simulation = _simulation(options)
        gc.freeze()
        gc.enable()
        asyncio.run(serve(simulation, _serve_options(options), _announce))
    except ScenarioError as error:
        return _complain(error.problems)
    except (StartError, UnwritableError, OSError) as error:
        return _complain([f"simulate: {error}"])
    except KeyboardInterrupt:
        return 130
    return 0


def _log_to_stderr(everything: bool) -> None:
    """Failures of our own in one line each; with `everything`, requests and tracebacks too."""
    logging.basicConfig(level=logging.DEBUG if everything else logging.ERROR, stream=sys.stderr)
    if not everything:
        for name in ("asyncio", "aiohttp"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port: give 1 to 65535, or 0 for a free one")
    return port


def _factor(text: str) -> float:
    factor = float(text)
    if not 0 < factor <= FASTEST:
        raise argparse.ArgumentTypeError(f"the speed must be greater than 0 and at most {FASTEST}, not {text}")
    return factor


def _simulation(options: argparse.Namespace) -> Simulation:
    scenario = load(options.scenario)
    if options.poll_hint_ms is not None:
        scenario = replace(scenario, poll_hint_ms=options.poll_hint_ms or None)
    start = datetime.now(UTC)
    try:
        world = first_world(scenario, start)
    except ValueError as error:
        raise ScenarioError([f"{options.scenario}: {error}"]) from error
    if options.clock_file is not None:
        return Simulation(scenario, world, shared_clock(options.clock_file, start))
    return Simulation(scenario, world, SimClock(options.speed or scenario.speed, start))


def _serve_options(options: argparse.Namespace) -> ServeOptions:
    return ServeOptions(
        port=options.port,
        env_file=options.env_file,
        cloud_file=options.cloud_file,
        clock_file=options.clock_file,
        parent_pid=options.parent_pid,
        allow_root=options.allow_root,
        exit_when_idle=options.exit_when_idle,
    )


def _lint(path: Path) -> int:
    try:
        problems = lint(path)
        if not problems:
            first_world(load(path), datetime.now(UTC))
            print(f"{path}: fine")
    except ScenarioError as error:
        problems = error.problems
    except ValueError as error:
        problems = [f"{path}: {error}"]
    return _complain(problems) if problems else 0


def _complain(lines: Sequence[str]) -> int:
    print("\n".join(map(_visible, lines)), file=sys.stderr)
    return USAGE


def _visible(text: str) -> str:
    """A line with the characters spelled out that would act on a terminal: names of files and scenarios are foreign."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def _announce(handover: Handover) -> None:
    print(handover.ready_line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
