"""The record in Markdown."""

from dataclasses import replace
from datetime import timedelta

from support.recorded_rollout import HEADER, LOG, PLAN, log_of, seen
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, ExternalGate, Hook, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.report.formats import write


def test_markdown_tells_the_story() -> None:
    text = write("md", HEADER, LOG)
    for piece in (
        "# Rollout 7f3a01bc: web 2 on web",
        "| Ticket | CHG1 |",
        "| Origin | retry of 1234 |",
        "> **FAILED** 1 of 1 failed",
        "| Outcome | failed: 2 waiting, 1 failed, 1 excluded |",
        "| Lowest healthy | 1 of 3 at 2026-03-01 12:01:20 UTC, floor 1 |",
        "| commandToExecute | b |",
        "| key | protected, not recorded (from env) |",
        "| Batch 2 | 2 instances: 1, 2 |",
        "| Excluded | 9: protected |",
        "| Forecast: duration | ",
        "| Failure budget | 1 in the whole rollout |",
        "| Deadline of a batch | 1h30m |",
        "| Soak | 1m |",
        "| Strategy | batches by vmss-tui, Automatic mode |",
        "| Batches | 1 after approval, 50% |",
        "- `commandToExecute`: ~~`a|'x'`~~ → `b`",
        "- `gone`: ~~`x`~~ → *removed*",
        "| 1 | 1 | 12:01:00 | 12:01:30 | 00:30 | 1 | 0 | 0 |",
        "### web\\_0: failed, exit code 100",
        "````text\nline\n```\nE: no | package\n````",
        "cancel requested by bo on pc: enough",
        "gate updated before batch 2 FAILED: 1 of 1 failed",
    ):
        assert piece in text, piece
    assert "<script>" not in text and "<b>" not in text


def test_nothing_foreign_starts_a_block_or_becomes_a_hidden_character() -> None:
    for message, shown in (
        ("# big", "\\# big"), ("- item", "\\- item"), ("1. item", "1\\. item"), ("> said", "\\> said"),
        ("a # b", "a # b"), ("&#8238;x ~~y~~", "&amp;#8238;x \\~\\~y\\~\\~"),
    ):  # fmt: skip
        log = log_of(LOG[0].event, e.InstancesSeen((seen("0", e.Phase.FAILED, message=message),)))
        lines = write("md", HEADER, log).splitlines()
        assert shown in lines, message


def test_a_minimum_healthy_time_that_azure_ignored_is_recorded_as_such() -> None:
    policy = RolloutPolicy(min_healthy_seconds=30)
    for strategy, words in ((Strategy.CLIENT_BATCHES, "30s |"), (Strategy.ROLLING_UPGRADE, "30s, which a rolling")):
        text = write("md", HEADER, log_of(e.Planned(replace(PLAN, policy=policy, strategy=strategy))))
        assert f"| Minimum healthy time | {words}" in text


def test_the_whole_policy_is_on_record_but_no_argument_of_a_command() -> None:
    policy = RolloutPolicy(
        steps=(BatchStep(Amount(20, percent=True)),),
        failure_budget=Amount(50, percent=True),
        min_healthy_seconds=90,
        canary=("web_0",),
        exclude=("9",),
        prioritise_unhealthy=True,
        gate=ExternalGate(url="https://user:secret@gate.example/ask?key=secret"),
        hooks=(Hook(command=("notify", "secret"), on=("needs_person", "failed")),),
    )
    text = write("md", HEADER, log_of(e.Planned(replace(PLAN, policy=policy, holds_repairs=True))))
    for piece in (
        "| Automatic repairs | suspended while it ran |",
        "| Failure budget | 50% (1 of 3) in the whole rollout |",
        "| Minimum healthy time | 1m30s |",
        "| First | web\\_0 |",
        "| Excluded | 9 |",
        "| Order | unhealthy first |",
        "| External gate | https://gate.example, within 30s |",
        "| Notified | the command notify with 1 argument when attention is needed, it fails |",
    ):
        assert piece in text, piece
    assert "secret" not in text


def test_a_change_of_many_lines_is_a_diff() -> None:
    plan = replace(PLAN, changes=(SettingChange("script", "set -e\necho 1\n", "set -e\necho 2\n"),))
    text = write("md", HEADER, log_of(e.Planned(plan)))
    assert "- `script`:\n\n```diff\n@@ -1,2 +1,2 @@\n set -e\n-echo 1\n+echo 2\n```" in text


def test_a_rollout_over_midnight_names_the_days() -> None:
    late = [replace(entry, at=entry.at + timedelta(hours=11, minutes=59)) for entry in LOG]
    assert "| 1 | 1 | 03-02 00:00:00 | 03-02 00:00:30 | 00:30 |" in write("md", HEADER, late)


def test_markdown_of_a_rollout_that_has_only_a_plan() -> None:
    text = write("md", HEADER, LOG[:1])
    assert "## Batches" not in text and "## Failures" not in text
