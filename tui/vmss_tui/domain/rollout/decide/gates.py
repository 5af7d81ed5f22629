"""Gates: the numbers that must hold before a batch starts and after it ended, each against its limit, in words.

Pure. Checked from what Azure says now. A gate that fails stops the rollout before the next batch. Azure's own rule is
kept: only *more than* a limit fails; unknown health counts as unhealthy. Source: "Configure rolling upgrades".
"""

from collections.abc import Iterable, Iterator

from vmss_tui.domain.fleet.instance import unhealthy_among
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, exceeds
from vmss_tui.domain.plan.rollout_plan import Purpose
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Situation
from vmss_tui.domain.rollout.stage import GateName
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, REPAIRS_ON
from vmss_tui.text import counted, listed


def check(situation: Situation, batch: int | None) -> tuple[e.GateChecked, ...]:
    """All gates, for the batch that comes next (None: before the first write)."""
    results = (
        *_health(situation),
        *_updated(situation),
        *_budget(situation),
        *_leaks(situation),
        *_others(situation),
    )
    return tuple(e.GateChecked(gate, passed, message, batch) for gate, passed, message in results)


def failed(checked: tuple[e.GateChecked, ...]) -> e.GateChecked | None:
    """The first gate that failed; a change from outside comes before what may only be its consequence."""
    stops = [result for result in checked if not result.passed]
    return min(stops, key=lambda result: result.gate is not GateName.OTHERS, default=None)


Results = Iterator[tuple[GateName, bool, str]]


def _health(situation: Situation) -> Results:
    if not situation.set.health_source.present:
        return
    found, running = unhealthy_among(situation.snapshot.instances)
    down = [instance for instance in found if instance.id not in _not_counted(situation)]
    limit = situation.plan.policy.unhealthy_percent
    passed = not exceeds(len(down), running, limit)
    apart = f", {len(found) - len(down)} not counted" if len(found) > len(down) else ""
    yield GateName.HEALTH, passed, f"{len(down)} of {running} instances unhealthy or unknown{apart} (limit {limit}%)"


def _not_counted(situation: Situation) -> set[str]:
    """Instances that do not count as unhealthy: excluded by a person; in a roll back, broken before or not reached."""
    plan, instances = situation.plan, situation.state.instances
    if plan.purpose is not Purpose.ROLLBACK:
        return set(situation.state.waived)
    to_come = {i for batch in plan.batches for i in batch.ids if instances[i].seen.phase is e.Phase.WAITING}
    return to_come.union(plan.tolerated)


def _updated(situation: Situation) -> Results:
    state = situation.state
    updated = {i for batch in state.batches if batch.ended_at is not None for i in batch.ids} - state.waived.keys()
    if not updated:
        return
    bad, limit = updated.intersection(state.bad), situation.plan.policy.unhealthy_upgraded_percent
    retry = situation.plan.purpose is Purpose.RETRY
    passed = not exceeds(len(bad), situation.plan.total if retry else len(updated), limit)
    phases = {state.instances[i].seen.phase for i in bad}
    word = "unhealthy" if phases == {e.Phase.UNHEALTHY} else "failed or unhealthy"
    count = (
        f"{len(bad)} of {situation.plan.total} instances"
        if retry
        else f"{len(bad)} of {len(updated)} updated instances"
    )
    yield GateName.UPDATED, passed, f"{count} {word} (limit {limit}%)" + _and_which(bad)


def _budget(situation: Situation) -> Results:
    budget = situation.plan.policy.failure_budget
    if budget is None:
        return
    bad = situation.state.bad
    limit = budget.limit(situation.plan.total)
    message = f"{counted(len(bad), 'failure')} (failure budget {limit})" + _and_which(bad)
    yield GateName.BUDGET, len(bad) <= limit, message


def _leaks(situation: Situation) -> Results:
    leaked = situation.state.ids_in(e.Phase.LEAKED)
    largest = max((len(batch.ids) for batch in situation.plan.batches), default=0)
    if leaked:
        count = counted(len(leaked), "instance")
        message = f"{count} got the new version outside the batches (limit {largest}, one batch)"
        yield GateName.LEAKS, len(leaked) <= largest, message + _and_which(leaked)


def _others(situation: Situation) -> Results:
    problem = changed_outside(situation)
    if problem:
        yield GateName.OTHERS, False, problem


def changed_outside(situation: Situation) -> str:
    """What was changed in the set outside this rollout since the plan or the last write; empty when nothing was."""
    plan, script = situation.plan, situation.set.script
    upgrade = situation.snapshot.upgrade
    if upgrade is not None and upgrade.code.running and upgrade.started_at not in situation.state.own_upgrades:
        return "a rolling upgrade is running that this rollout did not start"
    now = script.digest if script is not None else ""
    before = plan.previous.digest if plan.previous is not None else ""
    wrote = any(
        isinstance(write, e.WriteAccepted | e.WriteEnded)
        for key, write in situation.state.writes.items()
        if key not in (REPAIRS_OFF, REPAIRS_ON)
    )
    expected = situation.target if wrote and not plan.keeps_model else before
    if now != expected:
        is_now, instead = now[:8] or "gone", expected[:8] or "none"
        return f"the scale set's script was changed outside this rollout: it is {is_now}, not {instead}"
    if (
        not wrote
        and situation.set.mode is plan.set_mode is UpgradeMode.ROLLING
        and situation.set.policy != plan.set_policy
    ):
        return "the scale set's rolling upgrade policy was changed outside this rollout"
    wanted = plan.mode if wrote else plan.set_mode
    if situation.set.mode is not wanted:
        return f"the scale set's upgrade mode was changed outside this rollout: it is {situation.set.mode.value}"
    return ""


def _and_which(ids: Iterable[str]) -> str:
    return f": {listed(ids)}" if ids else ""
