"""Rollouts and requests as rows of the journal: what stands in a column, and which rows cannot be read.

A damaged row raises ValueError here; what that means is decided by the callers.
"""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.rollout_plan import NO_SCRIPT
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.journal import schema
from vmss_tui.journal.database import Row

ROLLOUTS = (
    "SELECT id, target, target_key, digest, coalesce(rollouts.label, labels.label) AS label, profile, who, why, ticket,"
    " host, created_at, stage, ended_at, reason FROM rollouts LEFT JOIN labels USING (digest)"
)
"""Every rollout; one that brought a version without a name bears the name that it was given later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHeader:
    """A rollout at a glance. Times are UTC; `label` is the version it brings, `host` where it was started."""

    id: str
    target: ScaleSetId
    label: str
    profile: str
    who: str
    why: str
    ticket: str
    host: str
    created_at: datetime
    stage: Stage
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A requested verb; the runner answers it in the log."""

    id: int
    rollout: str
    verb: str
    who: str
    host: str
    why: str
    argument: str
    at: datetime


def header_of(row: Row) -> RolloutHeader:
    """A rollout's row. Raises ValueError when it is damaged."""
    try:
        return RolloutHeader(
            id=row["id"],
            target=ScaleSetId.parse(row["target"]),
            label=row["label"] or unnamed(row["digest"]) or NO_SCRIPT,
            profile=row["profile"],
            who=row["who"],
            why=row["why"],
            ticket=row["ticket"],
            host=row["host"],
            created_at=schema.moment(row["created_at"]),
            stage=Stage(row["stage"]),
            ended_at=schema.moment(row["ended_at"]) if row["ended_at"] else None,
            reason=row["reason"],
        )
    except (TypeError, AttributeError) as problem:
        raise ValueError(f"a column has another type: {problem}") from problem


def request_of(row: Row) -> Request:
    """A request's row. Raises ValueError when it is damaged."""
    values = {column: row[column] for column in row.keys()}  # noqa: SIM118 - a row iterates values
    return Request(**{**values, "at": schema.moment(row["at"])})
