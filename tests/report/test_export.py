"""Reports: complete, harmless, without what must stay private."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.fleet.script import (
    LINUX,
    ScriptConfig,
    ScriptState,
    SecretRef,
    SecretSource,
    SettingChange,
)
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Batch, Exclusion, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, ExternalGate, Hook, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.journal.schema import KINDS
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.report import export
from vmss_tui.report.report import report_of
from vmss_tui.report.telling import tell

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNED = "https://management.azure.com/op?sig=very-private"
HEADER = RolloutHeader(
    id="7f3a01bc",
    target=ScaleSetId("s1", "rg-web", "web"),
    label="web 2",
    profile="web",
    who="maria",
    why="release <b>2</b>",
    ticket="CHG1",
    host="bastion",
    created_at=NOW,
    stage=Stage.FAILED,
)


def script(command: str, label: str) -> ScriptConfig:
    return ScriptConfig(
        name="app",
        handler=LINUX,
        settings={"commandToExecute": command},
        protected={"key": SecretRef(SecretSource.ENV, "KEY")},
        label=label,
    )


PLAN = RolloutPlan(
    target=HEADER.target,
    location="westeurope",
    strategy=Strategy.CLIENT_BATCHES,
    script=script("b", "web 2"),
    previous=script("a", "web 1"),
    policy=RolloutPolicy(
        steps=(BatchStep(Amount(1), approve=True), BatchStep(Amount(50, percent=True))),
        failure_budget=Amount(1),
        soak_seconds=60,
    ),
    set_mode=UpgradeMode.AUTOMATIC,
    set_policy=RollingPolicy(),
    total=3,
    healthy=3,
    batches=(Batch(number=1, ids=("0",), zones=("1",)), Batch(number=2, ids=("1", "2"))),
    excluded=(Exclusion("9", "protected"),),
    changes=(SettingChange("commandToExecute", "a|`x`", "b"), SettingChange("gone", "x", None)),
    findings=(Finding(Severity.WARN, "small-set", "one of three is 33%"),),
    profile="web",
    variables={"version": "2"},
    from_label="web 1",
    origin="retry of 1234",
)


def seen(instance: str, phase: e.Phase, **more: object) -> e.InstanceSeen:
    return replace(e.InstanceSeen(id=instance, name=f"web_{instance}", phase=phase), **more)  # type: ignore[arg-type]


def log_of(*events: e.Event) -> tuple[e.Logged, ...]:
    return tuple(e.Logged(i + 1, NOW + timedelta(seconds=10 * i), event) for i, event in enumerate(events))


LOG = log_of(
    e.Planned(PLAN),
    e.RunnerStarted(1, "bastion"),
    e.InstancesSeen(tuple(seen(i, e.Phase.WAITING) for i in "012"), 3, 3),
    e.WriteIntended("model", "update the model"),
    e.WriteAccepted("model", SIGNED),
    e.WriteEnded("model", OperationState.SUCCEEDED),
    e.BatchStarted(1, 2, ("0",), ("1",)),
    e.InstancesSeen((seen("0", e.Phase.SCRIPT),), 2, 3),
    e.InstancesSeen(
        (
            seen(
                "0",
                e.Phase.FAILED,
                exit_code=100,
                message="exit 100 <script>alert(1)</script>",
                stderr="line\n```\nE: no | package",
                script=ScriptState.FAILED,
            ),
        ),
        1,
        3,
    ),
    e.BatchEnded(1, ("0",)),
    e.GateChecked(e.GateName.UPDATED, False, "1 of 1 failed", 2),
    e.Requested(e.Verb.CANCEL, "bo", "pc", "enough", 1),
    e.RequestAnswered(e.Verb.CANCEL, True, "yes", 1),
    e.PolicyRestored(True, "it is back"),
    e.Ended(e.Verdict.FAILED, "1 of 1 failed", AzureFault("x", "y"), {"failed": 1}),
)
WRITERS = (export.to_jsonl, export.to_json, export.to_markdown, export.to_html)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("log", [LOG, LOG[:1], LOG[:8]])
def test_operation_urls_stay_private(write: object, log: Sequence[e.Logged]) -> None:
    assert callable(write)
    text = write(HEADER, log)
    assert "very-private" not in text and "7f3a01bc" in text


def test_jsonl_holds_every_event() -> None:
    first, *rest = [json.loads(line) for line in export.to_jsonl(HEADER, LOG).splitlines()]
    assert first["kind"] == "rollout" and first["target"] == str(HEADER.target)
    assert [each["seq"] for each in rest] == list(range(1, len(LOG) + 1))
    assert rest[4] == {"seq": 5, "at": "2026-03-01T12:00:40Z", "kind": "write_accepted", "key": "model"}
    assert rest[0]["plan"]["script"]["settings"] == {"commandToExecute": "b"}


def test_json_sums_up() -> None:
    document = json.loads(export.to_json(HEADER, LOG))
    assert document["outcome"]["stage"] == "failed"
    assert document["outcome"]["lowest_healthy"]["healthy"] == 1
    assert document["outcome"]["counts"] == {"waiting": 2, "failed": 1, "excluded": 1}
    assert [each["id"] for each in document["failures"]] == ["0"]
    assert document["batches"][0]["failed"] == ["0"] and document["batches"][0]["lowest"] == 1
    assert document["plan"]["policy"]["soak_seconds"] == 60 and document["plan"]["target"] == str(HEADER.target)
    assert {"bo on pc asked to cancel: enough"} <= {each["text"] for each in document["decisions"]}


def test_markdown_tells_the_story() -> None:
    text = export.to_markdown(HEADER, LOG)
    for piece in (
        "# Rollout 7f3a01bc: web 2 on web",
        "| Ticket | CHG1 |",
        "| Origin | retry of 1234 |",
        "> **FAILED** 1 of 1 failed",
        "| Outcome | failed: 2 waiting, 1 failed, 1 excluded |",
        "| Lowest healthy | 1 of 3 at 2026-03-01 12:01:20 UTC, 3 or more were to stay healthy |",
        "| commandToExecute | b |",
        "| key | protected, not recorded (from env) |",
        "| Batch 2 | 2 instances: 1, 2 |",
        "| Left out | 9: protected |",
        "| Estimate | ",
        "| Failure budget | 1 in the whole rollout |",
        "| Deadline of a batch | 1h30m |",
        "| Soak | 1m |",
        "| Strategy | our batches, Automatic mode |",
        "| Batches | 1 after approval, 50% |",
        "- `commandToExecute`: ~~a\\|'x'~~ b",
        "- `gone`: ~~x~~ *removed*",
        "| 1 | 1 | 12:01:00 | 12:01:30 | 00:30 | 1 | 0 | 0 |",
        "### web_0: failed, exit code 100",
        "````text\nline\n```\nE: no | package\n````",
        "bo on pc asked to cancel: enough",
        "gate updated before batch 2 FAILED: 1 of 1 failed",
    ):
        assert piece in text, piece
    assert "<script>" not in text and "<b>" not in text


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
    text = export.to_markdown(HEADER, log_of(e.Planned(replace(PLAN, policy=policy, holds_repairs=True))))
    for piece in (
        "| Automatic repairs | suspended while it ran |",
        "| Failure budget | 50% (1 of 3) in the whole rollout |",
        "| Minimum healthy time | 1m30s |",
        "| First | web_0 |",
        "| Excluded | 9 |",
        "| Order | unhealthy first |",
        "| External gate | gate.example, within 30s |",
        "| Notified | the command notify on needs person, failed |",
    ):
        assert piece in text, piece
    assert "secret" not in text


def test_signatures_of_addresses_stay_out() -> None:
    signed = "https://files.example/a.sh?sv=1&sig=very%2Fprivate&se=2"
    config = replace(PLAN.script, settings={"fileUris": [signed], "script": "x" * 700})
    plan = replace(PLAN, script=config, changes=(SettingChange("fileUris[0]", None, signed),))
    for write in WRITERS:
        text = write(HEADER, log_of(e.Planned(plan), *(entry.event for entry in LOG[1:])))
        assert "private" not in text and "sig=***" in text
    assert "(700 characters)" in export.to_markdown(HEADER, log_of(e.Planned(plan)))


def test_a_change_of_many_lines_is_a_diff() -> None:
    plan = replace(PLAN, changes=(SettingChange("script", "set -e\necho 1\n", "set -e\necho 2\n"),))
    text = export.to_markdown(HEADER, log_of(e.Planned(plan)))
    assert "- `script`:\n\n```diff\n@@ -1,2 +1,2 @@\n set -e\n-echo 1\n+echo 2\n```" in text


def test_azures_own_rolls_are_decisions_where_their_state_changes() -> None:
    rolling = e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, NOW, pending=3)
    log = log_of(
        e.Planned(PLAN),
        e.UpgradeSeen(UpgradeCode.COMPLETED, NOW - timedelta(days=1), ours=False),
        rolling,
        replace(rolling, pending=2, successful=1),
        e.UpgradeSeen(UpgradeCode.FAULTED, NOW, fault=AzureFault("TooMany", "Too many are unhealthy. Really.")),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, NOW + timedelta(days=1), ours=False),
    )
    back: list[e.Event] = [
        e.WriteIntended("restore", "put it back"),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, NOW, ours=False),
    ]
    restored = report_of(HEADER, log_of(e.Planned(PLAN), *back)).decisions[-1]
    assert restored.text == "Azure walks over the set to put its policy back: RollingForward"
    assert [(each.text, each.kind.value) for each in report_of(HEADER, log).decisions] == [
        ("Azure's rolling upgrade: RollingForward", "write"),
        ("Azure's rolling upgrade: Faulted: Too many are unhealthy. Really", "trouble"),
        ("Azure's rolling upgrade (not of this rollout): RollingForward", "write"),
    ]


def test_a_rollout_over_midnight_names_the_days() -> None:
    late = [replace(entry, at=entry.at + timedelta(hours=11, minutes=59)) for entry in LOG]
    assert "| 1 | 1 | 03-02 00:00:00 | 03-02 00:00:30 | 00:30 |" in export.to_markdown(HEADER, late)


def test_markdown_of_a_rollout_that_has_only_a_plan() -> None:
    text = export.to_markdown(HEADER, LOG[:1])
    assert "## Batches" not in text and "## Failures" not in text


class Strict(HTMLParser):
    """Notes tags that load something from elsewhere, or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object") or any(name in ("src", "href") for name, _ in attrs):
            self.found.append(tag)


