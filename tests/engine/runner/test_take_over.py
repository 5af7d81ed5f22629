"""What the record says of a lease that was taken from another runner."""

from datetime import UTC, datetime

import pytest

from support.leases import me
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.runner.runner import _taken_over
from vmss_tui.journal.lease import Lease

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def lease(host: str, pid: int) -> Lease:
    return Lease(rollout="r", pid=pid, host=host, boot_id="", heartbeat=NOW, alive=False)


@pytest.mark.parametrize(
    ("shared", "said", "severity"), [(True, "taken over", Severity.INFO), (False, "by force", Severity.WARN)]
)
def test_force_is_on_record_only_where_there_was_any(shared: bool, said: str, severity: Severity) -> None:
    (note,) = _taken_over(lease("elsewhere", 7), me(), NOW, shared=shared)
    assert isinstance(note, e.Noted) and said in note.message and "elsewhere" in note.message
    assert note.severity is severity
