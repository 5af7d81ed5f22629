"""Schedules a rollout, of one set or over several, and leaves a process behind that starts it when it is due."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from vmss_tui import paths
from vmss_tui.cli.commands.host import require_values
from vmss_tui.cli.commands.rollout import runner_process as process
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.errors import PreflightRefused
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Clock


class Scheduling(Protocol):
    """What of a session a scheduled rollout needs."""

    clock: Clock
    who: str

    def require_writes(self) -> None:
        """Raise UsageError when the program was started to read only."""

    def require_runner_sign_in(self) -> None:
        """Raise SignInFailed when the runner could not sign in by itself."""

    def journal(self) -> Journal:
        """The rollout log. Raises JournalUnavailable."""

    async def wait_for_start(self, rollout: str, *, secrets: Mapping[str, Secret]) -> None:
        """Leave a process behind that starts the rollout when it is due."""


async def scheduled(
    session: Scheduling,
    plan: RolloutPlan | WavesPlan,
    at: datetime,
    *,
    at_window: bool,
    secrets: Mapping[str, Secret],
    why: str,
    ticket: str,
) -> str:
    """Write the plan and its time to the journal, and leave the process behind; returns the rollout's id."""
    session.require_writes()
    session.require_runner_sign_in()
    journal, event = session.journal(), Scheduled(at, at_window, session.who)
    if isinstance(plan, WavesPlan):
        if plan.script is not None:
            require_values(plan.script.protected, secrets)
        rollout = journal.waves.create(plan, who=session.who, why=why, ticket=ticket, later=True)
        journal.waves.append(rollout, event, at=session.clock.now())
    else:
        for refusal in plan.refusals:
            raise PreflightRefused(refusal.message, hint=refusal.hint)
        require_values(plan.script.protected, secrets)
        rollout = journal.create(plan, who=session.who, why=why, ticket=ticket)
        journal.append(rollout, event, at=session.clock.now())
    await session.wait_for_start(rollout, secrets=secrets)
    return rollout


async def left_behind(rollout: str, journal: Path | str, settings: Settings, secrets: Mapping[str, Secret]) -> None:
    """A process of its own that waits until the rollout is due. Raises VmssTuiError when it cannot be started."""
    await process.spawn(
        process.runner_command(rollout, journal, settings, wait=True), secrets, paths.runner_log_file(rollout)
    )
