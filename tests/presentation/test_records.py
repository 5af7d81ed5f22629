"""The contract of `--json` and `--jsonl`: keys, times, and what never appears."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from support import estate
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.snapshot import FleetEntry, count_instances
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import fold
from vmss_tui.presentation import records
from vmss_tui.presentation.rollout.info import info_of

AT = datetime(2026, 11, 21, 22, 14, 7, 125000, tzinfo=UTC)


def plan() -> RolloutPlan:
    script = ScriptConfig(
        name="CustomScript",
        handler=LINUX,
        settings={"commandToExecute": "./v2.sh"},
        protected={"storageAccountKey": SecretRef(SecretSource.LITERAL, "hunter2")},
        label="web 2.5.0",
    )
    return RolloutPlan(
        target=ScaleSetId("s", "g", "web-weu"),
        location="westeurope",
        strategy=Strategy.CLIENT_BATCHES,
        script=script,
        previous=None,
        policy=RolloutPolicy(steps=(BatchStep(Amount(10, percent=True)), BatchStep(Amount(5)))),
        set_mode=UpgradeMode.MANUAL,
        set_policy=RollingPolicy(),
        total=3,
        batches=(Batch(number=1, ids=("0", "1")), Batch(number=2, ids=("2",))),
    )


def logged(*events: e.Event) -> list[e.Logged]:
    return [e.Logged(i, AT + timedelta(seconds=i), event) for i, event in enumerate(events, 1)]


def test_times_are_utc_with_milliseconds() -> None:
    assert records.rfc3339(AT) == "2026-11-21T22:14:07.125Z"
    assert records.rfc3339(AT.astimezone(timezone(timedelta(hours=5)))) == "2026-11-21T22:14:07.125Z"
    assert records.rfc3339(None) is None


def test_every_kind_of_event_becomes_one_json_object_with_the_same_head() -> None:
    examples: list[e.Event] = [
        e.Planned(plan()),
        e.RunnerStarted(1, "host"),
        e.WriteAccepted("key", "https://signed/operation?secret"),
        e.WriteEnded("key", OperationState.SUCCEEDED),
        e.InstancesSeen((e.InstanceSeen(id="0", phase=e.Phase.DONE, script_at=AT),), healthy=3, total=3),
        e.Ended(e.Verdict.COMPLETED, "all done"),
    ]
    for entry in logged(*examples):
        record = records.event_record("7f3a", entry)
        assert list(record)[:4] == ["event", "rollout", "seq", "at"]
        assert all(key == key.lower() and " " not in key for key in record)
        assert json.loads(json.dumps(record)) == record


def test_an_event_is_named_in_snake_case() -> None:
    assert records.event_record("r", logged(e.BatchStarted(1, 2, ("0",)))[0])["event"] == "batch_started"


def test_nothing_private_is_in_a_record() -> None:
    text = json.dumps([records.event_record("r", entry) for entry in logged(
        e.Planned(plan()), e.WriteAccepted("key", "https://signed/operation?secret"),
    )])  # fmt: skip
    assert "hunter2" not in text
    assert "signed" not in text
    assert "literal ***" in text


def test_amounts_are_written_as_people_write_them() -> None:
    steps = records.plan_record(plan())["policy"]["steps"]
    assert [step["amount"] for step in steps] == ["10%", 5]


def test_the_last_line_names_failed_instances_and_their_stderr() -> None:
    failed = e.InstanceSeen(id="2", name="web_2", phase=e.Phase.FAILED, exit_code=1, stderr="no such unit\n")
    late = e.InstanceSeen(id="10", name="web_10", phase=e.Phase.UNHEALTHY, health=Health.UNHEALTHY)
    state = fold(logged(
        e.Planned(replace(plan(), healthy=3)),
        e.RunnerStarted(1, "host"),
        e.InstancesSeen((late, failed, e.InstanceSeen(id="0", phase=e.Phase.DONE)), healthy=2, total=3),
        e.Ended(e.Verdict.FAILED, "1 of 3 failed"),
    ))  # fmt: skip
    record = records.ended_record("7f3a", info_of(state, estate.NOW))
    assert (record["event"], record["verdict"], record["exit_code"]) == ("rollout_ended", "failed", 1)
    assert [instance["id"] for instance in record["failed"]] == ["2", "10"]
    assert record["failed"][0]["stderr"] == "no such unit\n"
    assert record["counts"] == {
        "waiting": 1, "updating": 0, "script_running": 0, "awaiting_health": 0, "done": 1, "failed": 1,
        "unhealthy": 1, "script_not_run": 0, "excluded": 0, "leaked": 0, "overwritten": 0, "gone": 0,
    }  # fmt: skip
    assert record["lowest_healthy"] == 2
    assert record["elapsed_seconds"] == 2.0


def test_a_scale_set_has_the_same_keys_whether_it_was_counted_or_not() -> None:
    snapshot = estate.estate()[0]
    entry = FleetEntry(scale_set=snapshot.scale_set, subscription=estate.PROD_EUROPE)
    counted = FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=estate.PROD_EUROPE,
        counts=count_instances(snapshot.instances),
        upgrade=snapshot.upgrade,
    )
    bare, full = records.scale_set_record(entry), records.scale_set_record(counted, version="web 2.4.0")
    assert list(bare) == list(full)
    assert bare["instances"] is None
    assert full["instances"]["total"] == len(snapshot.instances)
    assert full["script"]["version"] == "web 2.4.0"
    detail = records.scale_set_detail(counted)
    assert set(full) < set(detail)
    assert json.loads(json.dumps(detail)) == detail


def test_every_instance_becomes_json() -> None:
    for snapshot in estate.estate():
        for instance in snapshot.instances:
            record = records.instance_record(instance)
            assert json.loads(json.dumps(record)) == record
            assert record["id"] == instance.id


def test_verdicts_have_exit_codes() -> None:
    assert {verdict: records.exit_code(verdict) for verdict in (*e.Verdict, None)} == {
        e.Verdict.COMPLETED: 0, e.Verdict.FAILED: 1, e.Verdict.REFUSED: 4, e.Verdict.CANCELLED: 5, None: 1,
    }  # fmt: skip


def test_what_could_not_be_read_says_only_why() -> None:
    assert records.autoscale_record(None) is None
    assert records.autoscale_record(Autoscale(unknown="no rights")) == {"unknown": "no rights"}
    on = records.autoscale_record(Autoscale(enabled=True, minimum=1, maximum=5))
    assert on == {"enabled": True, "minimum": 1, "maximum": 5}


def test_any_domain_value_becomes_json() -> None:
    assert records.plain_value({"a": (1, Amount(5), Amount(5, percent=True)), "b": object}) == {
        "a": [1, 5, "5%"], "b": str(object),
    }  # fmt: skip
    finding = records.finding_record(Finding(Severity.WARN, "small", "one of three"))
    assert finding["severity"] == "warn"
    assert records.identity_record(estate.MARIA)["name"] == estate.MARIA.name
    assert records.fault_record(None) is None


def test_the_log_ends_with_the_verdict() -> None:
    log = logged(e.Planned(plan()), e.Ended(e.Verdict.COMPLETED, "done"))
    *events, last = records.log_records("r", log, info_of(fold(log), AT))
    assert [event["event"] for event in events] == ["planned", "ended"] and last["event"] == "rollout_ended"
    assert len(list(records.log_records("r", log[:1], info_of(fold(log[:1]), AT)))) == 1
