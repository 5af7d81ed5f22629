"""One recorded rollout with everything that a report shows: a failure, a request, gates, protected settings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, ScriptState, SecretRef, SecretSource, SettingChange
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Batch, Exclusion, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.journal.store import RolloutHeader

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
