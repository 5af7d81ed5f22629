"""The benchmark of reading instances measures the same work on both sides; its ratio is reported, not gated."""

import sys

import pytest

from bench import decode
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.script import ScriptState


def test_both_ways_read_every_instance() -> None:
    body = decode.page(50)
    found = decode.ours(body, ())
    assert len(found) == decode.sdk(body) == 50
    assert {instance.health for instance in found} == {Health.HEALTHY}
    assert {instance.script.state for instance in found} == {ScriptState.SUCCEEDED}
    assert decode.ours(body, found) == found


def test_the_ratio_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    figures = decode.measure(instances=100, rounds=2)
    with capsys.disabled():
        sys.stdout.write(f"\ndecode + map + diff: {figures.ratio:.0f} times less CPU than the SDK's models\n")
    assert figures.sdk > 0 and figures.ours > 0
