"""What the deploy form does in the background: read the set, look at files, plan, check a script's syntax, edit a text.

Workers post messages and touch no widget. Nothing here writes to Azure.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import App
from textual.message import Message

from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.events import Planned
from vmss_tui.engine.prepare import read_whole
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, Clock, FilePin
from vmss_tui.profiles.model import LintProblem

READING = "reading the scale set"
PLANNING = "planning against what Azure says now"
"""What is waited for, in words."""


@dataclass
class Waits(Message):
    """Something is waited for."""

    what: str


@dataclass
class SetRead(Message):
    """The set as it is now."""

    snapshot: SetSnapshot
    applied: ScriptConfig | None = None
    """What this program wrote last, when it is what the set still has: its references are known."""
    paces: Sequence[Sequence[float]] = ()
    """How many seconds the batches of earlier rollouts took."""


@dataclass
class WorkFailed(Message):
    """Reading or planning failed; `what` in words."""

    what: str
    error: VmssTuiError


@dataclass
class FilesLookedAt(Message):
    """Files were fetched and hashed."""

    pins: tuple[FilePin, ...]


@dataclass
class ReadyToStart(Message):
    """The plan that would be carried out, made just now from what Azure says."""

    plan: RolloutPlan
    pins: tuple[FilePin, ...]


@dataclass
class SyntaxChecked(Message):
    """What the shell says of the inline script."""

    text: str
    problems: tuple[LintProblem, ...]


async def read(azure: Azure, target: ScaleSetId, clock: Clock, session: Session) -> SetRead:
    """Read the set with its instances. Raises what reading raises."""
    snapshot = await read_whole(azure, target, clock)
    return SetRead(snapshot, last_applied(snapshot, session), paces(target, session))


def paces(target: ScaleSetId, session: Session) -> Sequence[Sequence[float]]:
    """How many seconds the batches of earlier rollouts of this set took; nothing when the journal cannot be read."""
    try:
        return session.journal().paces(target)
    except VmssTuiError:
        return ()


def last_applied(snapshot: SetSnapshot, session: Session) -> ScriptConfig | None:
    """The configuration of the newest rollout on record that wrote what the set has now."""
    live = snapshot.scale_set.script
    if live is None:
        return None
    try:
        journal = session.journal()
        for header in journal.rollouts(limit=10, target=snapshot.scale_set.id):
            first = journal.events(header.id, limit=1)
            if first and isinstance(first[0].event, Planned) and first[0].event.plan.script.digest == live.digest:
                return first[0].event.plan.script
    except VmssTuiError:
        return None
    return None


def edit_text(app: App[object], session: Session, text: str, suffix: str) -> str:
    """Lend the terminal to the user's editor; returns the text after it.

    Raises OSError when the editor cannot be started, SuspendNotSupported when the terminal cannot be lent.
    """
    handle, name = tempfile.mkstemp(prefix="vmss-tui-", suffix=suffix)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        with app.suspend():
            subprocess.run(list(session.editor(path)), check=False)
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    finally:
        path.unlink(missing_ok=True)
