"""What one rollout asks for: batches, pauses, limits, gates and hooks, whichever strategy carries it out.

Ranges and the cross-field rule: ComputeRP 2024-07-01 swagger `RollingUpgradePolicy`, and Azure's own error text for
`batchInstancePercent` greater than `maxUnhealthyInstancePercent`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Problem
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules


class OnWindowEnd(StrEnum):
    """What a rollout does when its next batch cannot end before the maintenance window does."""

    STOP = "stop"
    """Say what is done and what remains, and end the runner; `resume --at-window` continues."""
    WAIT = "wait"
    """Wait for the next window."""
    ROLLBACK = "rollback"
    """End, and roll back what was updated."""


class Reserve(StrEnum):
    """The work for which a batch must leave time before the maintenance window ends."""

    NOTHING = "nothing"
    ROLLBACK = "rollback"
    """A roll back of everything that was updated so far, this batch included."""


class Approver(StrEnum):
    """Who may approve a batch or a wave that waits for it."""

    ANYONE = "anyone"
    OTHER = "other"
    """Anyone but the person who started the rollout."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of instances, or a percentage of all instances of the set."""

    value: int
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)

    def limit(self, total: int) -> int:
        """As a budget: how many of `total` may fail, rounded down. None may where one is more than the percentage."""
        return total * self.value // 100 if self.percent else self.value

    @classmethod
    def parse(cls, text: str | int, least: int = 1) -> "Amount":
        """Read `12` or `"20%"`; a budget may be 0. Raises ValueError with a sentence for people."""
        if isinstance(text, bool) or not isinstance(text, int | str):
            raise ValueError(f"{text!r} is neither a number of instances nor a percentage such as '20%'")
        found = re.fullmatch(r"\s*(-?\d{1,6})\s*(%?)\s*", str(text))
        if found is None:
            raise ValueError(f"{text!r} is neither a number of instances nor a percentage such as '20%'")
        value, percent = int(found[1]), bool(found[2])
        if value < least:
            raise ValueError(f"a batch of {text} would never end: use 1 or more" if least else f"{text} is less than 0")
        if percent and value > 100:
            raise ValueError(f"{value}% is more than all instances")
        return cls(value, percent)


@dataclass(frozen=True, slots=True)
class BatchStep:
    """One entry of a step list. The last entry repeats until nothing is left.

    A percentage in a list is *cumulative* (`[1, "10%", "50%", "100%"]`: until this share of the set is updated); a
    number is that many instances.
    """

    amount: Amount
    approve: bool = False
    """Wait for approval before this batch."""


class OnFailure(StrEnum):
    """What a rollout does when a limit, a gate or a deadline stops it."""

    STOP = "stop"
    """It ends; a person may retry or undo it."""
    ASK = "ask"
    """It pauses and asks: retry or exclude what failed, roll back, or cancel."""
    ROLLBACK = "rollback"
    """It restores the version from before on everything that it updated: the model first, then gated batches."""
    ROLLBACK_BATCH = "rollback-batch"
    """The same on the instances of the batch that failed; earlier batches keep the new version."""


@dataclass(frozen=True, slots=True)
class ExternalGate:
    """A command or an HTTP probe that must agree before the next batch; `timeout_seconds` bounds it."""

    command: tuple[str, ...] = ()
    url: str = ""
    timeout_seconds: int = 30


class Urgency(StrEnum):
    """How urgent a notification is; the order of the members is the order of urgency."""

    INFO = "info"
    """It ended as wanted."""
    WARNING = "warning"
    """A person is needed, or it was canceled."""
    ERROR = "error"
    """It failed."""

    def reaches(self, least: "Urgency") -> bool:
        """Whether it is as urgent as `least`, or more."""
        order = list(Urgency)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """Where the address of a chat, mail or paging service is kept, since it holds a token: a variable, or a file."""

    env: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"${self.env}" if self.env else self.file


