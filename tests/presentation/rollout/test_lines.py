"""A rollout in words: headline, counts, bar, estimate, verdict, summary."""

from dataclasses import replace
from datetime import UTC, timedelta

from support import estate, story
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.plan.maintenance_window import Opening, Window
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.timetable import Freeze, MaintenanceRules
from vmss_tui.domain.rollout.events import (
    ApprovalNeeded,
    Approved,
    DecisionNeeded,
    Event,
    Logged,
    Paused,
    Phase,
    Planned,
    PolicyRestored,
    RunnerStarted,
    Scheduled,
    Verdict,
    Waiting,
)
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout import lines as rollout
from vmss_tui.presentation.rollout.info import RolloutInfo, arrow, floor, info_of
from vmss_tui.presentation.rollout.remaining import Remaining, elapsed, rest
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

NOW = estate.NOW


def info(tale: story.Story) -> RolloutInfo:
    return info_of(fold(tale.log), tale.now)


def test_headline_says_versions_batch_and_times() -> None:
    tale = story.until_batch(4)
    text = text_of(rollout.headline(info(tale), 120))
    assert text.startswith("◐ ROLLING FORWARD   web 2.4.0 → web 2.5.0")
    assert "batch 4 of 5   04:49 elapsed" in text
    assert width(text) <= 120


def test_headline_fits_eighty_cells() -> None:
    tale = story.until_batch(4)
    text = text_of(rollout.headline(info(tale), 78))
    assert "batch 4/5" in text and "left" in text
    assert width(text) <= 78


def test_a_headline_gives_up_the_old_version_before_the_times() -> None:
    tale = story.until_batch(4)
    state = fold(tale.log)
    plan = state.plan
    assert plan is not None
    state = replace(
        state,
        plan=replace(plan, from_label="unknown a1b2c3d4", script=plan.script.labelled("custom-application 2.4.0")),
    )
    assert "unknown a1b2c3d4 → custom-application 2.4.0" in text_of(rollout.headline(info_of(state, tale.now), 120))
    narrow = text_of(rollout.headline(info_of(state, tale.now), 78))
    assert "→ custom-application 2.4.0  " in narrow and "left" in narrow
    least = text_of(rollout.headline(info_of(state, tale.now), 58))
    assert "…" in least and "left" in least


def test_a_rollout_without_a_runner_says_so_first() -> None:
    tale = story.until_batch(2)
    alone = info_of(fold(tale.log), tale.now, runner_alive=False)
    assert "NO RUNNER" in text_of(rollout.headline(alone, 120))
    assert "Press r to resume" in text_of(rollout.subline(alone, 120))


def test_stages_that_need_a_person_say_what_to_press() -> None:
    tale = story.until_batch(2)
    tale.say(ApprovalNeeded(3))
    assert "Press a." in text_of(rollout.subline(info(tale), 120))
    tale.say(Approved(3, "maria"), Waiting("pause 30s between batches", tale.now + timedelta(seconds=20), 30))
    said = text_of(rollout.subline(info(tale), 120))
    assert said == "pause 30s between batches   00:10 of 00:30, 00:20 left"
    tale.say(Paused("somebody asked"))
    tale.now += timedelta(seconds=70)
    tale.say(Waiting("paused: the rolling upgrade is canceled; resuming starts a new one"))
    assert "Press p to resume." in text_of(rollout.subline(info(tale), 78))[:78]
    headline = text_of(rollout.headline(info(tale), 120))
    assert "PAUSED" in headline and "01:10 waiting" in headline and " left" not in headline


def test_a_wait_that_may_be_over_sooner_says_when_it_times_out() -> None:
    tale = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    tale.begin()
    tale.say(Waiting("Azure is updating the scale set model", tale.now + timedelta(minutes=90)))
    said = text_of(rollout.subline(info(tale), 120))
    assert said == "Azure is updating the scale set model   times out in 1:30:00"


