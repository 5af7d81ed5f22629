"""Names of writes."""

import pytest

from vmss_tui.domain.rollout.write_keys import named


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("model", "the update of the scale set model"),
        ("restore", "restoring the scale set's upgrade policy"),
        ("batch-3", "the update of batch 3"),
        ("batch-3/web_12", "the update of web_12 in batch 3"),
        ("roll-1", "starting the rolling upgrade"),
        ("roll-2", "starting the rolling upgrade again"),
        ("cancel-1", "canceling the rolling upgrade"),
        ("suspend-repairs", "suspending automatic repairs"),
        ("resume-repairs", "resuming automatic repairs"),
        ("other", "other"),
    ],
)
def test_writes_have_names_for_people(key: str, name: str) -> None:
    assert named(key) == name
