"""Gates: the numbers that must hold before a batch starts and after it ended, each against its limit, in words.

Pure. Checked from what Azure says now. A gate that fails stops the rollout before the next batch. Azure's own rule is
kept: only *more than* a limit fails; unknown health counts as unhealthy. Source: "Configure rolling upgrades".
"""

from collections.abc import Iterable, Iterator

from vmss_tui.domain.fleet.instance import unhealthy_among
from vmss_tui.domain.fleet.upgrade_policy import exceeds, percent_of
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Situation
from vmss_tui.domain.rollout.stage import BAD, GateName
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, REPAIRS_ON
from vmss_tui.text import listed


def check(situation: Situation, batch: int | None) -> tuple[e.GateChecked, ...]:
    """All gates, for the batch that comes next (None: before the first write)."""
    gates = (_health(situation), _updated(situation), _budget(situation), _leaks(situation), _others(situation))
    return tuple(e.GateChecked(gate, passed, message, batch) for each in gates for gate, passed, message in each)


def failed(checked: tuple[e.GateChecked, ...]) -> e.GateChecked | None:
    """The first gate that did not pass; somebody else's write before what may only be its consequence."""
    return next(
        (each for each in sorted(checked, key=lambda each: each.gate is not GateName.OTHERS) if not each.passed), None
    )


Checked = Iterator[tuple[GateName, bool, str]]


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count * 100 // total if total else 0}%)"


def _health(situation: Situation) -> Checked:
    if not situation.set.health_source.present:
        return
    down, running = unhealthy_among(situation.snapshot.instances)
    limit = situation.plan.policy.unhealthy_percent
    passed = not exceeds(len(down), running, limit)
    yield GateName.HEALTH, passed, f"{_share(len(down), running)} unhealthy or unknown, at most {limit}% may be"


def _updated(situation: Situation) -> Checked:
    updated = {i for batch in situation.state.batches if batch.ended_at is not None for i in batch.ids}
    if not updated:
        return
    bad, limit = updated.intersection(situation.state.ids_in(*BAD)), situation.plan.policy.unhealthy_upgraded_percent
    passed = not exceeds(len(bad), len(updated), limit)
    message = f"{_share(len(bad), len(updated))} of the updated failed or unhealthy, at most {limit}% may be"
    yield GateName.UPDATED, passed, message + _and_which(bad)


def _budget(situation: Situation) -> Checked:
    budget = situation.plan.policy.failure_budget
    if budget is None:
        return
    bad = situation.state.ids_in(*BAD)
    limit = percent_of(budget.value, situation.plan.total) if budget.percent else budget.value
    yield (
        GateName.BUDGET,
        len(bad) <= limit,
        f"{len(bad)} failed in this rollout, at most {limit} may" + _and_which(bad),
    )


def _leaks(situation: Situation) -> Checked:
    leaked = situation.state.ids_in(e.Phase.LEAKED)
    largest = max((len(batch.ids) for batch in situation.plan.batches), default=0)
    if leaked:
        message = f"{len(leaked)} got the new version outside the batches, at most {largest} (one batch) may"
        yield GateName.LEAKS, len(leaked) <= largest, message + _and_which(leaked)


def _others(situation: Situation) -> Checked:
    """Somebody else's write, or a roll that is not ours."""
    problem = someone_else(situation)
    if problem:
        yield GateName.OTHERS, False, problem


def someone_else(situation: Situation) -> str:
    """What somebody else did to the set since we planned or wrote; empty when nothing."""
    plan, found = situation.plan, situation.set.script
    upgrade = situation.snapshot.upgrade
    if upgrade is not None and upgrade.code.running and upgrade.started_at not in situation.state.own_upgrades:
        return "a rolling upgrade runs that this rollout did not start"
    now = found.digest if found is not None else ""
    before = plan.previous.digest if plan.previous is not None else ""
    wrote = any(
        isinstance(each, e.WriteAccepted | e.WriteEnded)
        for key, each in situation.state.writes.items()
        if key not in (REPAIRS_OFF, REPAIRS_ON)
    )
    expected = situation.target if wrote and not plan.keeps_model else before
    if now != expected:
        return f"somebody changed the script of the set: it is {now[:8] or 'gone'}, not {expected[:8] or 'none'}"
    wanted = plan.mode if wrote else plan.set_mode
    if situation.set.mode is not wanted:
        return f"somebody changed the set's upgrade mode to {situation.set.mode.value}"
    return ""


def _and_which(ids: Iterable[str]) -> str:
    return f": {listed(ids)}" if ids else ""