def test_what_is_left_is_known_from_the_start_and_better_with_every_batch() -> None:
    first, fourth = story.until_batch(1), story.until_batch(4)
    early, late = rest(fold(first.log), first.now), rest(fold(fourth.log), fourth.now)
    assert early is not None and late is not None
    assert " left" in text_of(rollout.headline(info(first), 120))
    assert late.p90 < early.p50 and late.p90 - late.p50 < early.p90 - early.p50
    assert 60 < late.p50 <= late.p90 < 200
    assert rest(fold(story.whole()), fourth.now) is None


def test_what_is_left_continues_counting_in_a_pause() -> None:
    tale = story.Story(story.plan_of())
    tale.begin()
    tale.run_batch(tale.plan.batches[0])
    state = fold(tale.log)
    at_once, later = rest(state, tale.now), rest(state, tale.now + timedelta(seconds=20))
    assert at_once is not None and later is not None
    assert round(at_once.p90 - later.p90) == 20


def test_a_wide_range_is_said_as_one() -> None:
    assert Remaining(150, 600).text == "2m30s to 10m" and Remaining(590, 600).text == "10:00"
    assert Remaining(5, 50).text == "00:50"


def test_counts_show_health_against_the_floor() -> None:
    tale = story.until_batch(4, fails=("3",))
    state = fold(tale.log)
    text = text_of(rollout.counts(info_of(state, tale.now), 120))
    assert "35 done" in text and "12 in progress" in text and "12 waiting" in text and "1 failed" in text
    assert "healthy 53 of 60" in text and "never below 47, floor 48" in text
    assert ("47", Role.BAD) in rollout.counts(info_of(state, tale.now), 120)
    for cells in (78, 100, 120, 200):
        assert width(text_of(rollout.counts(info_of(state, tale.now), cells))) <= cells


def test_the_floor_is_what_the_plan_promised_less_what_has_left_the_set() -> None:
    state = fold(story.until_batch(2).log)
    assert state.plan is not None and floor(state) == 48
    planned = replace(state.plan, healthy=58)
    assert floor(replace(state, plan=planned)) == 46
    assert floor(replace(state, plan=planned, total=50)) == 36
    assert floor(replace(state, plan=planned, total=70)) == 46
    assert floor(replace(state, healthy=None)) is None


def test_a_short_line_of_counts_keeps_the_lowest_health() -> None:
    tale = story.until_batch(4)
    state = fold(tale.log)
    one, *rest = state.instances.items()
    aside = replace(one[1], seen=replace(one[1].seen, phase=Phase.EXCLUDED))
    state = replace(state, instances={one[0]: aside, **dict(rest)})
    assert "1 excluded" in text_of(rollout.counts(info_of(state, tale.now), 120))
    narrow = text_of(rollout.counts(info_of(state, tale.now), 78))
    assert "excluded" not in narrow and "low 48 floor 48" in narrow
    assert "low 48" in text_of(rollout.counts(info_of(state, tale.now), 70))
    assert "healthy 54/60" in text_of(rollout.counts(info_of(state, tale.now), 58))


def test_a_set_without_health_says_so() -> None:
    assert "no health source" in text_of(rollout.counts(info_of(RolloutState(), story.until_batch(1).now), 120))


def test_verdict_is_one_sentence() -> None:
    done = fold(story.whole())
    assert text_of(rollout.headline(info_of(done, NOW), 120)) == (
        "● COMPLETED in 06:47: 60 of 60 run web 2.5.0 and are healthy, never below 48 healthy"
    )
    tale = story.until_batch(2, fails=("3",))
    tale.end(Verdict.FAILED, "2 of 12 upgraded instances are unhealthy, more than 20%")
    text = text_of(rollout.verdict(info(tale)))
    assert text.startswith("✖ FAILED after ") and "more than 20%" in text and "11 of 60 run web 2.5.0" in text


def test_a_long_verdict_continues_in_the_line_below() -> None:
    tale = story.until_batch(2, fails=("3",))
    tale.end(Verdict.FAILED, "2 of 12 upgraded instances are unhealthy, which is more than the 20% that may be")
    state = fold(tale.log)
    first, second = rollout.headline(info_of(state, tale.now), 70), rollout.subline(info_of(state, tale.now), 70)
    assert width(text_of(first)) <= 70 and width(text_of(second)) <= 70
    assert f"{text_of(first)} {text_of(second)}"[:100] == text_of(rollout.verdict(info_of(state, tale.now)))[:100]
    assert "retry failed" in text_of(rollout.next_steps(info_of(state, tale.now)))
    assert rollout.subline(info_of(fold(story.whole()), NOW), 120) == ()


