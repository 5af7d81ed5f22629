"""Who is notified about waves: the hooks of the profile and of the configuration, on the occasions that they name."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_policy import Hook, RolloutPolicy
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.state import WavesState
from vmss_tui.engine.waves.notifications import WavesNotifier, occasion

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (w.WaveApprovalNeeded(2), "needs_person"),
        (e.RunnerStopped("terminated"), "needs_person"),
        (e.RunnerStopped(), ""),
        (e.Ended(Verdict.FAILED, "one failed"), "failed"),
        (e.Ended(Verdict.COMPLETED, "done"), "ended"),
        (w.WaveStarted(1), ""),
    ],
)
def test_only_some_events_concern_a_person(event: w.WavesEvent, expected: str) -> None:
    assert occasion(event) == expected


async def test_a_hook_gets_the_message_once(tmp_path: Path) -> None:
    out = tmp_path / "message.json"
    hook = Hook(command=("/bin/sh", "-c", f"cat >> {out}"), on=("needs_person",))
    member = WaveSet(target=ScaleSetId("s", "g", "a"), policy=RolloutPolicy(hooks=(hook,)))
    plan = WavesPlan(profile="web", label="web 2", waves=(Wave(number=1, name="all", sets=(member,)),))
    notifier = WavesNotifier("1234abcd", plan, (hook,), lambda event, _: "wave 2 is waiting for approval")
    log = (w.WavesLogged(1, NOW, w.WaveApprovalNeeded(2)), w.WavesLogged(2, NOW, e.Ended(Verdict.COMPLETED, "done")))
    notifier.notify(log, WavesState())
    await notifier.finish()
    message = json.loads(out.read_text())
    assert message["occasion"] == "needs_person" and message["rollout"] == "1234abcd"
    assert message["message"] == "wave 2 is waiting for approval" and message["scale_sets"] == 1
