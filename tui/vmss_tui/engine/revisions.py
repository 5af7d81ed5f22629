"""The earlier versions of a scale set, as its rollouts in the journal brought them: what a roll back may go to."""

from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.rollout.rollback import Revision, touched_by
from vmss_tui.domain.rollout.write_keys import touched
from vmss_tui.errors import NotUnique, UsageError
from vmss_tui.journal.store import Journal, RolloutHeader

MOST = 30
"""Rollouts of a set that are searched, newest first."""
_LEAST_DIGITS = 4


def revisions(journal: Journal, target: ScaleSetId) -> tuple[Revision, ...]:
    """Every version that a rollout brought or replaced, newest first, each once; not the one that was brought last.

    A rollout that changed nothing, such as one that is still to start, brought none. Raises JournalUnavailable.
    """
    found: dict[str, Revision] = {}
    since: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    protected = False
    last: str | None = None
    for header in journal.rollouts(target=target, limit=MOST):
        ended = journal.state(header.id)
        state = ended.forward or ended
        plan = state.plan
        if plan is None or not touched(state) or plan.keeps_model:
            continue
        last = plan.target_digest if last is None else last
        then = _Since(header, since, digests, protected)
        if digests and not plan.removes:
            found.setdefault(plan.script.digest, then.revision(plan.script))
        since |= touched_by(plan, state)
        digests |= {plan.target_digest} if plan.target_digest else set()
        protected = protected or bool(plan.script.protected)
        if plan.previous is not None:
            before = _Since(header, since, digests, protected)
            found.setdefault(plan.previous.digest, before.revision(plan.previous))
    return tuple(item for digest, item in found.items() if digest != last)


@dataclass(frozen=True, slots=True)
class _Since:
    """What rollouts did since a point in the journal, and the rollout at that point."""

    header: RolloutHeader
    touched: frozenset[str]
    digests: frozenset[str]
    protected: bool

    def revision(self, script: ScriptConfig) -> Revision:
        """A version as it was there at that point."""
        header = self.header
        return Revision(script, header.id, header.created_at, header.who, self.touched, self.digests, self.protected)


def find_revision(known: Sequence[Revision], text: str) -> Revision:
    """The version that a label, the beginning of a digest or of a rollout's id names. Raises UsageError, NotUnique."""
    wanted = text.strip().casefold()
    names = {name_of(item): item for item in known}
    exact = [item for name, item in names.items() if wanted in (name.casefold(), name.casefold().split()[-1])]
    begins = [
        item
        for item in known
        if len(wanted) >= _LEAST_DIGITS and (item.script.digest.startswith(wanted) or item.rollout.startswith(wanted))
    ]
    found = exact or begins
    if not found:
        listed = ", ".join(names) or "none"
        raise UsageError(f"no earlier version {text!r} in the journal", hint=f"Known: {listed}.")
    if len(found) > 1:
        raise NotUnique(
            f"several earlier versions match {text!r}", hint=f"Name one of {', '.join(map(name_of, found))}."
        )
    return found[0]


def name_of(revision: Revision) -> str:
    """The label of a version, else `unknown a1b2c3d4`."""
    return revision.script.label or unnamed(revision.script.digest)