def test_a_badge_before_the_verdict_takes_nothing_out_of_it() -> None:
    """A rehearsal's badge precedes the headline: the second line continues where the first one ended."""
    tale = story.until_batch(2, fails=("3",))
    tale.end(Verdict.FAILED, "2 of 12 upgraded instances are unhealthy, which is more than the 20% that may be")
    of = info_of(fold(tale.log), tale.now)
    for badge in (0, 11, 30):
        first = text_of(rollout.headline(of, 70 - badge))
        second = text_of(rollout.subline(of, 70, badge=badge))
        assert f"{first} {second}"[:90] == text_of(rollout.verdict(of))[:90], badge


def test_a_policy_that_could_not_be_put_back_is_said_after_the_end() -> None:
    tale = story.until_batch(2)
    tale.say(PolicyRestored(False, "409"))
    tale.end()
    assert "the scale set's own (Rolling): set it in Azure" in text_of(rollout.subline(info(tale), 120))


def test_first_failure_names_the_instance_and_the_last_line_of_stderr() -> None:
    tale = story.until_batch(2, fails=("3", "5"))
    assert rollout.first_failure(info(tale)) == "web-weu_3: exit 22: curl: (22) HTTP error 404"
    assert rollout.first_failure(info_of(fold(story.whole()), NOW)) == ""


def test_summary_has_five_lines() -> None:
    tale = story.until_batch(4, fails=("3",))
    started = replace(info(tale), who="maria", ticket="CHG0012345")
    lines = rollout.summary(started, "7f3a1234", tz=UTC)
    assert len(lines) == 5
    assert "by maria · CHG0012345" in lines[1]
    assert lines[3] == "1 instance failed, first web-weu_3: exit 22: curl: (22) HTTP error 404"
    assert lines[4] == "follow it: `vmss-tui attach 7f3a1234`"
    ended = rollout.summary(info_of(fold(story.whole()), NOW), "7f3a1234", tz=UTC)
    assert ended[4] == "change record: `vmss-tui report 7f3a1234`"


def test_summary_has_the_next_step_and_azures_reference_when_azure_ended_it() -> None:
    tale = fold(story.whole())
    fault = AzureFault("ScopeLocked", "locked", next_step="remove the lock on rg", request_id="r-1")
    ended = replace(info_of(tale, NOW), fault=fault)
    lines = rollout.summary(ended, "7f3a1234", tz=UTC)
    assert lines[-3:-1] == ("next step: remove the lock on rg", "Azure's error: ScopeLocked, request id r-1")
    assert rollout.fault_lines(replace(ended, fault=AzureFault("", "x"))) == ()
    assert rollout.fault_lines(replace(ended, fault=None)) == ()


def test_azures_words_are_whole_in_the_summary_and_folded_on_the_screen() -> None:
    words = "The scope is locked. " * 20 + "The end."
    fault = AzureFault(
        "ScopeLocked", "cannot write", next_step="remove the lock on rg", request_id="r-1", azure_says=f"{words}\x1b[2J"
    )
    ended = replace(info_of(fold(story.whole()), NOW), fault=fault)
    assert rollout.fault_lines(ended)[-1] == f"Azure says: {words}"
    whole = [text_of(line) for line in rollout.fault_block(ended, 60, 20)]
    assert whole[:2] == ["next step: remove the lock on rg", "Azure's error: ScopeLocked, request id r-1"]
    assert whole[-1].endswith("The end.") and "Azure says: " in whole[2]
    for most in range(8):
        shown = [text_of(line) for line in rollout.fault_block(ended, 60, most)]
        assert len(shown) <= max(most, 1) and all(len(line) <= 60 for line in shown)
        assert "Azure's error: ScopeLocked, request id r-1" in shown
        assert len(shown) < 3 or shown[-1].endswith("…")
    assert rollout.fault_block(replace(ended, fault=None), 60, 5) == ()


