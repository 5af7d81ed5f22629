"""Nonsense bodies: for any JSON of a client, the answer is ARM's, and the world can still be shown."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import examples
from support.simulated.story import Story
from vmss_tui.simulator.arm.instances import Shapes, instance_json
from vmss_tui.simulator.arm.scale_sets import extension_json, instance_view_json, scale_set_json
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.profile import specs

WORDS = (
    "sku capacity name tags properties upgradePolicy mode rollingUpgradePolicy maxBatchInstancePercent "
    "pauseTimeBetweenBatches virtualMachineProfile extensionProfile extensions settings protectedSettings "
    "commandToExecute fileUris script osProfile storageProfile osDisk networkProfile healthProbe imageReference "
    "automaticRepairsPolicy zones publisher type typeHandlerVersion extensionsTimeBudget"
)
NAMES = st.sampled_from(WORDS.split(" "))
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 50), st.sampled_from(["", "Rolling", "x", "PT10M", "*"]), st.just([])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner)), max_leaves=8
)
PROFILE = st.dictionaries(NAMES, JSON, max_size=3)
BODIES = st.one_of(
    st.dictionaries(NAMES, JSON, max_size=4),
    PROFILE.map(lambda profile: {"properties": {"virtualMachineProfile": profile}}),
    st.lists(PROFILE, max_size=2).map(
        lambda listed: {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": listed}}}}
    ),
    PROFILE.map(lambda policy: {"properties": {"upgradePolicy": policy}}),
)


def show(story: Story) -> None:
    """Render everything of the scale set."""
    value = story.value
    shapes = Shapes(value, "2024-07-01", story.now)
    shown = [
        scale_set_json(value, "2024-07-01"),
        instance_view_json(value, "+00:00"),
        *(extension_json(value, spec, "2024-07-01") for spec in specs(value.model, value.protected)),
        *(instance_json(shapes, one, view=True) for one in value.instances.values()),
    ]
    assert msgspec.json.encode(shown)


@examples(150)
@given(st.sampled_from(["put", "patch", "extension"]), BODIES)
def test_any_body_is_answered_and_leaves_a_world_that_can_be_shown(how: str, body: dict[str, Any]) -> None:
    story = Story.of('mode = "Automatic"\ninstances = 2\n')
    try:
        if how == "put":
            story.put(body)
        elif how == "patch":
            story.patch(body)
        else:
            story.put_script(**body)
    except Refused as refused:
        assert refused.status in (400, 409)
    show(story)
    for _ in range(8):
        story.wait(60)
        show(story)