@dataclass(frozen=True, slots=True)
class Hook:
    """Notify people: by a command (the message as JSON on its standard input), a webhook (POSTed as JSON) or a service.

    `on` holds `needs_person`, `failed`, `ended`; a hook that fails never harms the rollout.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    on: tuple[str, ...] = ("needs_person", "failed", "ended")
    timeout_seconds: int = 30
    service: ServiceRef | None = None
    """Slack, Teams, e-mail, PagerDuty and others, by an address of Apprise."""
    least: Urgency = Urgency.INFO
    """Less urgent events are not notified."""


def check_address(url: str) -> Iterator[Problem]:
    """What is wrong with the address of a gate or a hook; one that begins with a variable is not known yet."""
    if url and not url.lower().startswith(("https://", "http://", "${")):
        yield Problem("url", f"{url.partition('?')[0]!r} is not an http or https address", "write https://HOST/PATH")


def check_hook(hook: Hook) -> Iterator[Problem]:
    """What is wrong with a hook; the field of a problem is a key of it, or empty for the whole."""
    if not hook.command and not hook.url and hook.service is None:
        yield Problem("", "has no command, no url and no service", "give one of them")
    yield from check_address(hook.url)
    for event in hook.on:
        if event not in Hook().on:
            yield Problem("on", f"{event!r} is not an event", f"use {', '.join(Hook().on)}")
    service = hook.service
    if service is None:
        return
    if not service.env and not service.file:
        yield Problem("service", "names neither a variable nor a file", 'write { env = "NAME" } or { file = "/path" }')
    elif service.env and not re.fullmatch(r"[A-Za-z_]\w*", service.env, re.ASCII):
        yield Problem("service.env", "is not the name of a variable", "put the address into a variable, and name it")
    elif service.file and not service.file.startswith("~") and not PurePath(service.file).is_absolute():
        yield Problem(
            "service.file", "is not an absolute path", "put the address into a file, and write its absolute path"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPolicy:
    """What one rollout asks for: batches, pauses and limits, whichever strategy carries it out.

    Percentages are of all instances of the set, times are in seconds; 0 or None switches a limit off where noted.
    """

    mode: UpgradeMode | None = None
    """Use this upgrade mode for this rollout only (`--mode`); None keeps the set's own."""
    steps: tuple[BatchStep, ...] = (BatchStep(Amount(20, percent=True)),)
    pause_seconds: int = 0
    unhealthy_percent: int = 20
    unhealthy_upgraded_percent: int = 20
    failure_budget: Amount | None = None
    """Failed instances over the whole run, absolute or percent of the set, that stop it; None: no such limit."""
    min_healthy_seconds: int = 0
    """How long each updated instance must have been healthy before its batch counts as done."""
    batch_deadline_seconds: int = 5400
    """A batch that takes longer fails; Azure gives a script 90 minutes."""
    soak_seconds: int = 0
    """Watch this long after the last batch before the verdict."""
    cross_zone: bool = False
    prioritise_unhealthy: bool = False
    rollback_on_breach: bool = False
    surge: bool = False
    canary: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    gate: ExternalGate | None = None
    restore_policy: bool = True
    """Put the set's own upgrade policy back afterwards when this rollout had to change it."""
    force_rerun: bool = False
    """Run the script again even when the settings are identical."""
    suspend_repairs: bool = False
    """Suspend the set's automatic repairs while the rollout runs: a repair would rebuild outside the batches."""
    health_wait_seconds: int = 300
    """How long an updated instance may take to be healthy; Azure waits 5 minutes in its own rolls."""
    on_failure: OnFailure = OnFailure.STOP
    hooks: tuple[Hook, ...] = ()
    window: Window | None = None
    """When it may change instances; None: at any time."""
    on_window_end: OnWindowEnd = OnWindowEnd.STOP
    """What it does when the next batch cannot end in time."""
    reserve: Reserve = Reserve.NOTHING
    """The work for which a batch must leave time before the window ends."""
    approve: Approver = Approver.ANYONE
    """Who may approve."""
    rules: MaintenanceRules = NO_RULES
    """The windows and freezes that the configuration has for the scale set."""

    def as_rolling(self) -> RollingPolicy:
        """The part that Azure carries out in Rolling mode; a first step in instances has no percent and becomes 20."""
        first = self.steps[0].amount
        return RollingPolicy(
            batch_percent=first.value if first.percent else 20,
            unhealthy_percent=self.unhealthy_percent,
            unhealthy_upgraded_percent=self.unhealthy_upgraded_percent,
            pause_seconds=self.pause_seconds,
            cross_zone=self.cross_zone,
            prioritise_unhealthy=self.prioritise_unhealthy,
            rollback_on_breach=self.rollback_on_breach,
            surge=self.surge,
        )

    @classmethod
    def from_rolling(cls, policy: RollingPolicy) -> "RolloutPolicy":
        """Start from what the scale set has today."""
        return cls(
            steps=(BatchStep(Amount(policy.batch_percent, percent=True)),),
            pause_seconds=policy.pause_seconds,
            unhealthy_percent=policy.unhealthy_percent,
            unhealthy_upgraded_percent=policy.unhealthy_upgraded_percent,
            cross_zone=policy.cross_zone,
            prioritise_unhealthy=policy.prioritise_unhealthy,
            rollback_on_breach=policy.rollback_on_breach,
            surge=policy.surge,
        )


def check_rolling(policy: RollingPolicy) -> tuple[Problem, ...]:
    """Everything Azure would refuse in a rolling upgrade policy, before it does."""
    found: list[Problem] = []
    for name, value, low in (
        ("batch", policy.batch_percent, 5),
        ("unhealthy", policy.unhealthy_percent, 5),
        ("unhealthy_upgraded", policy.unhealthy_upgraded_percent, 0),
    ):
        if not low <= value <= 100:
            found.append(Problem(name, f"{value}% is outside {low} to 100%", f"use {low} to 100"))
    if policy.pause_seconds < 0:
        found.append(Problem("pause", "a pause cannot be negative", "use 0s or more"))
    if policy.batch_percent > policy.unhealthy_percent:
        found.append(
            Problem(
                "unhealthy",
                f"a batch of {policy.batch_percent}% is more than the {policy.unhealthy_percent}% that may be "
                "unhealthy: Azure refuses it, since every instance of a batch may be down at once",
                f"raise the unhealthy limit to {policy.batch_percent}% or shrink the batch",
            )
        )
    return tuple(found)
