"""`vmss-tui rehearse`: the same rollout by the same program, on a simulated copy of the scale set."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.outlook.scenario_from_set import MODEL, Mishap, scenario_of
from vmss_tui.cli.commands.rollout.plan import order_from, orders
from vmss_tui.cli.commands.rollout.runner_process import python
from vmss_tui.cli.commands.simulator.simulation import DemoHome
from vmss_tui.cli.options import connected, current, with_profiles
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import UsageError
from vmss_tui.text import counted

SPEED = 30.0


@click.command()
@orders
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=SPEED, show_default=True, help="Speed-up factor.")
@click.option("--fail", "fails", metavar="IDS", default="", help="Fail the script on these instances: 3,17.")
@click.option("--sicken", metavar="IDS", default="", help="Keep these instances unhealthy after the update.")
@click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON.")
@connected
@with_profiles
@click.pass_context
def rehearse(ctx: click.Context, /, speed: float, fails: str, sicken: str, jsonl: bool, **given: Any) -> int:
    """Rehearse a rollout of PROFILE on a simulated copy of SCALESET. Nothing real is written.

    The exit code is that of the rehearsed rollout. Script durations are the simulator's estimate.
    """
    order_from(given)
    mishap = Mishap(fails=_ids(fails), unhealthy=_ids(sicken))
    with tempfile.TemporaryDirectory(prefix="vmss-tui-rehearsal-") as directory:
        home = Path(directory)
        targets: list[ScaleSetId] = []

        async def work(session: LiveSession) -> int:
            targets.append(await _copy(session, given["scaleset"], mishap, home))
            return 0

        run(ctx, work)
        return _rehearse(ctx, home, targets[0], speed, [*_again(given), *(["--jsonl"] if jsonl else [])])


for _parameter in rehearse.params:
    _parameter.required = _parameter.required or _parameter.name == "scaleset"


def _ids(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


async def _copy(session: LiveSession, text: str, mishap: Mishap, home: Path) -> ScaleSetId:
    """Write the copy's scenario into `home`."""
    import tomli_w

    from vmss_tui.engine.snapshot_reader import read_snapshot

    azure = await session.connect()
    target = await find.resolve(azure, text)
    snapshot = await read_snapshot(azure, target, session.clock, autoscale=True)
    place = await find.subscription_of(azure, target)
    known = {instance.id for instance in snapshot.instances}
    for wrong in sorted((mishap.fails | mishap.unhealthy) - known):
        raise UsageError(f"{target.name} has no instance {wrong}", hint="`vmss-tui instances` lists them")
    (home / MODEL).write_text(json.dumps(dict(await azure.raw(target))), encoding="utf-8")
    (home / "scenario.toml").write_text(tomli_w.dumps(scenario_of(snapshot, place, mishap)), encoding="utf-8")
    count = counted(len(snapshot.instances), "instance")
    diagnostics.say(f"rehearsing on a simulated copy of {target.name} with {count}; nothing real is changed")
    return snapshot.scale_set.id


def _rehearse(ctx: click.Context, home: Path, target: ScaleSetId, speed: float, arguments: Sequence[str]) -> int:
    profile, *options = arguments
    demo = DemoHome(home / "state")
    simulated = demo.ensure(str(home / "scenario.toml"), speed, asked=True)
    directory = current(ctx).profiles
    places = ["--profiles", str(directory)] if directory is not None else []
    command = python("vmss_tui", *places, "rollout", profile, str(target), "--yes", "--rehearsal", *options)
    try:
        return subprocess.run(command, check=False, env=demo.environment(simulated)).returncode
    finally:
        _end_runners(demo)
        demo.stop(simulated)


def _end_runners(demo: DemoHome) -> None:
    """A rehearsal that is left takes its runner with it: there is nothing to go on with."""
    for pid in demo.runners():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _again(given: dict[str, Any]) -> list[str]:
    """The arguments of `rollout` that say the same."""
    words = [given["profile"]]
    for text in given["variables"]:
        words += ["--set", text]
    for option, key in (("--mode", "mode"), ("--batch", "batch"), ("--pause", "pause")):
        if given[key]:
            words += [option, given[key]]
    if given["max_unhealthy"] is not None:
        words += ["--max-unhealthy", str(given["max_unhealthy"])]
    if given["rerun"]:
        words.append("--rerun")
    return words
