"""Names of writes."""

import pytest

from vmss_tui.domain.rollout.write_keys import named


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("model", "the change of the set's model"),
        ("restore", "putting the set's own upgrade policy back"),
        ("batch-3", "the update of batch 3"),
        ("batch-3/web_12", "the update of web_12 in batch 3"),
        ("roll-1", "the change that starts Azure's roll"),
        ("roll-2", "the change that starts Azure's roll again"),
        ("cancel-1", "the cancellation of Azure's roll"),
        ("suspend-repairs", "suspending automatic repairs"),
        ("resume-repairs", "resuming automatic repairs"),
        ("other", "other"),
    ],
)
def test_writes_have_names_for_people(key: str, name: str) -> None:
    assert named(key) == name