def test_elapsed_stands_still_after_the_end() -> None:
    done = fold(story.whole())
    assert done.ended_at is not None
    assert elapsed(done, done.ended_at + timedelta(days=1)) == elapsed(done, done.ended_at)


def test_arrow_is_tight_when_versions_begin_alike() -> None:
    assert arrow("web 2.4.0", "web 2.5.0", tight=True) == "2.4.0→2.5.0"
    assert arrow("a1b2c3d4", "web 2.5.0", tight=True) == "a1b2c3d4→web 2.5.0"
    assert arrow("web 2.4.0", "web 2.5.0") == "web 2.4.0 → web 2.5.0"


def test_words_follow_the_strategy() -> None:
    assert info(story.until_batch(1)).mark.word == "rolling forward"
    ours = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    ours.begin()
    assert info(ours).mark.word == "updating"


def test_rare_states_are_counted_only_when_there_are_any() -> None:
    tale = story.until_batch(2)
    assert [word for word, _, _ in rollout.groups(info(tale))] == ["done", "in progress", "waiting", "failed"]
    tale.see(["50"], phase=Phase.LEAKED)
    assert ("leaked", 1, Role.WARN) in rollout.groups(info(tale))


def test_a_failed_script_that_new_instances_get_too_is_said_with_the_way_back() -> None:
    failed = replace(fold(story.whole()), verdict=Verdict.FAILED, stage=Stage.FAILED, accepted=frozenset({"roll-1"}))
    first, *_ = failed.instances
    bad = replace(failed.instances[first], seen=replace(failed.instances[first].seen, phase=Phase.FAILED))
    left = info_of(replace(failed, instances={**failed.instances, first: bad}), NOW)
    assert left.leaves_failed_model
    (line,) = rollout.model_line(left, "7f3a1234")
    assert "vmss-tui undo 7f3a1234" in line and line in rollout.summary(left, "7f3a1234")
    assert not info_of(failed, NOW).leaves_failed_model, "no script failed"
    assert not info_of(replace(failed, accepted=frozenset()), NOW).leaves_failed_model


def test_a_policy_that_was_left_behind_is_said_with_the_command_that_restores_it() -> None:
    ended = replace(fold(story.whole()), verdict=Verdict.CANCELLED, stage=Stage.CANCELLED, policy_restored=False)
    assert ended.plan is not None
    (line,) = rollout.policy_line(info_of(ended, NOW), "7f3a1234")
    assert "vmss-tui undo 7f3a1234" in line and line in rollout.summary(info_of(ended, NOW), "7f3a1234")
    undo = replace(ended, plan=replace(ended.plan, origin="undo of 1b2c3d4e to web 2"))
    assert "vmss-tui undo 1b2c3d4e" in rollout.policy_line(info_of(undo, NOW), "7f3a1234")[0]
    own = replace(ended, plan=replace(ended.plan, origin="undo of this rollout"))
    assert "vmss-tui undo 7f3a1234" in rollout.policy_line(info_of(own, NOW), "7f3a1234")[0]
    done = replace(ended, verdict=Verdict.COMPLETED, stage=Stage.COMPLETED)
    assert f"--ids {ended.plan.target}" in rollout.policy_line(info_of(done, NOW), "7f3a1234")[0]
    assert rollout.policy_line(info_of(replace(ended, policy_restored=True), NOW), "7f3a1234") == ()


def in_window(tale: story.Story, seconds: float) -> RolloutInfo:
    """The rollout in a maintenance window that closes in so many seconds."""
    state = fold(tale.log)
    assert state.plan is not None
    openings = (Opening(tale.now - timedelta(hours=1), tale.now + timedelta(seconds=seconds)),)
    policy = replace(state.plan.policy, window=Window(calendar="x.ics", openings=openings))
    return info_of(replace(state, plan=replace(state.plan, policy=policy)), tale.now)


def role_of_window(found: RolloutInfo, cells: int = 120) -> Role | None:
    return next((role for text, role in rollout.headline(found, cells) if "window" in text), None)


