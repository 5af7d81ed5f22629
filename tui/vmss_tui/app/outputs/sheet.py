"""The sheet of script outputs: equal ones together; two of them compared, and the runs of one instance before.

Effects only. Must not import Textual.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.app.effects import Effects, Fetch, Pick, Sheet, SheetKey, Show
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.rollout.instance_runs import InstanceRun, last_seen
from vmss_tui.journal.store import Journal, RolloutHeader
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice
from vmss_tui.presentation.scaleset import details, output_clusters
from vmss_tui.presentation.scaleset.output_diff import diff_lines
from vmss_tui.presentation.scaleset.outputs_table import OUTPUTS
from vmss_tui.presentation.scaleset.runs import run_lines

_MOST_ROLLOUTS = 20
"""How many rollouts of a set are searched for runs of an instance."""
_PAGE = 500
"""Events that are read at once: 5 to 10 ms of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Script outputs of some instances of a scale set; without a `journal` nothing is known of earlier runs."""

    instances: Sequence[Instance]
    target: ScaleSetId | None
    now: datetime
    journal: Callable[[], Journal] | None = None

    def sheet(self) -> Sheet:
        """Equal outputs together, with keys to compare two and to see earlier runs."""
        outputs = output_clusters.outputs_of(self.instances)
        keys: list[SheetKey] = []
        if len(self.instances) > 1:
            keys.append(SheetKey("d", "compare", "compare the output of two instances", self.compare))
        if self.journal is not None and self.target is not None:
            keys.append(SheetKey("r", "runs", "earlier runs on an instance, from the journal", self.runs))
        return Sheet(lambda width: details.output_lines(outputs, self.now, width), keys=tuple(keys))

    def compare(self) -> Effects:
        """Choose two instances and show how their outputs differ."""
        if len(self.instances) == 2:
            return _compared(self.instances[0], self.instances[1])

        def first_chosen(key: str | None) -> Effects:
            first = self._instance(key)
            if first is None:
                return ()

            def second_chosen(other: str | None) -> Effects:
                second = self._instance(other)
                return () if second is None else _compared(first, second)

            rest = [instance for instance in self.instances if instance is not first]
            return (self._pick(f"Compare {first.name} with:", rest, second_chosen),)

        return (self._pick("Compare the output of:", self.instances, first_chosen),)

    def runs(self) -> Effects:
        """What earlier rollouts did on an instance; with several, choose one first."""
        if len(self.instances) == 1:
            return self._runs_of(self.instances[0])

        def chosen(key: str | None) -> Effects:
            instance = self._instance(key)
            return () if instance is None else self._runs_of(instance)

        return (self._pick("Runs on:", self.instances, chosen),)

    def _pick(self, title: str, instances: Sequence[Instance], then: Callable[[str | None], Effects]) -> Pick:
        rows = [OUTPUTS.row(instance, self.now) for instance in instances]
        return Pick(title=title, columns=OUTPUTS.columns, rows=rows, empty="nothing matches", then=then)

    def _instance(self, key: str | None) -> Instance | None:
        return next((instance for instance in self.instances if instance.id == key), None)

    def _runs_of(self, instance: Instance) -> Effects:
        async def fetch() -> Sheet:
            journal, target = self.journal, self.target
            if journal is None or target is None:
                return Sheet(lambda width: run_lines((), self.now, width))
            runs = await _read_runs(journal(), target, instance.id)
            return Sheet(lambda width: run_lines(runs, self.now, width))

        return (Fetch(f"{instance.name} · runs", fetch, _waiting),)


def _compared(first: Instance, second: Instance) -> Effects:
    title = f"{first.name} and {second.name} · outputs compared"
    return (Show(title, Sheet(lambda width: diff_lines(first, second, width))),)


async def _read_runs(journal: Journal, target: ScaleSetId, instance: str) -> tuple[InstanceRun, ...]:
    """The runs on an instance, newest first; the event loop runs between two pages. Raises JournalUnavailable."""
    runs: list[InstanceRun] = []
    for header in journal.rollouts(limit=_MOST_ROLLOUTS, target=target):
        run = await _read_run(journal, header, instance)
        runs += [run] if run is not None and run.reached else []
    return tuple(runs)


async def _read_run(journal: Journal, header: RolloutHeader, instance: str) -> InstanceRun | None:
    after, seen = 0, None
    while page := journal.events(header.id, after, limit=_PAGE):
        seen, after = last_seen(page, instance, seen), page[-1].seq
        await asyncio.sleep(0)
    return InstanceRun(header.id, header.label, header.who, seen) if seen is not None else None


def _waiting(waited: float) -> Notice:
    return Notice(title="Reading the journal", role=Role.BUSY, waited=waited, limit=GIVE_UP_SECONDS)
