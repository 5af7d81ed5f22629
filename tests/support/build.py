"""Small pieces of a scale set for the tests of the domain."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Extension, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, HandlerOs, ScriptConfig, ScriptRun, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEB = ScaleSetId("sub", "rg", "web")
OLD = {"commandToExecute": "./v1.sh"}


def script(number: int = 2, **more: Any) -> ScriptConfig:
    config = ScriptConfig(
        name="app", handler=LINUX, settings={"commandToExecute": f"./v{number}.sh"}, label=f"web {number}"
    )
    return replace(config, **more)


def extension(**more: Any) -> Extension:
    return replace(
        Extension(name="app", publisher=LINUX.publisher, type=LINUX.type, version="2.1", settings=OLD), **more
    )


def vm(number: int | str, *, of: int = 1, **more: Any) -> Instance:
    """A healthy instance that runs version `of`."""
    made = Instance(
        id=str(number),
        name=f"web_{number}",
        power=Power.RUNNING,
        provisioning=Provisioning.SUCCEEDED,
        latest_model=True,
        script_digest=script(of).digest,
        script=ScriptRun(ScriptState.SUCCEEDED, 0, at=NOW.replace(hour=1)),
        health=Health.HEALTHY,
    )
    return replace(made, **more)


def web(**more: Any) -> ScaleSet:
    made = ScaleSet(
        id=WEB,
        location="westeurope",
        mode=UpgradeMode.MANUAL,
        os=HandlerOs.LINUX,
        health_source=HealthSource("extension"),
        extensions=(extension(),),
        provisioning=Provisioning.SUCCEEDED,
    )
    return replace(made, **more)


def snapshot(*instances: Instance, upgrade: Any = None, **more: Any) -> SetSnapshot:
    return SetSnapshot(scale_set=web(**more), instances=instances, upgrade=upgrade)


def fleet(count: int, *, zones: int = 1, domains: int = 1) -> tuple[Instance, ...]:
    return tuple(vm(i, zone=str(i % zones + 1) if zones > 1 else "", update_domain=i % domains) for i in range(count))


def steps(*amounts: int | str) -> tuple[BatchStep, ...]:
    return tuple(BatchStep(Amount.parse(amount)) for amount in amounts)


def policy(*amounts: int | str, **more: Any) -> RolloutPolicy:
    return RolloutPolicy(steps=steps(*(amounts or ("20%",))), **more)


def plan(
    of: SetSnapshot, asked: RolloutPolicy | None = None, config: ScriptConfig | None = None, **more: Any
) -> RolloutPlan:
    return plan_rollout(of, config or script(), asked or policy(), now=NOW, **more)
