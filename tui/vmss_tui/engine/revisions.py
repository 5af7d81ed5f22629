"""The earlier versions of a scale set, as its rollouts in the journal brought them: what a roll back may go to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.rollout.events import Planned
from vmss_tui.domain.rollout.rollback import Revision, touched_by
from vmss_tui.domain.rollout.write_keys import touched
from vmss_tui.errors import NotUnique, UsageError
from vmss_tui.journal.store import Journal, RolloutHeader

MOST = 30
"""Rollouts of a set that are listed, newest first; a name is looked for in all of them."""
_ALL = -1
_LEAST_DIGITS = 4


def revisions(journal: Journal, target: ScaleSetId) -> tuple[Revision, ...]:
    """Every version that a rollout brought or replaced, newest first, each once; not the one that was brought last.

    A rollout that changed nothing, such as one that is still to start, brought none. Raises JournalUnavailable.
    """
    return _history(journal, target, MOST).earlier


def revision_named(journal: Journal, target: ScaleSetId, text: str) -> Revision:
    """The version that a label, the beginning of its digest, or of the id of a rollout that brought it names.

    Raises UsageError, also for the version of the newest rollout; NotUnique, JournalUnavailable.
    """
    known = _history(journal, target, MOST)
    if not known.named(text) and known.more:
        known = _history(journal, target, _ALL)
    found = known.named(text)
    if not found:
        listed = ", ".join(map(name_of, known.earlier)) or "none"
        raise UsageError(f"no earlier version {text!r} in the journal", hint=f"Known: {listed}.")
    if len(found) > 1:
        names = ", ".join(f"{item.script.digest[:8]} ({name_of(item)})" for item in found)
        raise NotUnique(f"several earlier versions match {text!r}", hint=f"Name one of {names}.")
    if found[0].script.digest == known.last:
        listed = ", ".join(map(name_of, known.earlier)) or "none"
        raise UsageError(
            f"{name_of(found[0])} is the version of the newest rollout, not an earlier one", hint=f"Earlier: {listed}."
        )
    return found[0]


def last_applied(journal: Journal, target: ScaleSetId, live: ScriptConfig) -> ScriptConfig | None:
    """The configuration of the newest rollout on record that wrote what the set has now, with what it protected.

    Raises JournalUnavailable.
    """
    for header in journal.rollouts(limit=10, target=target):
        first = journal.events(header.id, limit=1)
        if first and isinstance(first[0].event, Planned) and first[0].event.plan.script.digest == live.digest:
            return first[0].event.plan.script
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """The versions of a set, newest first, and which rollouts brought each."""

    versions: tuple[Revision, ...]
    brought_by: Mapping[str, Sequence[str]]
    """By digest, ids of rollouts."""
    last: str | None
    """The digest that the newest rollout brought."""
    more: bool
    """Whether there may be older rollouts."""

    @property
    def earlier(self) -> tuple[Revision, ...]:
        """Without the version of the newest rollout."""
        return tuple(item for item in self.versions if item.script.digest != self.last)

    def named(self, text: str) -> tuple[Revision, ...]:
        """Those that a text names: by label and its last word, else by the beginning of a digest or an id."""
        wanted = text.strip().casefold()
        exact = [item for item in self.versions if wanted in _words(name_of(item))]
        if exact or len(wanted) < _LEAST_DIGITS:
            return tuple(exact)
        return tuple(
            item
            for item in self.versions
            if any(
                known.startswith(wanted) for known in (item.script.digest, *self.brought_by.get(item.script.digest, ()))
            )
        )


def _words(name: str) -> tuple[str, str]:
    folded = name.casefold()
    return folded, folded.split()[-1]


def _history(journal: Journal, target: ScaleSetId, most: int) -> _History:
    found: dict[str, Revision] = {}
    brought_by: defaultdict[str, list[str]] = defaultdict(list)
    since: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    protected = False
    last: str | None = None
    headers = journal.rollouts(target=target, limit=most)
    for header in headers:
        ended = journal.state(header.id)
        state = ended.forward or ended
        plan = state.plan
        if plan is None or not touched(state) or plan.keeps_model:
            continue
        last = plan.target_digest if last is None else last
        then = _Since(header, since, digests, protected)
        if not plan.removes:
            known = found.setdefault(plan.script.digest, then.revision(plan.script))
            found[plan.script.digest] = _with_sources(known, plan.script)
            brought_by[plan.script.digest].append(header.id)
        since |= touched_by(plan, state)
        digests |= {plan.target_digest} if plan.target_digest else set()
        protected = protected or bool(plan.script.protected)
        if plan.previous is not None:
            before = _Since(header, since, digests, protected)
            found.setdefault(plan.previous.digest, before.revision(plan.previous))
    more = len(headers) == most
    return _History(versions=tuple(found.values()), brought_by=brought_by, last=last, more=more)


def _with_sources(known: Revision, brought: ScriptConfig) -> Revision:
    """A version with the sources of its protected settings, which only a rollout that brought it knows.

    The rollout that replaced it read the rest of it from Azure, which never shows them.
    """
    if known.script.protected or not brought.protected:
        return known
    return replace(known, script=replace(known.script, protected=brought.protected))


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


def name_of(revision: Revision) -> str:
    """The label of a version, else `unknown a1b2c3d4`."""
    return revision.script.label or unnamed(revision.script.digest)