def test_the_time_left_in_the_window_turns_amber_before_the_rest_takes_longer() -> None:
    tale = story.until_batch(4)
    left = info_of(fold(tale.log), tale.now).rest
    assert left is not None
    assert role_of_window(in_window(tale, left.p90 + 600)) is Role.DIM
    assert role_of_window(in_window(tale, left.p90 + 30)) is Role.WARN, "it still fits, and soon does not"
    assert role_of_window(in_window(tale, left.p90 - 30)) is Role.WARN
    for cells in (78, 120):
        assert "window " in text_of(rollout.headline(in_window(tale, 3600), cells))


def test_a_rollout_that_waits_for_a_person_says_that_its_window_gets_short() -> None:
    tale = story.until_batch(4)
    tale.say(Paused("requested"))
    left = info_of(fold(tale.log), tale.now).rest
    assert left is not None and info_of(fold(tale.log), tale.now).remaining is None
    assert role_of_window(in_window(tale, left.p90 + 600)) is Role.DIM
    assert role_of_window(in_window(tale, left.p90 + 30)) is Role.WARN


def test_a_freeze_that_held_a_rollout_is_named_and_is_no_end_of_a_window() -> None:
    tale = story.until_batch(2)
    tale.say(Paused("changes are frozen", window=True))
    freeze = Freeze(start=NOW, end=tale.now + timedelta(days=1), reason="incident 4711")
    state = replace(fold(tale.log), rules=MaintenanceRules(freezes=(freeze,)))
    for cells in (80, 200):
        text = text_of(rollout.subline(info_of(state, tale.now, runner_alive=False), cells))
        assert text.startswith("Changes are frozen: incident 4711") and "Press r" in text and width(text) <= cells


def scheduled(*events: Event, seconds: int = 7200) -> RolloutInfo:
    tale = story.Story(story.plan_of())
    state = fold([Logged(1, NOW, Planned(tale.plan)), *(Logged(n, NOW, event) for n, event in enumerate(events, 2))])
    return info_of(replace(state, scheduled=Scheduled(NOW + timedelta(seconds=seconds))), NOW, runner_alive=False)


def test_a_start_that_was_put_off_says_when_and_which_keys_move_and_cancel_it() -> None:
    text = text_of(rollout.subline(scheduled(), 120))
    assert text.startswith("Starts in 2h, ") and "moves it" in text and "cancels it" in text
    for cells in (78, 120):
        assert "cancels it." in text_of(rollout.subline(scheduled(), cells))[:cells]
    assert text_of(rollout.subline(scheduled(RunnerStarted(1, "h")), 120)).startswith("Resumes in 2h")


def test_a_window_that_ended_says_how_to_resume() -> None:
    tale = story.until_batch(2)
    tale.say(Paused("no batch can end in time", window=True))
    left = info_of(fold(tale.log), tale.now, runner_alive=False)
    assert text_of(rollout.subline(left, 120)).startswith("The maintenance window has ended. Press r")


def test_a_decision_names_the_failure_and_its_key_at_every_width() -> None:
    tale = story.until_batch(2, fails=("3",))
    tale.say(DecisionNeeded("1 of 12 updated instances failed or unhealthy (limit 0%): 3", ("3",)))
    for cells in (60, 120):
        text = text_of(rollout.subline(info(tale), cells))
        assert text.endswith(" to decide.") and text.startswith("1 of 12") and width(text) <= cells


def test_what_keeps_a_runner_from_working_comes_first() -> None:
    text = text_of(rollout.subline(info(story.until_batch(2)), 60, trouble="the disk is full\x1b[2J"))
    assert text == "the disk is full"


def test_overridden_windows_and_freezes_are_named_with_their_reasons() -> None:
    shown = replace(info(story.until_batch(2)), overrides={"outside-window": "CVE", "managed-by-others": "x"})
    assert rollout.overridden(shown) == "outside the window: CVE"


def test_where_no_health_was_known_before_there_is_no_lowest_count() -> None:
    state = fold(story.until_batch(4).log)
    assert state.plan is not None and state.lowest is not None
    unreported = replace(state, plan=replace(state.plan, healthy=None))
    text = " ".join(rollout.summary(info_of(unreported, NOW), "7f3a", tz=UTC))
    assert "no health was reported before the rollout" in text and "None" not in text and "never below" not in text
