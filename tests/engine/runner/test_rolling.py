"""Rolling mode against the simulator: one write, and Azure's rolling upgrade followed to its end."""

import asyncio
from dataclasses import replace

import pytest

from support.engine.lab import ONE_THIRD, steps, version
from support.engine.opens import OpensLab
from support.engine.requests import batches_begun, when
from support.journal import file_of
from vmss_tui.domain.fleet.health import Power
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.rollout import events as e


async def test_a_rolling_rollout_from_the_first_event_to_the_last(open_lab: OpensLab) -> None:
    lab = await open_lab()
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, unhealthy_upgraded_percent=20))
    assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run app 2 and are healthy")
    assert {instance.seen.phase for instance in state.instances.values()} == {e.Phase.DONE}
    assert {instance.seen.version for instance in state.instances.values()} == {"app 2"}
    assert [len(batch.ids) for batch in state.batches] == [2, 2, 2]
    (write,) = lab.writes()
    assert (write["method"], "/extensions/CustomScript" in write["path"]) == ("PUT", True)


@pytest.mark.parametrize("mode", [UpgradeMode.ROLLING, UpgradeMode.MANUAL])
async def test_an_automatic_set_in_another_mode_for_one_rollout(mode: UpgradeMode, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Automatic")
    refused = await lab.plan(version("2"))
    assert [finding.code for finding in refused.refusals] == ["automatic-mode"]
    lab.happen("deallocate", instances=[5])
    await lab.look_until(lambda found: found.instances[5].power is Power.DEALLOCATED)
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, mode=mode))
    assert (state.verdict, state.policy_restored) == (e.Verdict.COMPLETED, True), state.reason
    assert state.count(e.Phase.DONE) == 5 and max(len(batch.ids) for batch in state.batches) == 2
    assert (await lab.look()).scale_set.mode is UpgradeMode.AUTOMATIC


SWITCHES = [
    "model_roll_in_latest = false",
    'never_rolled = "409"',
    'cancel = "finish"',
    "restamp_operations = true",
    'utc_offset = "-07:00"',
    "noop_write_walks = false",
    "echo_protected_settings = true",
]


@pytest.mark.parametrize("switch", SWITCHES)
async def test_whatever_azure_does_where_sources_disagree(switch: str, open_lab: OpensLab) -> None:
    lab = await open_lab(head=f"[switches]\n{switch}\n\n")
    state = await lab.roll_out(version("2"))
    assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run app 2 and are healthy")
    assert [len(batch.ids) for batch in state.batches] == [2, 2, 2]


@pytest.mark.parametrize("cancel", ["abandon", "finish"])
async def test_both_ways_in_which_azure_cancels(cancel: str, open_lab: OpensLab) -> None:
    lab = await open_lab(head=f'[switches]\ncancel = "{cancel}"\n\n')
    rollout = await lab.create(version("2"))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(2), "cancel")
    assert await running is e.Verdict.CANCELLED, lab.journal.state(rollout).reason


async def test_policy_and_script_go_in_one_write_and_the_policy_comes_back(open_lab: OpensLab) -> None:
    lab = await open_lab()
    before = (await lab.azure.scale_set(lab.target)).policy
    policy = replace(ONE_THIRD, steps=steps("50%"), unhealthy_percent=50, unhealthy_upgraded_percent=50)
    state = await lab.roll_out(version("2"), policy)
    assert state.verdict is e.Verdict.COMPLETED and state.policy_restored is True
    assert [len(batch.ids) for batch in state.batches] == [3, 3]
    assert [write["method"] for write in lab.writes()] == ["PATCH", "PATCH"]
    assert (await lab.azure.scale_set(lab.target)).policy == before


async def test_the_policy_does_not_come_back_while_that_would_start_the_upgrade_again(
    open_lab: OpensLab,
) -> None:
    lab = await open_lab()
    policy = replace(ONE_THIRD, steps=steps("50%"), unhealthy_percent=50, unhealthy_upgraded_percent=0)
    state = await lab.roll_out(version("2-bad"), policy)
    assert state.verdict is e.Verdict.FAILED and state.policy_restored is False
    assert len(lab.writes()) == 1


async def test_a_script_that_fails_is_named_with_its_stderr(open_lab: OpensLab) -> None:
    lab = await open_lab()
    state = await lab.roll_out(version("2-bad"), replace(ONE_THIRD, unhealthy_upgraded_percent=0))
    assert state.verdict is e.Verdict.FAILED and state.fault is not None
    assert state.reason.startswith("Azure stopped the rolling upgrade: ") and "1 failed: 1" in state.reason
    assert state.instances["1"].seen.exit_code == 100
    assert state.instances["1"].seen.stderr == "E: no such package"


async def test_secrets_travel_to_azure_and_nowhere_else(open_lab: OpensLab) -> None:
    lab = await open_lab()
    protected = {"commandToExecute": SecretRef(SecretSource.PROMPT, "command")}
    rollout = await lab.create(version("2", settings={"timestamp": 2}, protected=protected))
    await lab.run(rollout, secrets={"commandToExecute": Secret("./app-2.sh very-secret-value")})
    assert lab.journal.state(rollout).verdict is e.Verdict.COMPLETED
    for path in file_of(lab.journal).parent.iterdir():
        assert b"very-secret-value" not in path.read_bytes()


async def test_without_a_health_source_the_scripts_proof_counts(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", health="none")
    state = await lab.roll_out(version("2"))
    assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run app 2")
    assert state.lowest is None


async def test_zones_are_not_mixed(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", zones="[1, 2, 3]", instances=9)
    state = await lab.roll_out(version("2"))
    assert [batch.zones for batch in state.batches] == [("1",), ("2",), ("3",)]


async def test_flexible_sets(open_lab: OpensLab) -> None:
    for mode in ("Manual", "Rolling"):
        lab = await open_lab(mode=mode, orchestration="Flexible")
        state = await lab.roll_out(version("2"))
        assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run app 2 and are healthy")


async def test_forcing_runs_identical_settings_again(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    assert (await lab.roll_out(version("2"))).verdict is e.Verdict.COMPLETED
    again = await lab.roll_out(version("2"))
    assert again.reason == "nothing to do: all instances already run app 2"
    forced = await lab.roll_out(version("2"), replace(ONE_THIRD, force_rerun=True))
    assert forced.reason == "6 of 6 run app 2 and are healthy"
    for instance in forced.instances.values():
        assert (
            instance.first is not None and instance.first.script_at is not None and instance.seen.script_at is not None
        )
        assert instance.seen.script_at > instance.first.script_at
