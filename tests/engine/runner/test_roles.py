"""The roles that `vmss-tui roles` prints are enough, and no more than read access in the reader's case.

The simulator enforces every action, also that of polling an operation, for a principal with exactly one of these roles
on the subscription or on the resource group, and none elsewhere.
"""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from support.engine.lab import Lab, steps, version
from support.engine.opens import OpensLab
from vmss_tui.domain.fleet.rights import Role, role_definition
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.followup import Followup
from vmss_tui.errors import Forbidden

pytestmark = pytest.mark.campaign
TOLERANT = RolloutPolicy(steps=steps("34%"), unhealthy_percent=90, unhealthy_upgraded_percent=90, health_wait_seconds=3)
UNIFORM_REPAIRS = '[scale_sets.repairs]\nenabled = true\ngrace = "PT10M"\n'


def having(role: Role, scope: str) -> str:
    """The part of a scenario with one principal that has the shipped role on a scope and none elsewhere."""
    actions = json.dumps(role_definition(role, ["/"])["Actions"])
    return (
        f'\n[[roles]]\nname = "shipped"\nactions = {actions}\n[[principals]]\nname = "maria"\nsecret = "made-up"\n'
        f'roles = [{{ role = "shipped", scope = "{scope}" }}]\n'
    )


def refused(lab: Lab) -> list[str]:
    """Requests that the simulator refused for a missing right."""
    return [f"{seen['method']} {seen['path']}" for seen in lab.sim.control.requests() if seen["status"] == 403]


async def rolled_out(lab: Lab, script: ScriptConfig, policy: RolloutPolicy = TOLERANT) -> tuple[str, e.Verdict | None]:
    rollout = await lab.create(script, policy)
    return rollout, await lab.run(rollout)


@pytest.mark.parametrize("orchestration", ["Uniform", "Flexible"])
@pytest.mark.parametrize("mode", ["Manual", "Rolling"])
@pytest.mark.parametrize("scope", ["prod", "prod/rg"])
async def test_the_operators_role_is_enough_for_the_main_job(
    orchestration: str, mode: str, scope: str, open_lab: OpensLab
) -> None:
    more = UNIFORM_REPAIRS if orchestration == "Uniform" else ""
    lab = await open_lab(mode=mode, orchestration=orchestration, head=having(Role.OPERATOR, scope), more=more)
    policy = replace(TOLERANT, suspend_repairs=bool(more))
    plan = await lab.plan(version("2-bad"), policy)
    assert not {"rights-missing", "rights-unknown"} & {found.code for found in plan.findings}
    assert plan.holds_repairs == bool(more)
    failing, verdict = await rolled_out(lab, version("2-bad"), policy)
    assert verdict is e.Verdict.FAILED, lab.journal.state(failing).reason
    for followup in (Followup.RETRY, Followup.UNDO):
        plan = await lab.followed_up(followup, failing)
        assert not plan.refusals, plan.refusals
        await lab.run(lab.journal.create(plan, who="maria", why="test"))
    good, verdict = await rolled_out(lab, version("3"))
    assert verdict is e.Verdict.COMPLETED, lab.journal.state(good).reason
    first, verdict = await rolled_out(lab, version("4"))
    undo = await lab.followed_up(Followup.UNDO, first)
    assert await lab.run(lab.journal.create(undo, who="maria", why="test")) is e.Verdict.COMPLETED
    await lab.azure.raw(lab.target)
    known = await lab.look()
    assert await lab.azure.private_addresses(known.scale_set, known.instances[0])
    handle = await lab.azure.run_command(known.scale_set, known.instances[0], ["df -h"])
    await lab.azure.command_output(known.scale_set, handle)
    place = (await lab.azure.governance(lab.target)).subscription
    assert place is not None and (place.name, place.state) == ("prod", "Enabled")
    whole = ("/eventtypes/management/values", f"/subscriptions/{lab.target.subscription}") if scope != "prod" else ()
    beyond = [path for path in refused(lab) if not path.partition("?")[0].endswith(whole or ("-",))]
    assert beyond == [], "only what belongs to the whole subscription is out of reach of a role on a group"


@pytest.mark.parametrize("orchestration", ["Uniform", "Flexible"])
async def test_the_readers_role_reads_everything_and_writes_nothing(orchestration: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", orchestration=orchestration, head=having(Role.READER, "prod"))
    pages = [page async for page in lab.azure.scale_sets(lab.target.subscription)]
    assert [found.name for page in pages for found in page] == ["app"]
    snapshot = await lab.look()
    assert all(instance.script_digest for instance in snapshot.instances)
    await lab.azure.raw(lab.target, snapshot.instances[0].id)
    assert (await lab.azure.governance(lab.target)).unknown == ""
    since = lab.clock.now() - timedelta(hours=1)
    assert (await lab.azure.activity(lab.target, since)).unknown == ""
    assert await lab.azure.autoscale(lab.target) is None
    assert refused(lab) == []
    plan = await lab.plan(version("2"))
    assert "rights-missing" in {found.code for found in plan.refusals}
    with pytest.raises(Forbidden):
        await lab.azure.write_extension(snapshot.scale_set, version("2"), None)
    with pytest.raises(Forbidden):
        await lab.azure.run_command(snapshot.scale_set, snapshot.instances[0], ["df -h"])
