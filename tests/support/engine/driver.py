"""A runner without I/O: the same observe, decide, act over the toy, which may be killed between any two steps.

`fate` decides what becomes of every step; a killed runner keeps nothing but its log.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from support.engine.toy import Toy
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import NAMELESS
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Record, Write
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.domain.rollout.decide.follow_write import after_refusal
from vmss_tui.domain.rollout.observe import observe
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.engine.runner import writes as requests
from vmss_tui.errors import Throttled, VmssTuiError
from vmss_tui.journal import schema

OK, KILL, LOST, UNHEARD, BUSY = "ok", "kill", "lost", "unheard", "busy"
"""The possible outcomes of a write: all well; killed around it; never arrived; arrived but no answer; throttled."""


class Killed(Exception):
    """The runner is gone."""


Fate = Callable[[str], str]
"""Asked with the name of a step (`look`, `before`, `send`, `after`, `record`)."""


@dataclass
class Driver:
    toy: Toy
    plan: RolloutPlan
    fate: Fate = lambda step: OK
    settle: float = 8.0
    log: list[e.Logged] = field(default_factory=list)
    stored: list[tuple[int, datetime, str, bytes]] = field(default_factory=list)
    """The log as a journal keeps it."""
    state: RolloutState = field(default_factory=RolloutState)
    gate: tuple[bool, str] = (True, "fine")
    files: Callable[[int], tuple[bool, str]] = lambda batch: (True, "as planned")
    turns: int = 0

    def __post_init__(self) -> None:
        self.record(e.Planned(self.plan))
        self.start()

    def start(self) -> None:
        """A runner takes over: all it has is the log, read back from its stored form."""
        self.log = [e.Logged(seq, at, schema.decode(kind, 1, body)) for seq, at, kind, body in self.stored]
        self.state = fold(self.log)
        if not self.state.stage.over:
            self.record(e.RunnerStarted(1, "here", len(self.log) > 1))

    def record(self, *events: e.Event) -> None:
        for event in events:
            entry = e.Logged(len(self.log) + 1, self.toy.now, event)
            self.log.append(entry)
            self.stored.append((entry.seq, entry.at, *schema.encode(event)))
            self.state = fold([entry], self.state)

    def ask(self, verb: str, argument: str = "", why: str = "") -> bool:
        """Ask for a verb; whether it was accepted."""
        number = self.state.answered + 1
        self.record(
            *answer(self.now_plan, self.state, e.Requested(e.Verb(verb), "maria", "here", why, number, argument))
        )
        return next(entry.event.accepted for entry in reversed(self.log) if isinstance(entry.event, e.RequestAnswered))

    @property
    def now_plan(self) -> RolloutPlan:
        """The plan, or the one of its roll back."""
        back = self.state.plan if self.state.rollback is not None else None
        return back or self.plan

    def run(self, until: Callable[[], bool] = lambda: False, *, turns: int = 2000) -> RolloutState:
        """Turn until the rollout is over or `until` holds."""
        for _ in range(turns):
            if self.state.stage.over or until():
                return self.state
            try:
                self.turn()
            except Killed:
                self.start()
            self.toy.advance()
        raise AssertionError(f"it does not end: {self.state.waiting}, {self.state.writes}")

    def turn(self) -> None:
        self.turns += 1
        for write in list(self.state.writes.values()):
            if isinstance(write, e.WriteAccepted):
                status = self.toy.operation(write.operation)
                if status.state is not OperationState.RUNNING:
                    self.record(e.WriteEnded(write.key, status.state, status.fault))
        snapshot = self.toy.snapshot()
        self.record(*observe(self.now_plan, self.state, snapshot, NAMELESS, self.toy.now))
        self._may_die("look")
        self._act(snapshot)

    def _act(self, snapshot: SetSnapshot) -> None:
        for _ in range(50):
            commands = decide(self.now_plan, self.state, snapshot, self.toy.now, settle_seconds=self.settle)
            for command in commands:
                match command:
                    case Record(events):
                        self.record(*events)
                        self._may_die("record")
                    case CheckExternalGate(batch):
                        self.record(e.GateChecked(e.GateName.EXTERNAL, *self.gate, batch))
                    case CheckFiles(batch):
                        self.record(e.GateChecked(e.GateName.FILES, *self.files(batch), batch))
                    case Write():
                        self._write(command)
            if not commands or self.state.stage.over or any(isinstance(command, Write) for command in commands):
                return
            if self.state.plan is not self.plan and any(
                isinstance(entry.event, e.RollbackStarted) for entry in self.log[-1:]
            ):
                return
        raise AssertionError(f"it goes in circles: {commands}")

    def _may_die(self, step: str) -> None:
        if self.fate(step) == KILL:
            raise Killed

    def _write(self, write: Write) -> None:
        self.record(*write.before, e.WriteIntended(write.key, write.what, write.batch, write.ids))
        self._may_die("before")
        fate = self.fate("send")
        if fate == LOST:
            return
        try:
            if fate == BUSY:
                raise Throttled("too many requests", retry_after=3)
            url = self.toy.write(self.now_plan, write)
        except VmssTuiError as error:
            again = requests.retry_after(error, write.action)
            refusal = after_refusal(
                self.state, write.key, requests.fault_of(error), retry_after=again, now=self.toy.now
            )
            self.record(refusal)
            return
        if fate == UNHEARD:
            return
        self._may_die("after")
        self.record(e.WriteAccepted(write.key, url))