def test_html_stands_alone_and_draws_the_timeline() -> None:
    text = export.to_html(HEADER, LOG)
    parser = Strict()
    parser.feed(text)
    assert parser.found == [] and "@import" not in text and "url(" not in text
    assert "&lt;script&gt;alert(1)" in text
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    titles = [each.text for each in svg.iter("title")]
    assert titles == [
        "batch 1: 1 instance, 12:01:00, 00:30",
        "web_0: script running, 12:01:10, 00:10",
        "web_0: failed, 12:01:20, 01:00",
    ]
    assert len(list(svg.iter("polyline"))) == 1
    assert "limit 3" in text and "lowest 1 at 12:01:20" in text


def test_html_with_many_instances_draws_batches_only() -> None:
    many = tuple(seen(str(i), e.Phase.SCRIPT) for i in range(200))
    text = export.to_html(
        HEADER, [*LOG[:7], e.Logged(8, NOW + timedelta(seconds=70), e.InstancesSeen(many, None, 200))]
    )
    assert text.count("<rect") == 1 and "polyline" in text


def test_every_kind_of_event_is_told_or_is_no_decision() -> None:
    silent = {"planned", "write_accepted", "instances_seen", "waiting"}
    examples: tuple[e.Event, ...] = (
        *(entry.event for entry in LOG),
        e.RunnerStopped(),
        e.WriteDeferred("model", "busy", NOW),
        e.UpgradeSeen(UpgradeCode.COMPLETED),
        e.Waiting("x"),
        e.Paused(),
        e.Paused("lunch"),
        e.Resumed(),
        e.ApprovalNeeded(2),
        e.Approved(2, "bo"),
        e.Noted("hm"),
        e.ClockStepped(60.0),
        e.Concluding(e.Verdict.FAILED, "no"),
        e.RunnerStarted(1, "h", True),
        e.WriteEnded("m", OperationState.FAILED, AzureFault("c", "why")),
        e.GateChecked(e.GateName.HEALTH, True, "fine"),
    )
    told = {type(each) for each in examples if tell(each)}
    assert {kind for kind, cls in KINDS.items() if cls not in told} == silent
