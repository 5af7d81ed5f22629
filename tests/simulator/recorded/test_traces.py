"""Replays every recorded trace against a simulator in the same starting state.

Status, header names and body shapes must be those that were recorded, and every answer must be valid by the swagger;
`accepted.toml` lists the differences that stay, each with its reason.
"""

import json
from pathlib import Path

import pytest

from support.recordings import Exchange, Trace, traces
from support.simulated.replay import Replay, accepted, groups_of
from support.simulator import StartsSimulator

ACCEPTED = Path(__file__).with_name("accepted.toml")
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def scenario_of(trace: Trace) -> str:
    """The scenario in which a trace can happen: its subscription and groups, and the ways of its time."""
    lines = [
        "[scenario]",
        f"name = {json.dumps(trace.name)}",
        "poll_hint_ms = false",
        "[[subscriptions]]",
        f'id = "{SUBSCRIPTION}"',
        'name = "recorded"',
        "[throttling]",
        "enabled = false",
        *(["deletes_are_writes = true"] if "2017" in trace.name or "2018" in trace.name else []),
    ]
    for name, location in groups_of(trace).items():
        lines += ["[[groups]]", f"name = {json.dumps(name)}", f"location = {json.dumps(location)}"]
    if "2017" in trace.name:
        lines += ["[switches]", 'cancel = "finish"']
    if any("retry-after" in exchange.headers for exchange in trace.exchanges if exchange.method != "GET"):
        lines += ["[switches]", 'retry_after = "writes"']
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("trace", traces(), ids=lambda trace: trace.name)
def test_a_recorded_story_unfolds_as_it_did(simulator: StartsSimulator, tmp_path: Path, trace: Trace) -> None:
    path = tmp_path / "trace.toml"
    path.write_text(scenario_of(trace))
    known = accepted(ACCEPTED)
    differences = Replay(simulator(path), trace).run()
    unknown = [one for one in differences if not any(entry.covers(one) for entry in known)]
    assert not unknown, "\n".join(str(one) for one in unknown)
    stale = [
        entry for entry in known if trace.name in entry.traces and not any(entry.covers(one) for one in differences)
    ]
    assert not stale, "accepted but not there any more"


def test_a_trace_that_never_shows_its_set_and_polls_by_location_can_be_replayed(
    simulator: StartsSimulator, tmp_path: Path
) -> None:
    """Recordings that are dropped in need not begin with a GET, nor poll a status document."""
    home = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Compute"
    upgrade = f"{home}/virtualMachineScaleSets/vmss1/manualupgrade?api-version=2020-06-01"
    operation = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westus/operations/{SUBSCRIPTION}"
    monitor = f"{operation}?monitor=true&api-version=2020-06-01"
    links = {
        "azure-asyncoperation": f"https://management.azure.com{operation}?api-version=2020-06-01",
        "location": f"https://management.azure.com{monitor}",
        "date": "Thu, 09 Jul 2020 07:26:20 GMT",
    }
    date = {"date": "Thu, 09 Jul 2020 07:27:20 GMT"}
    exchanges = (
        Exchange("made", "POST", upgrade, {"instanceIds": ["3"]}, 202, links, ""),
        Exchange("made", "GET", monitor, None, 202, {**date, "location": links["location"]}, ""),
        Exchange("made", "GET", monitor, None, 200, date, ""),
        Exchange(
            "made",
            "GET",
            f"{home}/virtualMachineScaleSets/vmss1/virtualMachines/3?api-version=2020-06-01",
            None,
            200,
            date,
            {"instanceId": "3"},
        ),
    )
    trace = Trace("dropped-in", "made", exchanges)
    path = tmp_path / "trace.toml"
    path.write_text(scenario_of(trace))
    assert Replay(simulator(path), trace).run() == []
