"""A rollout over several scale sets in words: plan, events, rows, JSON, and what is asked before a verb."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support import story
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.domain.rollout.state import fold as fold_rollout
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.forecast import forecast_waves
from vmss_tui.domain.rollout.waves.state import SetStage, WavesState, fold
from vmss_tui.presentation.table import View, text_of
from vmss_tui.presentation.waves import info as infos
from vmss_tui.presentation.waves import lines, questions, records, rows

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B, C = (ScaleSetId("s", "g", name) for name in ("alpha", "beta", "gamma"))
WARNING = Finding(Severity.WARN, "mutable", "the file may change", "Pin it.")
REFUSAL = Finding(Severity.REFUSE, "no-right", "a right is missing")


def plan(**rules: object) -> WavesPlan:
    waves = (
        Wave(number=1, name="canary", sets=(WaveSet(target=A, instances=4),), bake_seconds=600),
        Wave(number=2, name="rest", sets=(WaveSet(target=B, instances=6), WaveSet(target=C)), approve=True),
    )
    return WavesPlan(profile="web", label="web 2", waves=waves, rules=WaveRules(**rules))  # type: ignore[arg-type]


EVERY: tuple[w.WavesEvent, ...] = (
    w.WavesPlanned(plan(), "ann", "h", "why", "CHG1"),
    e.RunnerStarted(1, "host"),
    e.RunnerStarted(2, "host", True),
    e.SignedIn("deployer", "environment"),
    e.RunnerStopped("terminated"),
    w.WaveStarted(1),
    w.SetStarted(A, "aaaa"),
    w.SetFailures(A, "aaaa", 1),
    w.SetEnded(A, "aaaa", Verdict.FAILED, "broken", 3, 1),
    w.SetStarted(A, "bbbb", True),
    w.SetEnded(A, "bbbb", Verdict.COMPLETED, "back", 4),
    w.WaveEnded(1),
    w.WaveApprovalNeeded(2),
    w.WaveApproved(2, "ann"),
    w.WaveEnded(2),
    w.SetRefused(B, "no right"),
    w.SetRefused(B, "no right", True),
    w.SetSkipped(C, "it has web 2 already"),
    w.WavesStopping("alpha failed", 1),
    e.Requested(Verb.PAUSE, "ann", "h", "lunch", 1),
    e.RequestAnswered(Verb.PAUSE, True, "no further set starts", 1),
    e.RequestAnswered(Verb.RETRY, False, "still running", 2),
    e.Paused("ann"),
    e.Resumed(),
    e.Scheduled(NOW, True, "ann"),
    e.Noted("a runner was replaced"),
    e.Noted("no runner", Severity.WARN),
    e.Ended(Verdict.FAILED, "alpha failed"),
)


def state(*events: w.WavesEvent, rules: WavesPlan | None = None) -> WavesState:
    log = (w.WavesPlanned(rules or plan()), *events)
    return fold(w.WavesLogged(number, NOW, event) for number, event in enumerate(log, 1))


def info(*events: w.WavesEvent, now: datetime = NOW, alive: bool = True) -> infos.WavesInfo:
    return infos.waves_info("1234abcd", state(*events), {}, now, alive=alive)


@pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
def test_every_event_has_a_sentence_and_a_record(event: w.WavesEvent) -> None:
    text, _ = lines.sentence(event, state())
    assert text and "\n" not in text
    record = records.waves_event_record("1234abcd", w.WavesLogged(3, NOW, event, "ff"))
    assert record["event"] == e.kind_name(event) and record["rollout"] == "1234abcd"
    json.dumps(record)


def test_the_plan_names_rules_waves_sets_and_findings() -> None:
    made = replace(
        plan(
            at_once=3,
            failed_instances=Amount(2, percent=True),
            failed_sets=Amount(1),
            on_failed_set=OnFailedSet.CONTINUE,
        ),
        findings=(WARNING,),
        origin="retry of 1",
    )
    of_set = replace(story.plan_of(), findings=(WARNING, REFUSAL))
    text = "\n".join(lines.plan_lines(made, {A: of_set, B: "cannot be read"}))
    parts = ("3 scale sets in 2 waves, 10 instances", "at once: 3 scale sets", "2% of all instances", "canary")
    for part in (*parts, "waits for approval", "bake time 10m", "1 refused, 1 warning", "cannot be read", "Pin it."):
        assert part in text, part
    assert text.count(WARNING.message) == 1 and text.count(REFUSAL.message) == 1
    stop = "\n".join(lines.plan_lines(plan(), {}))
    back = "\n".join(lines.plan_lines(plan(on_failed_set=OnFailedSet.ROLLBACK_WAVE), {}))
    assert "rolled back" in back and "rolled back" not in stop
    record = records.waves_plan_record(made, {A: of_set, B: "cannot be read"})
    (canary, rest) = record["waves"]
    assert (
        canary["sets"][0]["plan"] and rest["sets"][0]["problem"] == "cannot be read" and "plan" not in rest["sets"][1]
    )
    json.dumps(record)


def test_rows_count_what_has_ended_and_what_is_in_progress() -> None:
    rollouts = {"aaaa": fold_rollout(story.until_batch(2).log)}
    made = infos.waves_info(
        "1", state(e.RunnerStarted(1, "h"), w.WaveStarted(1), w.SetStarted(A, "aaaa")), rollouts, NOW
    )
    assert made.count(made.sets[0].progress.stage) == 1 and made.waiting
    ended = info(
        e.RunnerStarted(1, "h"), w.SetStarted(A, "aaaa"), w.SetEnded(A, "aaaa", Verdict.FAILED, "broken", 3, 1)
    )
    assert (ended.done, ended.failed, ended.total) == (3, 1, 10)
    assert "1 failed" in text_of(rows.totals(ended)) and "3 of 10" in text_of(rows.totals(ended))
    assert [member.name for member in rows.shown_sets(ended, View(), faults_only=True)] == ["alpha"]
    by_urgency = rows.shown_sets(ended, View(order="urgency"))
    assert [member.name for member in by_urgency] == ["alpha", "beta", "gamma"]
    assert all(rows.SETS.row(member, None).cells for member in by_urgency)
    assert sum(len(text) for text, _ in rows.total_bar(ended, 40)) == 40
    assert any("broken" in line for line in lines.set_table(ended))
    record = records.waves_ended_record(ended)
    assert record["failed"] == 1 and [found["state"] for found in record["sets"]] == ["failed", "waiting", "waiting"]


def test_what_was_rolled_back_is_not_updated() -> None:
    began = (e.RunnerStarted(1, "h"), w.SetStarted(A, "aaaa"), w.SetEnded(A, "aaaa", Verdict.FAILED, "broken", 3, 1))
    back = (w.SetStarted(A, "bbbb", True), w.SetEnded(A, "bbbb", Verdict.COMPLETED, "back", 4))
    made = info(*began, *back)
    assert (made.done, made.rolled_back) == (0, 3)
    assert "0 of 10 instances updated, 3 rolled back" in text_of(rows.totals(made))
    record = records.waves_ended_record(made)
    assert (record["updated"], record["rolled_back"]) == (0, 3)


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (e.Paused("the window closes", window=True), "window ended"),
        (e.Paused("lunch"), "paused"),
        (e.Scheduled(NOW, True), "scheduled"),
        (e.DecisionNeeded("2 failed", ("3",)), "waiting for a decision"),
    ],
)
def test_a_set_in_progress_says_what_holds_it_up(event: e.Event, word: str) -> None:
    tale = story.until_batch(2)
    tale.say(event)
    began = state(e.RunnerStarted(1, "h"), w.WaveStarted(1), w.SetStarted(A, "aaaa"))
    made = infos.waves_info("1", began, {"aaaa": fold_rollout(tale.log)}, NOW)
    assert made.sets[0].mark.word == word


def test_a_scheduled_start_counts_down_and_names_its_keys() -> None:
    later = info(e.Scheduled(NOW + timedelta(hours=2), who="ann"), alive=False)
    assert info(e.Scheduled(NOW + timedelta(hours=2))).mark.word == "scheduled", "before a coordinator is missed"
    assert later.mark.word == "scheduled" and later.state.stage is Stage.PLANNED
    text = text_of(rows.sub_line(later))
    assert "in 2h" in text and "moves it" in text and "cancels it" in text


def test_the_plan_says_how_long_the_waves_take() -> None:
    made: dict[ScaleSetId, RolloutPlan | str] = {A: story.plan_of(), B: story.plan_of(), C: "cannot be read"}
    known = {target: found for target, found in made.items() if isinstance(found, RolloutPlan)}
    total = forecast_waves(plan(), known).total
    assert total.p50 > 600 and total.p90 > total.p50, "with the bake time after the first wave"
    both = replace(plan(), waves=(replace(plan().waves[1], sets=(WaveSet(target=A), WaveSet(target=B))),))
    together = forecast_waves(replace(both, rules=WaveRules(at_once=2)), known)
    assert forecast_waves(both, known).total.p50 == 2 * together.total.p50
    assert "without the time it waits for approval" in "\n".join(lines.plan_lines(plan(), made))
    assert records.waves_plan_record(plan(), made)["forecast"]["duration_seconds"]["p90"] > 600


def test_what_it_waits_for() -> None:
    ended = (e.RunnerStarted(1, "h"), w.WaveStarted(1), w.WaveEnded(1))
    assert "bake time" in text_of(rows.sub_line(info(*ended))) and info(*ended).until == NOW + timedelta(minutes=10)
    later = NOW + timedelta(hours=1)
    waits = info(*ended, w.WaveApprovalNeeded(2), now=later)
    assert "waiting for approval" in waits.waiting and text_of(rows.head_line(waits)).count("waiting for approval") == 1
    assert "paused" in info(*ended, e.Paused("ann"), now=later).waiting
    assert info(now=later).waiting == "" and info(e.RunnerStarted(1, "h"), w.WaveStarted(1)).waiting == ""
    stopping = info(e.RunnerStarted(1, "h"), w.SetStarted(B, "x"), w.WavesStopping("alpha failed"))
    assert "alpha failed" in text_of(rows.sub_line(stopping))
    assert info(e.RunnerStarted(1, "h"), alive=False).mark.word == "no runner"


def test_the_summary_names_the_next_step_only_where_there_is_one() -> None:
    failed = info(e.RunnerStarted(1, "h"), e.Ended(Verdict.FAILED, "alpha failed"))
    assert "vmss-tui retry 1234abcd" in lines.summary(failed)[-1]
    assert text_of(rows.sub_line(failed)) == "failed: alpha failed"
    done = info(e.RunnerStarted(1, "h"), e.Ended(Verdict.COMPLETED, ""))
    canceled = info(e.Scheduled(NOW), e.Ended(Verdict.CANCELLED, "canceled by ann before it started"))
    assert infos.verdict_line(canceled) == "canceled by ann before it started"
    assert lines.next_step(done) == "" and infos.verdict_line(done) == "completed"
    assert infos.headline(infos.waves_info("1234abcd", WavesState(), {}, NOW)) == "1234abcd"


def test_what_azure_refused_is_in_the_summary_and_the_records_of_its_set() -> None:
    fault = AzureFault("ScopeLocked", "x", next_step="remove the lock", request_id="r-1", azure_says="It is locked.")
    log = w.SetStarted(A, "aaaa"), w.SetEnded(A, "aaaa", Verdict.FAILED, "Azure refused it")
    found = info(e.RunnerStarted(1, "h"), w.WaveStarted(1), *log, e.Ended(Verdict.FAILED, "alpha failed"))
    first, *others = found.sets
    assert first.progress.target == A and first.progress.stage is SetStage.FAILED
    refused = replace(found, sets=(replace(first, fault=fault), *others))
    assert [line for line in lines.summary(refused) if line.startswith("g/alpha: ")] == [
        "g/alpha: next step: remove the lock",
        "g/alpha: Azure's error: ScopeLocked, request id r-1",
        "g/alpha: Azure says: It is locked.",
    ]
    assert records.set_record(refused.sets[0])["fault"]["code"] == "ScopeLocked"
    assert records.set_record(others[0])["fault"] is None


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.RESUME, Verb.APPROVE, Verb.CANCEL])
def test_each_verb_is_asked_about_before(verb: Verb) -> None:
    asked = questions.ask(verb, info(e.RunnerStarted(1, "h"), w.WaveApprovalNeeded(1)))
    assert asked.title.endswith("?") and asked.yes and asked.details


def test_followups_have_a_dialog_of_their_own() -> None:
    with pytest.raises(ValueError):
        questions.ask(Verb.UNDO, info())


def test_a_long_plan_is_cut_in_a_question() -> None:
    assert len(questions.plan_details([f"line {number}" for number in range(40)])) == 12
    assert len(questions.plan_details(["one", "", "two"])) == 2
    prose, table = questions.plan_details(["some words", "SET    INSTANCES"])
    assert len(prose) == 1 and len(table) == 2, "a line of several pieces is not wrapped"
