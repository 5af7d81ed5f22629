"""Who in a team may do what with rollouts, by lists of names in the configuration. Pure.

Names are those of the users of the hosts, which the journal records and cannot prove: a rule for colleagues. Rights of
database roles are the boundary.
"""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from vmss_tui.domain.rollout.stage import Verb


class Right(StrEnum):
    """What a person may do; each may also do what the ones before it may."""

    VIEWER = "viewer"
    APPROVER = "approver"
    OPERATOR = "operator"


_LISTS = {Right.OPERATOR: "operators", Right.APPROVER: "approvers", Right.VIEWER: "viewers"}
"""The list of the configuration that gives each right, the greatest right first."""


@dataclass(frozen=True, slots=True)
class TeamRoles:
    """Patterns of names, `USER` or `USER@HOST` with wildcards.

    The greatest right that names a person counts. An unnamed person is an operator while no operators are named, else a
    viewer.
    """

    viewers: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    def right_of(self, who: str, host: str) -> tuple[Right, str]:
        """What a person may do, and the rule that says so."""
        for right, name in _LISTS.items():
            patterns: tuple[str, ...] = getattr(self, name)
            found = next((pattern for pattern in patterns if _matches(pattern, who, host)), None)
            if found is not None:
                return right, f'roles.{name} has "{found}"'
        if self.operators:
            return Right.VIEWER, "roles.operators does not name them"
        return Right.OPERATOR, "roles.operators is empty"

    def refusal(self, who: str, host: str, verb: Verb | None = None) -> str:
        """Why a person may not request `verb`, or start a rollout without one; empty when they may."""
        right, rule = self.right_of(who, host)
        lacking = lacks(right, verb)
        return f"{who or 'nobody'}@{host} is {A[right]} ({rule}): {lacking}" if lacking else ""


def lacks(right: Right, verb: Verb | None = None) -> str:
    """What a right is too small for, as `to pause takes an operator`; empty when it suffices. None: to start."""
    needed = Right.APPROVER if verb is Verb.APPROVE else Right.OPERATOR
    ranks = tuple(Right)
    if ranks.index(right) >= ranks.index(needed):
        return ""
    return f"to {verb.value if verb is not None else 'start a rollout'} takes {A[needed]}"


A = {right: f"{'a' if right is Right.VIEWER else 'an'} {right.value}" for right in Right}
"""Each right with its article."""
EVERYONE = TeamRoles()
"""No lists: everyone is an operator."""


def _matches(pattern: str, who: str, host: str) -> bool:
    name, _, place = pattern.casefold().partition("@")
    return fnmatchcase(who.casefold(), name) and fnmatchcase(host.casefold(), place or "*")
