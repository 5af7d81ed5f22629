"""What a rollout would do, before it is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vmss_tui.api.connection import Connection, session_of
from vmss_tui.cli.commands.rollout.prepare import Order, Ordered, amount, naming_others, prepare_order, seconds
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.presentation.records import Record, plan_record
from vmss_tui.redact import redacted_record
from vmss_tui.text import plain


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollout would change, made from what Azure said when it was planned. See `plan`."""

    _ordered: Ordered

    @property
    def scale_set(self) -> str:
        """The name of the scale set, as it confirms a change of production."""
        return self._ordered.plan.target.name

    @property
    def id(self) -> str:
        """The resource id of the scale set."""
        return str(self._ordered.plan.target)

    @property
    def affected(self) -> int:
        """How many instances are updated."""
        return self._ordered.plan.affected

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why it cannot be started, each a sentence; empty when it can."""
        return tuple(plain(finding.message) for finding in self._ordered.plan.refusals)

    @property
    def record(self) -> Record:
        """All of it, as in `plan --json`: batches, changes, findings, forecast."""
        return redacted_record(plan_record(self._ordered.plan))


def ordered_of(plan: Plan) -> Ordered:
    """What a plan rests on; for this package."""
    return plan._ordered


async def plan(
    connection: Connection,
    profile: str,
    scale_set: str | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    mode: Literal["rolling", "manual"] | None = None,
    batch: str | None = None,
    pause: str | None = None,
    max_unhealthy: int | None = None,
    rerun: bool = False,
    overrides: Mapping[str, str] | None = None,
) -> Plan:
    """Plan a rollout of a profile on a scale set (by default the profile's own target). Writes nothing.

    The arguments are those of `vmss-tui plan`: `batch="20%"`, `pause="30s"`, `max_unhealthy` in percent.
    `overrides` maps `outside-window`, `during-freeze`, `during-change` or `managed-by-others` to the reason that is
    kept in the record.

    Raises ProfileInvalid, UsageError, NotUnique, and AzureError when the scale set cannot be read.
    """
    reasons = overrides or {}
    order = Order(
        profile=profile,
        scale_set=scale_set,
        variables=dict(variables or {}),
        mode=UpgradeMode(mode.capitalize()) if mode else None,
        batch=amount(batch),
        pause_seconds=seconds(pause),
        unhealthy_percent=max_unhealthy,
        rerun=rerun,
        overrides={override: reasons.get(override.value, "") for override in Override},
        asks=False,
    )
    session = session_of(connection)
    return Plan(naming_others(session, await prepare_order(session, order)))
