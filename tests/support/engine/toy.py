"""A toy of Azure without a network: one scale set in memory, moved by hand, that counts what is done to it.

It answers writes as Azure does in the ways that matter for never losing a rollout: operations that take time, a model
that instances do not have yet, a rolling upgrade that the write itself starts. Time is in whole seconds.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import (
    AzureFault,
    OperationState,
    OperationStatus,
    RollingUpgrade,
    UpgradeCode,
)
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, ScriptRun, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode, percent_of
from vmss_tui.domain.plan.changes import policy_differs
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.errors import Conflict, VmssTuiError

BASE = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
WEB = ScaleSetId("sub", "rg", "web")


def script(number: int) -> ScriptConfig:
    return ScriptConfig(
        name="app", handler=LINUX, settings={"commandToExecute": f"./v{number}.sh"}, label=f"web {number}"
    )


NOTHING = replace(script(0), settings={})
"""What an instance without a script has."""


@dataclass
class Vm:
    id: str
    zone: str
    config: ScriptConfig
    age: int | None = None
    """Seconds since its update began; None when it is not in progress."""
    ran_at: datetime | None = BASE - timedelta(days=1)
    failed: bool = False
    fails: bool = False
    latest: bool = True
    healthy: bool = True

    @property
    def busy(self) -> bool:
        return self.age is not None


@dataclass
class Operation:
    ids: tuple[str, ...] = ()
    ends: int = 0
    rolls: bool = False


@dataclass
class Roll:
    started: datetime
    pending: list[str]
    batch: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    code: UpgradeCode = UpgradeCode.ROLLING_FORWARD


@dataclass
class Toy:
    count: int = 6
    mode: UpgradeMode = UpgradeMode.MANUAL
    flexible: bool = False
    policy: RollingPolicy = field(default_factory=lambda: RollingPolicy(batch_percent=34, unhealthy_percent=34))
    fails: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    """Labels of versions whose script fails on every instance."""
    zones: int = 1
    seconds: int = 0
    takes: int = 6
    """Seconds that an update takes: two to pick it up, the rest for the script and health."""
    model: ScriptConfig = field(default_factory=lambda: script(1))
    vms: dict[str, Vm] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    roll: Roll | None = None
    rolls: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """How often we updated each instance."""
    undone: Counter[str] = field(default_factory=Counter)
    """How often each instance ran the undo command."""
    most_busy: int = 0
    model_busy: int = 0
    writes: list[Action] = field(default_factory=list)
    refuses: dict[Action, VmssTuiError] = field(default_factory=dict)
    repairs: str = ""
    """What automatic repairs do, when they are on."""
    suspended: bool = False
    unguarded: int = 0
    """Writes of a rollout that holds repairs, sent while they were not suspended."""

    def __post_init__(self) -> None:
        for number in range(self.count):
            name = str(number)
            zone = str(number % self.zones + 1) if self.zones > 1 else ""
            self.vms[name] = Vm(name, zone, self.model, fails=name in self.fails)

    @property
    def now(self) -> datetime:
        return BASE + timedelta(seconds=self.seconds)

    # --- what can be read -------------------------------------------------------------------------------------------

    def snapshot(self) -> SetSnapshot:
        busy = self.model_busy > self.seconds or any(vm.busy for vm in self.vms.values())
        extension = Extension(
            name=self.model.name,
            publisher=LINUX.publisher,
            type=LINUX.type,
            version="2.1",
            settings=self.model.settings,
            force_update_tag=self.model.force_update_tag,
        )
        of = ScaleSet(
            id=WEB,
            location="westeurope",
            mode=self.mode,
            policy=self.policy,
            capacity=len(self.vms),
            health_source=HealthSource("extension"),
            extensions=(extension,) if self.model.settings else (),
            provisioning=Provisioning.UPDATING if busy else Provisioning.SUCCEEDED,
            orchestration=Orchestration.FLEXIBLE if self.flexible else Orchestration.UNIFORM,
            automatic_repairs=self.repairs,
            repairs_suspended=self.suspended,
        )
        return SetSnapshot(
            scale_set=of,
            instances=tuple(self._instance(vm) for vm in self.vms.values()),
            upgrade=self._upgrade(),
            taken_at=self.now,
        )

    def _instance(self, vm: Vm) -> Instance:
        state = ScriptState.FAILED if vm.failed else ScriptState.SUCCEEDED
        if vm.age is not None and vm.age >= 2:
            state = ScriptState.RUNNING
        provisioning = Provisioning.FAILED if vm.failed else Provisioning.SUCCEEDED
        health = Health.HEALTHY if vm.healthy else Health.UNHEALTHY
        return Instance(
            id=vm.id,
            name=f"web_{vm.id}",
            zone=vm.zone,
            power=Power.RUNNING,
            provisioning=Provisioning.UPDATING if vm.busy else provisioning,
            latest_model=vm.latest,
            script_digest=vm.config.digest if vm.config.settings else "",
            script=ScriptRun(state, 1 if vm.failed else 0, at=vm.ran_at),
            health=Health.INITIALISING if vm.busy else health,
        )

    def _upgrade(self) -> RollingUpgrade | None:
        roll = self.roll
        if roll is None:
            return None
        fault = AzureFault(roll.code.value, f"the roll is {roll.code.value}") if not roll.code.running else None
        return RollingUpgrade(
            code=roll.code,
            started_at=roll.started,
            successful=len(roll.done),
            in_progress=len(roll.batch),
            pending=len(roll.pending),
            fault=None if roll.code is UpgradeCode.COMPLETED else fault,
        )

    def operation(self, url: str) -> OperationStatus:
        operation = self.operations.get(url)
        if operation is None:
            return OperationStatus(OperationState.GONE)
        members = [self.vms[i] for i in operation.ids if i in self.vms]
        rolling = operation.rolls and self.roll is not None and self.roll.code.running
        if self.seconds < operation.ends or rolling or any(vm.busy for vm in members):
            return OperationStatus(OperationState.RUNNING)
        failed = any(vm.failed for vm in members)
        faulted = operation.rolls and self.roll is not None and self.roll.code is not UpgradeCode.COMPLETED
        if failed or faulted:
            return OperationStatus(OperationState.FAILED, AzureFault("VMExtensionProvisioningError", "it failed"))
        return OperationStatus(OperationState.SUCCEEDED)

    # --- what can be written ----------------------------------------------------------------------------------------

    def write(self, plan: RolloutPlan, write: Write) -> str:
        """Take a write as Azure would; returns its operation's URL."""
        rolling = self.roll is not None and self.roll.code.running
        if write.action in self.refuses:
            raise self.refuses[write.action]
        self.writes.append(write.action)
        if write.action is Action.CANCEL:
            if not rolling or self.roll is None:
                raise Conflict("there is no ongoing rolling upgrade to cancel", code="OperationNotAllowed")
            self.roll.code = UpgradeCode.CANCELLED
            return self._began(())
        if rolling:
            raise Conflict("a rolling upgrade is in progress", code="OperationNotAllowed")
        if write.action in (Action.SUSPEND_REPAIRS, Action.RESUME_REPAIRS):
            self.suspended = write.action is Action.SUSPEND_REPAIRS
            return self._began(())
        self.unguarded += plan.holds_repairs and not self.suspended
        return self._change(plan, write)

    def _change(self, plan: RolloutPlan, write: Write) -> str:
        match write.action:
            case Action.MODEL | Action.REMOVE:
                return self._model(plan, write)
            case Action.UPDATE | Action.VM:
                for instance_id in write.ids:
                    self.asked[instance_id] += 1
                    own = NOTHING if plan.removes else plan.script
                    self._update(self.vms[instance_id], own if write.action is Action.VM else self.model)
                return self._began(write.ids)
            case Action.UNDO:
                (name,) = write.ids
                assert plan.undoes is not None
                self.undone[name] += 1
                self._update(self.vms[name], plan.undoes)
                return self._began(write.ids)
            case Action.RERUN:
                (name,) = write.ids
                self.asked[name] += 1
                self._update(self.vms[name], replace(plan.script, force_update_tag=write.tag))
                return self._began(write.ids)
            case Action.RESTORE:
                self.mode, self.policy = plan.own
                return self._began(())
            case _:
                raise AssertionError(write.action)

    def _model(self, plan: RolloutPlan, write: Write) -> str:
        if policy_differs(self.snapshot().scale_set, plan.policy, plan.strategy):
            self.mode = plan.strategy.mode
            self.policy = plan.policy.as_rolling() if plan.strategy is Strategy.ROLLING_UPGRADE else self.policy
        self.model = NOTHING if write.action is Action.REMOVE else plan.script
        for vm in self.vms.values():
            vm.latest = vm.config.digest == self.model.digest
        self.model_busy = self.seconds + 3
        if self.mode is UpgradeMode.ROLLING:
            self.rolls += 1
            behind = [vm.id for vm in self.vms.values() if not vm.latest]
            self.roll = Roll(self.now, behind or list(self.vms))
            return self._began((), rolls=True)
        return self._began(())

    def _began(self, ids: tuple[str, ...], *, rolls: bool = False) -> str:
        url = f"https://toy/operations/{len(self.operations)}"
        self.operations[url] = Operation(ids, self.seconds + 3, rolls)
        return url

    def _update(self, vm: Vm, config: ScriptConfig) -> None:
        vm.latest = True
        if vm.config.digest != config.digest:
            vm.config, vm.age = config, 0

    # --- time -------------------------------------------------------------------------------------------------------

    def advance(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.seconds += 1
            for vm in self.vms.values():
                self._age(vm)
            self._step_roll()
            self.most_busy = max(self.most_busy, sum(vm.busy for vm in self.vms.values()))

    def _age(self, vm: Vm) -> None:
        if vm.age is None:
            return
        vm.age += 1
        if vm.age >= self.takes:
            vm.age, vm.ran_at, vm.failed = None, self.now, vm.fails or vm.config.label in self.bad

    def _step_roll(self) -> None:
        roll = self.roll
        if roll is None or not roll.code.running or any(self.vms[i].busy for i in roll.batch if i in self.vms):
            return
        roll.done += roll.batch
        roll.batch, roll.pending = [], [i for i in roll.pending if i in self.vms]
        bad = [i for i in roll.done if i in self.vms and self.vms[i].failed]
        if len(bad) * 100 > self.policy.unhealthy_upgraded_percent * len(roll.done) and bad:
            roll.code = UpgradeCode.FAULTED
        elif not roll.pending:
            roll.code = UpgradeCode.COMPLETED
        else:
            size = percent_of(self.policy.batch_percent, len(self.vms))
            roll.batch, roll.pending = roll.pending[:size], roll.pending[size:]
            for instance_id in roll.batch:
                if instance_id in self.vms:
                    self._update(self.vms[instance_id], self.model)
