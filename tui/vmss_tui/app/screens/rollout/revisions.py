"""Which earlier version a roll back goes to: a list of what the journal knows of a scale set."""

from collections.abc import Callable

from vmss_tui.app.effects import Complain, Effects, Pick
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.engine.revisions import revisions
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.rollout.decisions import REVISION_COLUMNS, revision_row


def ask_for_revision(session: Session, target: ScaleSetId, then: Callable[[str | None], Effects]) -> Effects:
    """The list, newest first; `then` gets the digest of the one that was chosen, None when none was."""
    try:
        known = revisions(session.journal(), target)
    except VmssTuiError as error:
        return (Complain(error),)
    rows = [revision_row(item.script, item.rollout, item.at, item.who) for item in known]
    empty = "the journal knows no earlier version of this scale set"
    return (Pick(title=f"Roll back {target.name} to:", columns=REVISION_COLUMNS, rows=rows, empty=empty, then=then),)
