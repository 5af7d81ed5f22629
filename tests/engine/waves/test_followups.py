"""Retry and undo of a rollout over several sets, as plans: which sets, in which order, what is not inherited."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout.events import Ended
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.state import WavesState, fold
from vmss_tui.engine.followup import Followup
from vmss_tui.engine.waves.followups import followup_waves
from vmss_tui.errors import UsageError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B, C, D = (ScaleSetId("s", "g", name) for name in "abcd")


def planned(**more: object) -> WavesPlan:
    sets = [WaveSet(target=target, instances=10) for target in (A, B, C, D)]
    waves = (
        Wave(number=1, name="first", sets=(sets[0], sets[1]), bake_seconds=600),
        Wave(number=2, name="rest", sets=(sets[2], sets[3]), approve=True),
    )
    plan = WavesPlan(profile="web", label="web 2", waves=waves, rules=WaveRules(at_once=2))
    return replace(plan, **more)  # type: ignore[arg-type]


def ended(plan: WavesPlan, *more: w.WavesEvent) -> WavesState:
    log = (w.WavesPlanned(plan), w.WaveStarted(1), *more, Ended(Verdict.FAILED, "c failed"))
    return fold(w.WavesLogged(number, NOW, event) for number, event in enumerate(log, 1))


DONE = (
    w.SetStarted(A, "ra"), w.SetEnded(A, "ra", Verdict.COMPLETED, "", 10),
    w.SetStarted(B, "rb"), w.SetEnded(B, "rb", Verdict.COMPLETED, "", 10),
    w.WaveStarted(2), w.SetStarted(C, "rc"), w.SetEnded(C, "rc", Verdict.FAILED, "broken", 3, 2),
)  # fmt: skip


def test_an_undo_takes_what_was_changed_backwards_without_approvals_and_bake_times() -> None:
    undo = followup_waves(Followup.UNDO, "7f3a", ended(planned(), *DONE))
    assert [[(member.target, member.undoes) for member in wave.sets] for wave in undo.waves] == [
        [(C, "rc")],
        [(B, "rb"), (A, "ra")],
    ]
    assert [(wave.number, wave.approve, wave.bake_seconds) for wave in undo.waves] == [(1, False, 0), (2, False, 0)]
    assert (undo.origin, undo.rules.on_failed_set) == ("undo of 7f3a", OnFailedSet.CONTINUE)


def test_the_label_of_an_undo_is_not_the_version_that_it_removes() -> None:
    undo = followup_waves(Followup.UNDO, "7f3a", ended(planned(), *DONE))
    assert undo.label == "before web 2"
    back = (w.SetStarted(C, "bc"), w.SetEnded(C, "bc", Verdict.COMPLETED, "", 5))
    assert followup_waves(Followup.UNDO, "8888", ended(undo, *back)).label == "web 2"
    assert followup_waves(Followup.UNDO, "7f3a", ended(planned(label=""), *DONE)).label == ""


def test_a_retry_takes_what_is_not_done_failed_instances_first() -> None:
    retry = followup_waves(Followup.RETRY, "7f3a", ended(planned(), *DONE))
    assert [[(member.target, member.retries) for member in wave.sets] for wave in retry.waves] == [[(C, "rc"), (D, "")]]
    assert retry.waves[0].approve and retry.label == "web 2"


def test_nothing_to_do_and_too_early() -> None:
    with pytest.raises(UsageError, match="changed no set"):
        followup_waves(Followup.UNDO, "7f3a", ended(planned()))
    running = fold([w.WavesLogged(1, NOW, w.WavesPlanned(planned()))])
    for followup in Followup:
        with pytest.raises(UsageError, match="still running"):
            followup_waves(followup, "7f3a", running)
