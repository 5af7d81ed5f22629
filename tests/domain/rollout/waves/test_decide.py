"""The coordinator over sets that end as the dice say: never too many at once, never one twice, always an end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import examples
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb, Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.decide import CancelSet, RecordWaves, StartSet, WaitUntil, decide
from vmss_tui.domain.rollout.waves.requests import answer, passed_on
from vmss_tui.domain.rollout.waves.state import SetStage, WavesState, fold

BASE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Fate = Callable[[str], Verdict | str]
"""How the set with this name ends; a text: preflight refuses it."""


def plan(*waves: int, rules: WaveRules | None = None, **more: object) -> WavesPlan:
    """Waves of so many sets of ten instances: `s1`, `s2`, ..."""
    made, count = [], 0
    for number, size in enumerate(waves, 1):
        ids = [WaveSet(target=ScaleSetId("sub", "rg", f"s{count + i}"), instances=10) for i in range(1, size + 1)]
        made.append(Wave(number=number, name=f"w{number}", sets=tuple(ids), **more))  # type: ignore[arg-type]
        count += size
    return WavesPlan(profile="web", label="web 2", waves=tuple(made), rules=rules or WaveRules())


@dataclass
class World:
    """Carries commands out; forgets everything but the log at every step, as a killed coordinator would."""

    planned: WavesPlan
    fate: Fate = lambda name: Verdict.COMPLETED
    now: datetime = BASE
    log: list[w.WavesLogged] = field(default_factory=list)
    starts: list[tuple[str, bool]] = field(default_factory=list)
    canceled: set[str] = field(default_factory=set)
    most_at_once: int = 0
    waits: list[str] = field(default_factory=list)
    passed_on: dict[Verb, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.record(w.WavesPlanned(self.planned), e.RunnerStarted(1, "host"))

    @property
    def state(self) -> WavesState:
        return fold(self.log)

    def record(self, *events: w.WavesEvent) -> None:
        for event in events:
            self.log.append(w.WavesLogged(len(self.log) + 1, self.now, event))

    def step(self) -> bool:
        """One round; False when nothing is left to do."""
        commands = decide(self.state, self.now)
        for command in commands:
            match command:
                case RecordWaves(events):
                    self.record(*events)
                case StartSet(progress, rolls_back):
                    self.start(progress.target, back=bool(rolls_back))
                case CancelSet(rollout):
                    self.canceled.add(rollout)
                case WaitUntil(why, until):
                    self.waits.append(why)
                    if until is not None:
                        self.now = until
        self.most_at_once = max(self.most_at_once, len(self.state.running))
        if not any(isinstance(command, RecordWaves | StartSet) for command in commands):
            self.end_one()
        return bool(commands)

    def start(self, target: ScaleSetId, *, back: bool) -> None:
        self.starts.append((target.name, back))
        ending = self.fate(target.name)
        if not isinstance(ending, Verdict):
            self.record(w.SetRefused(target, ending, back))
        else:
            self.record(w.SetStarted(target, f"{target.name}{'-back' if back else ''}", back))

    def request(self, verb: Verb, argument: str = "") -> e.RequestAnswered:
        """Answers a request; one that is passed on to sets is only counted."""
        request = e.Requested(verb, "ann", request_id=self.state.answered + 1, argument=argument)
        self.passed_on[verb] = passed_on(self.state, request)
        events = answer(self.state, request)
        self.record(*events)
        answered = events[1]
        assert isinstance(answered, e.RequestAnswered)
        return answered

    def end_one(self) -> None:
        for progress in self.state.running[:1]:
            back = progress.stage is SetStage.ROLLING_BACK
            rollout = progress.current
            fate = Verdict.COMPLETED if back else self.fate(progress.target.name)
            verdict = Verdict.CANCELLED if rollout in self.canceled else Verdict(fate)
            failed = 2 if verdict is Verdict.FAILED else 0
            self.record(w.SetEnded(progress.target, rollout, verdict, "why", 10 - failed, failed))

    def run(self) -> WavesState:
        for _ in range(500):
            if not self.step():
                return self.state
            if self.state.awaiting_approval and "approval" in "".join(self.waits[-1:]):
                self.record(w.WaveApproved(self.state.awaiting_approval, "ann"))
        raise AssertionError(f"no end: {self.waits[-3:]}")


def test_waves_go_one_after_another_and_so_many_sets_at_once() -> None:
    world = World(plan(1, 4, 2, rules=WaveRules(at_once=2)))
    state = world.run()
    assert state.verdict is Verdict.COMPLETED and state.reason == "7 of 7 scale sets done"
    assert [name for name, _ in world.starts] == [f"s{n}" for n in range(1, 8)]
    assert world.most_at_once == 2
    kinds = [type(entry.event).__name__ for entry in world.log if isinstance(entry.event, w.WaveStarted | w.WaveEnded)]
    assert kinds == ["WaveStarted", "WaveEnded"] * 3


def test_bake_time_and_approval_stand_between_waves() -> None:
    world = World(plan(1, 1, approve=True, bake_seconds=600))
    state = world.run()
    assert state.verdict is Verdict.COMPLETED and state.approved == {1, 2}
    begun = [entry.at for entry in world.log if isinstance(entry.event, w.WaveStarted)]
    assert begun[1] - begun[0] >= timedelta(seconds=600)
    assert "bake time of wave 1" in world.waits and "wave 2 is waiting for approval" in world.waits
    asked = [entry for entry in world.log if isinstance(entry.event, w.WaveApprovalNeeded)]
    assert len(asked) == 2, "asked once each"


def fails(*names: str) -> Fate:
    return lambda name: Verdict.FAILED if name in names else Verdict.COMPLETED


def test_a_failed_set_stops_the_rest_but_not_what_is_in_progress() -> None:
    world = World(plan(3, 2, rules=WaveRules(at_once=2)), fails("s1"))
    state = world.run()
    assert state.verdict is Verdict.FAILED
    assert state.reason == "s1 failed; 1 of 5 scale sets done; 1 failed: s1; 3 not started"
    assert (state.failed_sets, state.failed_instances) == (1, 2)


def test_a_refused_set_counts_as_failed_and_changes_nothing() -> None:
    world = World(plan(2), lambda name: "no right" if name == "s1" else Verdict.COMPLETED)
    state = world.run()
    assert state.verdict is Verdict.FAILED and "1 refused: s1" in state.reason
    assert state.sets[ScaleSetId("SUB", "RG", "S1")].reason == "no right"


@pytest.mark.parametrize(
    ("rules", "verdict", "starts"),
    [
        (WaveRules(on_failed_set=OnFailedSet.CONTINUE), Verdict.FAILED, 6),
        (WaveRules(on_failed_set=OnFailedSet.CONTINUE, failed_sets=Amount(1)), Verdict.FAILED, 3),
        (WaveRules(on_failed_set=OnFailedSet.CONTINUE, failed_instances=Amount(5, percent=True)), Verdict.FAILED, 3),
    ],
)
def test_the_budget_over_all_sets(rules: WaveRules, verdict: Verdict, starts: int) -> None:
    world = World(plan(6, rules=rules), fails("s2", "s3"))
    assert world.run().verdict is verdict
    assert len(world.starts) == starts


def test_a_wave_goes_back_whole_and_earlier_waves_stay() -> None:
    world = World(plan(1, 3, rules=WaveRules(on_failed_set=OnFailedSet.ROLLBACK_WAVE)), fails("s3"))
    state = world.run()
    assert state.verdict is Verdict.FAILED
    assert [name for name, back in world.starts if back] == ["s2", "s3"]
    stages = {progress.target.name: progress.stage for progress in state.sets.values()}
    assert stages == {
        "s1": SetStage.DONE,
        "s2": SetStage.ROLLED_BACK,
        "s3": SetStage.ROLLED_BACK,
        "s4": SetStage.WAITING,
    }
    assert "2 rolled back: s2, s3" in state.reason


def test_canceling_cancels_what_is_in_progress_and_starts_nothing() -> None:
    world = World(plan(4, rules=WaveRules(at_once=2)))
    while len(world.state.running) < 2:
        world.step()
    world.request(Verb.CANCEL)
    state = world.run()
    assert state.verdict is Verdict.CANCELLED and world.canceled == {"s1", "s2"}
    assert state.reason == "canceled by ann; 0 of 4 scale sets done; 2 canceled: s1, s2; 2 not started"


def test_a_pause_keeps_further_sets_from_starting_until_resumed() -> None:
    world = World(plan(2, 1))
    world.step()
    world.request(Verb.PAUSE)
    for _ in range(5):
        world.step()
    assert not world.starts and world.waits[-1] == "paused in wave 1"
    world.request(Verb.RESUME)
    assert world.run().verdict is Verdict.COMPLETED


def test_a_pause_between_waves_keeps_the_next_wave_from_starting() -> None:
    world = World(plan(1, 1), fails())
    while 1 not in world.state.ended:
        world.step()
    world.request(Verb.PAUSE)
    for _ in range(3):
        world.step()
    assert [name for name, _ in world.starts] == ["s1"] and world.waits[-1] == "paused before wave 2"


@examples(200)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(1, 4),
    st.sampled_from(OnFailedSet),
    st.one_of(st.none(), st.integers(0, 3)),
    st.lists(
        st.sampled_from([Verdict.COMPLETED, Verdict.COMPLETED, Verdict.FAILED, "refused"]), min_size=20, max_size=20
    ),
    st.integers(0, 40),
)
def test_whatever_happens_it_ends_and_no_set_is_started_twice(
    waves: list[int], at_once: int, on_failed: OnFailedSet, budget: int | None, fates: list[Verdict | str], cancel: int
) -> None:
    rules = WaveRules(at_once=at_once, on_failed_set=on_failed, failed_sets=None if budget is None else Amount(budget))
    world = World(plan(*waves, rules=rules), lambda name: fates[int(name[1:]) - 1])
    for _ in range(cancel):
        world.step()
    if cancel > 30 and world.state.verdict is None:
        world.request(Verb.CANCEL)
    state = world.run()
    assert state.verdict is not None and not state.running
    assert len(world.starts) == len(set(world.starts))
    assert world.most_at_once <= at_once
    if state.verdict is Verdict.COMPLETED:
        assert all(progress.stage is SetStage.DONE for progress in state.sets.values())
    assert decide(state, world.now) == []


def test_nothing_is_done_before_anything_is_planned() -> None:
    assert decide(WavesState(), BASE) == [] and WavesState().wave is None and WavesState().awaiting_approval == 0


def test_a_pause_before_a_wave_keeps_it_from_starting() -> None:
    world = World(plan(1))
    world.request(Verb.PAUSE)
    world.step()
    assert world.waits == ["paused before wave 1"] and not world.state.started
    assert world.state.failed_sets == 0
