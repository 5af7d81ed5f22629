"""A rollout that has ended, in a journal of its own, with an address that is signed and another that holds a secret."""

from dataclasses import replace
from pathlib import Path

from support.journal import NOW, plan, script
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb, Verdict
from vmss_tui.journal.store import Journal

OPERATION = "https://management.azure.com/operations/7?sig=c2VjcmV0c2VjcmV0"
URI = "https://x.blob.core.windows.net/c/a.sh?sv=2024&sig=Zm9vYmFyYmF6cXV4Zm9vYmFy"


def ended_rollout(path: Path) -> str:
    """Write seven events to a new journal; returns the rollout's id."""
    journal = Journal.open(path)
    made = plan(script=script(settings={"fileUris": [URI], "commandToExecute": "./a.sh"}))
    rollout = journal.create(replace(made, overrides={"outside-window": "late"}), who="maria", why="CVE", ticket="C1")
    journal.append(rollout, e.RunnerStarted(1, "h"), at=NOW)
    journal.append(rollout, e.WriteIntended("model", "update"), e.WriteAccepted("model", OPERATION), at=NOW)
    journal.append(rollout, e.Requested(Verb.APPROVE, "bo", "pc", "looks good", 1), e.Approved(2, "bo"), at=NOW)
    journal.append(rollout, e.Ended(Verdict.COMPLETED, "all done"), at=NOW)
    journal.close()
    return rollout
