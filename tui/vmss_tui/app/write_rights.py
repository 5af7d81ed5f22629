"""Why scale sets cannot be changed from here: the program is read-only, a rule protects a set, the account only reads.

Data that screens ask; reading is left to workers. A set's own answer counts before what holds for the whole fleet.
Must not import Textual.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from vmss_tui.app.actions.action import READ_ONLY, ReadOnly
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rights import Role, may_write, missing, needed_to_change
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import VmssTuiError

_APPROVALS = frozenset({"rollout.approve", "waves.approve"})
ONLY_READS = "your account may only read"
_ROLE = f"`vmss-tui roles {Role.OPERATOR.value}` prints a role"


@dataclass(slots=True)
class WriteRights:
    """The known rights to change scale sets."""

    program_reads_only: bool = False
    role: ReadOnly | None = None
    """Why the person may not change anything by the team's roles."""
    account_reads_only: bool = False
    """The account can change no set of the fleet, as far as its groups say."""
    _lacking: dict[ScaleSetId, tuple[str, ...]] = field(default_factory=dict)
    """The missing actions of sets whose permissions were read; none: the account may change the set."""
    _rules: dict[ScaleSetId, str] = field(default_factory=dict)

    def note_sets(self, found: Iterable[ScaleSet]) -> None:
        """Remember which sets a rule of the configuration protects."""
        for scale_set in found:
            self._rules[scale_set.id] = scale_set.read_only_rule

    def note_governance(self, scale_set: ScaleSet, governance: Governance) -> None:
        """Remember what the account may do with a set; permissions that could not be read say nothing."""
        permissions = governance.permissions
        if permissions is not None:
            lacking = () if may_write(permissions) else missing(needed_to_change(scale_set), permissions)
            self._lacking[scale_set.id] = lacking

    def read_only(self, target: ScaleSetId | None = None) -> ReadOnly | None:
        """Why nothing may be changed, on a set or at all; None when it may, or when that is unknown."""
        if self.program_reads_only:
            return READ_ONLY
        if self.role is not None:
            return self.role
        if target is not None and self._rules.get(target):
            rule = self._rules[target]
            return ReadOnly(rule, f"read-only by the configuration: {rule}")
        if target is not None and target in self._lacking:
            lacking = self._lacking[target]
            return ReadOnly(ONLY_READS, f"{lacking[0]} is missing; {_ROLE}") if lacking else None
        return ReadOnly(ONLY_READS, f"{ONLY_READS}; {_ROLE}") if self.account_reads_only else None


def role_of(session: Session) -> ReadOnly | None:
    """Why the person may not change anything by the roles of the configuration; None when they are an operator."""
    host = socket.gethostname()
    try:
        team = session.team()
    except VmssTuiError as error:
        return ReadOnly("roles cannot be read", error.in_one_line)
    if not team.refusal(session.who, host):
        return None
    right, rule = team.right_of(session.who, host)
    why = f"{session.who} is {'an' if right is Right.APPROVER else 'a'} {right.value} ({rule}); this takes an operator"
    return ReadOnly(right.value, why, _APPROVALS if right is Right.APPROVER else frozenset())
