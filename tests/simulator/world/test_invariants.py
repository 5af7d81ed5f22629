"""What holds in every story: with any writes in any order, the world stays consistent and comes to rest."""

import ast
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import examples
from support.simulated.story import Story
from vmss_tui.simulator import world
from vmss_tui.simulator.world.changes import actions, writes
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.model import ScaleSet

Step = Callable[[Story], object]
IDS = st.lists(st.integers(0, 11), min_size=1, max_size=4, unique=True)
STEPS = st.one_of(
    st.integers(1, 600).map(lambda seconds: lambda story: story.wait(seconds)),
    st.sampled_from(["./a.sh", "./b.sh", "./fails.sh", "./custom_application_v2.sh"]).map(
        lambda command: lambda story: story.put_script(command)
    ),
    st.sampled_from(["Manual", "Automatic", "Rolling"]).map(
        lambda mode: lambda story: story.patch({"properties": {"upgradePolicy": {"mode": mode}}})
    ),
    st.integers(0, 12).map(lambda count: lambda story: story.patch({"sku": {"capacity": count}})),
    st.tuples(st.integers(5, 100), st.booleans(), st.booleans()).map(
        lambda chosen: lambda story: story.patch({"properties": {"upgradePolicy": policy(*chosen)}})
    ),
    IDS.map(lambda ids: lambda story: story.upgrade(*ids)),
    st.tuples(st.sampled_from(sorted(actions.POWER_ACTIONS)), IDS).map(
        lambda chosen: lambda story: story.act(chosen[0], *chosen[1])
    ),
    IDS.map(lambda ids: lambda story: delete(story, ids)),
    st.just(lambda story: story.cancel()),
    st.just(lambda story: remove_script(story)),
)


def policy(percent: int, surge: bool, rollback: bool) -> dict[str, object]:
    return {
        "rollingUpgradePolicy": {
            "maxBatchInstancePercent": percent,
            "maxUnhealthyInstancePercent": 100,
            "maxUnhealthyUpgradedInstancePercent": 50,
            "maxSurge": surge,
            "rollbackFailedInstancesOnPolicyBreach": rollback,
        }
    }


def delete(story: Story, ids: list[int]) -> None:
    names = [str(key) for key in ids]
    story.world, _ = actions.delete_instances(story.world, story.now, story.address, names)


def remove_script(story: Story) -> None:
    story.world, _ = writes.delete_extension(story.world, story.now, story.address, "CustomScript")


def check(story: Story) -> None:
    value = story.value
    for instance in value.instances.values():
        times = [due.at for due in instance.timeline]
        assert all(first <= second for first, second in pairwise(times))
        assert all(at > story.now for at in times)
    running = {key for key, one in story.world.operations.items() if one.ended is None}
    assert running == set(value.running)
    check_roll(value)


def check_roll(value: ScaleSet) -> None:
    roll = value.roll
    if roll is None:
        return
    parts = (roll.succeeded, roll.failed, roll.batch, roll.pending)
    everyone = [key for part in parts for key in part]
    assert len(everyone) == len(set(everyone))
    assert roll.running == (roll.code in ("RollingForward", "RollingBack"))
    if not roll.running:
        assert roll.batch == () and roll.due is None


@examples(100)
@given(st.sampled_from(["extension", "probe"]), st.lists(STEPS, min_size=1, max_size=15))
def test_any_story_stays_consistent_and_comes_to_rest(health: str, steps: list[Step]) -> None:
    scripts = "[[scripts]]\nmatch = 'fails'\nexit_code = 3\nseconds = 20\n"
    story = Story.of(f'mode = "Manual"\ninstances = 6\nhealth = "{health}"\n', scripts=scripts)
    for step in steps:
        try:
            step(story)
        except Refused as refused:
            assert refused.status in (400, 409)
        check(story)
    for _ in range(40):
        story.wait(600)
    check(story)
    assert story.value.running == ()
    assert not any(one.busy for one in story.instances.values())
    assert not any(one.hidden for one in story.instances.values())
    assert not story.value.rolling
    assert story.address.key not in story.world.agenda


def test_the_world_knows_no_clock_no_network_and_no_files() -> None:
    forbidden = {"time", "random", "os", "pathlib", "asyncio", "aiohttp", "socket", "secrets", "threading", "msgspec"}
    package = Path(world.__file__).parent
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} reaches outside the world"
                names = [node.module or ""] if node.level == 0 else []
            assert not {name.split(".")[0] for name in names} & forbidden, path.name
        assert "datetime.now(" not in path.read_text(), path.name
