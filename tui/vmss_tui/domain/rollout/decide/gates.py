"""Gates: the numbers that must hold before a batch starts and after it ended, each against its limit, in words.

Pure. Checked from what Azure says now. A gate that fails stops the rollout before the next batch. Azure's own rule is
kept: only *more than* a limit fails; unknown health counts as unhealthy. Source: "Configure rolling upgrades".
"""

from collections.abc import Iterable, Iterator

from vmss_tui.domain.fleet.instance import unhealthy_among
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, exceeds, percent_of
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Scene
from vmss_tui.domain.rollout.instance_phase import BAD
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, REPAIRS_ON
from vmss_tui.text import listed

OTHERS = "others"


def check(scene: Scene, batch: int | None) -> tuple[e.GateChecked, ...]:
    """All gates, for the batch that comes next (None: before the first write)."""
    gates = (_health(scene), _updated(scene), _budget(scene), _leaks(scene), _others(scene))
    return tuple(e.GateChecked(gate, passed, message, batch) for each in gates for gate, passed, message in each)


def failed(checked: tuple[e.GateChecked, ...]) -> e.GateChecked | None:
    """The first gate that did not pass; somebody else's write before what may only be its consequence."""
    return next((each for each in sorted(checked, key=lambda each: each.gate != OTHERS) if not each.passed), None)


Checked = Iterator[tuple[str, bool, str]]


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count * 100 // total if total else 0}%)"


def _health(scene: Scene) -> Checked:
    if not scene.set.health_source.present:
        return
    down, running = unhealthy_among(scene.snapshot.instances)
    limit = scene.plan.policy.unhealthy_percent
    passed = not exceeds(len(down), running, limit)
    yield "health", passed, f"{_share(len(down), running)} unhealthy or unknown, at most {limit}% may be"


def _updated(scene: Scene) -> Checked:
    updated = {i for batch in scene.state.batches if batch.ended_at is not None for i in batch.ids}
    if not updated:
        return
    bad, limit = updated.intersection(scene.state.ids_in(*BAD)), scene.plan.policy.unhealthy_upgraded_percent
    passed = not exceeds(len(bad), len(updated), limit)
    message = f"{_share(len(bad), len(updated))} of the updated failed or unhealthy, at most {limit}% may be"
    yield "updated", passed, message + _and_which(bad)


def _budget(scene: Scene) -> Checked:
    budget = scene.plan.policy.failure_budget
    if budget is None:
        return
    bad = scene.state.ids_in(*BAD)
    limit = percent_of(budget.value, scene.plan.total) if budget.percent else budget.value
    yield "budget", len(bad) <= limit, f"{len(bad)} failed in this rollout, at most {limit} may" + _and_which(bad)


def _leaks(scene: Scene) -> Checked:
    leaked = scene.state.ids_in(e.Phase.LEAKED)
    largest = max((len(batch.ids) for batch in scene.plan.batches), default=0)
    if leaked:
        message = f"{len(leaked)} got the new version outside the batches, at most {largest} (one batch) may"
        yield "leaks", len(leaked) <= largest, message + _and_which(leaked)


def _others(scene: Scene) -> Checked:
    """Somebody else's write, or a roll that is not ours."""
    problem = someone_else(scene)
    if problem:
        yield OTHERS, False, problem


def someone_else(scene: Scene) -> str:
    """What somebody else did to the set since we planned or wrote; empty when nothing."""
    plan, found = scene.plan, scene.set.script
    upgrade = scene.snapshot.upgrade
    if upgrade is not None and upgrade.code.running and upgrade.started_at not in scene.state.our_rolls:
        return "a rolling upgrade runs that this rollout did not start"
    now = found.digest if found is not None else ""
    before = plan.previous.digest if plan.previous is not None else ""
    wrote = any(
        isinstance(each, e.WriteAccepted | e.WriteEnded)
        for key, each in scene.state.writes.items()
        if key not in (REPAIRS_OFF, REPAIRS_ON)
    )
    expected = scene.target if wrote and not plan.keeps_model else before
    if now != expected:
        return f"somebody changed the script of the set: it is {now[:8] or 'gone'}, not {expected[:8] or 'none'}"
    wanted = _mode(scene) if wrote else plan.set_mode
    if scene.set.mode is not wanted:
        return f"somebody changed the set's upgrade mode to {scene.set.mode.value}"
    return ""


def _mode(scene: Scene) -> UpgradeMode:
    if scene.plan.keeps_model or not scene.plan.policy_differs:
        return scene.plan.set_mode
    return UpgradeMode.ROLLING if scene.plan.strategy is Strategy.AZURE_ROLLS else UpgradeMode.MANUAL


def _and_which(ids: Iterable[str]) -> str:
    return f": {listed(ids)}" if ids else ""
