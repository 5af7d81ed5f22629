"""What the person at this host may change: not with --read-only, and not beyond their role in the team."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from vmss_tui.cli.commands.host import user_name
from vmss_tui.errors import PreflightRefused, UsageError

if TYPE_CHECKING:
    from vmss_tui.domain.rollout.stage import Verb
    from vmss_tui.domain.rollout.team.roles import TeamRoles


def require_operator() -> None:
    """Raise PreflightRefused unless the person at this host is an operator: for commands without a session."""
    from vmss_tui.config.team import team_in_use

    _refuse(team_in_use().refusal(user_name(), socket.gethostname()))


def _refuse(refusal: str) -> None:
    if refusal:
        raise PreflightRefused(refusal, hint="Ask an operator, or the owner of the configuration.")


class Permissions:
    """The part of a session that refuses changes."""

    read_only: bool
    who: str

    def team(self) -> TeamRoles:
        """See `app.session.Session`."""
        from vmss_tui.config.team import team_in_use

        return team_in_use()

    def require_writes(self, verb: Verb | None = None) -> None:
        """Raise UsageError when the program only reads, PreflightRefused when the role is too small for a verb.

        Without a verb it is about a start, which no rule of the configuration that protects may miss.
        """
        if self.read_only:
            raise UsageError("changes are not allowed with --read-only", hint="start without it")
        _refuse(self.team().refusal(self.who, socket.gethostname(), verb))
        if verb is None:
            from vmss_tui.config.protection import require_protection

            require_protection()
