"""The order of instances and how they are cut into batches, with the arithmetic in words.

Pure. A percentage becomes a count only in `percent_of`. Zones are not mixed in a batch unless allowed: losing a
batch must never take two zones at once. Source of the order: "Configure rolling upgrades" (zones one after another,
inside a zone by update domain).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vmss_tui.domain.fleet.health import unhealthy_for_azure
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.upgrade_policy import explain_percent, percent_of
from vmss_tui.domain.plan.rollout_plan import Batch
from vmss_tui.domain.plan.rollout_policy import BatchStep, RolloutPolicy


def ordered(instances: Iterable[Instance], policy: RolloutPolicy) -> tuple[Instance, ...]:
    """Canaries first as named, then the unhealthy of all zones when asked, then zone by zone, by update domain.

    Source: RollingUpgradePolicy.prioritizeUnhealthyInstances ("all unhealthy instances … before any healthy").
    """
    named = {name: place for place, name in enumerate(policy.canary)}

    def rank(instance: Instance) -> tuple[object, ...]:
        canary = named.get(instance.id, named.get(instance.name, len(named)))
        well = policy.prioritise_unhealthy and not unhealthy_for_azure(instance.health)
        zone = "" if policy.cross_zone else instance.zone
        domain = -1 if instance.update_domain is None else instance.update_domain
        return (canary, well, zone, domain, instance.ordinal)

    return tuple(sorted(instances, key=rank))


def is_canary(instance: Instance, policy: RolloutPolicy) -> bool:
    """Whether the policy names this instance, by id or by name, to go first."""
    return instance.id in policy.canary or instance.name in policy.canary


@dataclass(slots=True)
class _Steps:
    """Walks through the steps of a policy: how many instances the next batch may have."""

    steps: Sequence[BatchStep]
    total: int
    index: int = 0
    done: int = 0
    fresh: bool = True

    @property
    def step(self) -> BatchStep:
        return self.steps[min(self.index, len(self.steps) - 1)]

    @property
    def last(self) -> bool:
        return self.index >= len(self.steps) - 1

    def room(self) -> tuple[int, str]:
        """Size of the next batch and its arithmetic in words."""
        amount = self.step.amount
        if not amount.percent:
            return amount.value, f"{amount.value} at a time" if self.last else f"a step of {amount.value}"
        target = percent_of(amount.value, self.total)
        if len(self.steps) > 1 and target > self.done:
            return target - self.done, f"until {amount} of {self.total} ({target}) are updated"
        return target, explain_percent(amount.value, self.total)

    def skip_reached(self) -> None:
        """Pass over cumulative percentages that are reached already."""
        while (
            not self.last and self.step.amount.percent and percent_of(self.step.amount.value, self.total) <= self.done
        ):
            self._next()

    def took(self, number: int) -> None:
        """Move on after a batch; a percentage that a zone's end cut short continues."""
        self.done += number
        amount = self.step.amount
        if amount.percent and len(self.steps) > 1 and percent_of(amount.value, self.total) > self.done:
            self.fresh = False
            return
        self._next()

    def _next(self) -> None:
        self.index = min(self.index + 1, len(self.steps) - 1)
        self.fresh = True


def batches(instances: Iterable[Instance], policy: RolloutPolicy, total: int) -> tuple[Batch, ...]:
    """Cut `instances` into batches. `total` counts all instances of the set: percentages are of it.

    Canaries never share a batch with others.
    """
    waiting = list(ordered(instances, policy))
    steps = _Steps(policy.steps, total)
    made: list[Batch] = []
    while waiting:
        steps.skip_reached()
        size, words = steps.room()
        members = _take(waiting, size, policy)
        ids = tuple(instance.id for instance in members)
        zones = tuple(sorted({instance.zone for instance in members} - {""}))
        made.append(
            Batch(
                number=len(made) + 1,
                ids=ids,
                zones=zones,
                approve=steps.step.approve and steps.fresh,
                note=_note(words, size, members, waiting[len(members) :], policy),
            )
        )
        steps.took(len(members))
        del waiting[: len(members)]
    return tuple(made)


def phased(instances: Iterable[Instance], policy: RolloutPolicy, total: int) -> tuple[Batch, ...]:
    """Batches of a rolling upgrade: phase after phase where applications ask for one, each with batches of its own.

    Instances without a number come last. Source: "Rolling upgrades with custom metrics" (`PhaseOrderingNumber`).
    """
    waiting = tuple(instances)
    numbers = sorted({found.upgrade_phase for found in waiting if found.upgrade_phase is not None})
    made: list[Batch] = []
    for number in (*numbers, None):
        phase = batches((found for found in waiting if found.upgrade_phase == number), policy, total)
        made += [replace(batch, number=len(made) + batch.number) for batch in phase]
    return tuple(made)


def _take(waiting: list[Instance], size: int, policy: RolloutPolicy) -> list[Instance]:
    first = waiting[0]
    taken: list[Instance] = []
    for instance in waiting[:size]:
        if not policy.cross_zone and instance.zone != first.zone:
            break
        if is_canary(instance, policy) != is_canary(first, policy):
            break
        taken.append(instance)
    return taken


def _note(words: str, size: int, taken: list[Instance], rest: list[Instance], policy: RolloutPolicy) -> str:
    if len(taken) == size:
        return words
    if rest and is_canary(taken[0], policy) != is_canary(rest[0], policy):
        return f"{words}; canaries go alone"
    if rest and rest[0].zone != taken[0].zone:
        return f"{words}; {_zone_ends(taken, rest)}, zones are not mixed"
    return f"{words}; {len(taken)} left"


def _zone_ends(taken: list[Instance], rest: list[Instance]) -> str:
    zone = taken[0].zone
    if any(instance.zone == zone for instance in rest):
        return f"the next one is in zone {rest[0].zone or '-'}"
    return f"zone {zone or '-'} has {len(taken)} left"
