"""Rolling mode against the simulator: one write, Azure's roll followed to its end."""

from dataclasses import replace

from engine.conftest import OpensLab
from engine.lab import ONE_THIRD, version
from vmss_tui.domain import events as e


async def test_a_rolling_rollout_from_the_first_event_to_the_last(open_lab: OpensLab) -> None:
    lab = await open_lab()
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, unhealthy_upgraded_percent=20))
    assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run app 2 and are healthy")
    assert {each.seen.phase for each in state.instances.values()} == {e.Phase.DONE}
    assert {each.seen.version for each in state.instances.values()} == {"app 2"}
    assert [len(each.ids) for each in state.batches] == [2, 2, 2]
