"""What the app needs from outside: built by the command line, the only place where a gateway meets the app.

`Session` is a protocol, so that screens can be tested on data without a cloud. Every method raises only
`vmss_tui.errors`. Nothing here imports azure; `connect` does it, off the event loop, after the first frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vmss_tui.config.instance_access import InstanceAccess
    from vmss_tui.config.lists import ListSettings
    from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
    from vmss_tui.domain.fleet.script import Secret
    from vmss_tui.domain.fleet.set_rules import ProductionRules
    from vmss_tui.domain.fleet.snapshot import SetSnapshot
    from vmss_tui.domain.plan.rollout_plan import RolloutPlan
    from vmss_tui.domain.plan.rollout_policy import Hook
    from vmss_tui.domain.plan.timetable import MaintenanceRules
    from vmss_tui.domain.plan.waves import WavesPlan
    from vmss_tui.domain.rollout.team.roles import TeamRoles
    from vmss_tui.engine.inventory_cache import InventoryCache
    from vmss_tui.engine.rehearsal import Faults, Recording
    from vmss_tui.engine.waves.set_plans import Background
    from vmss_tui.journal.store import Journal
    from vmss_tui.ports import Azure, Clock, CloudInfo, DeviceCode
    from vmss_tui.profiles.store.store import ProfileStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How to sign in otherwise: an empty value changes nothing. Another cloud resets tenant and credential."""

    cloud: str = ""
    auth: str = ""
    tenant: str = ""

    @property
    def title(self) -> str:
        """What signing in so means, for a question."""
        named = {"the cloud": self.cloud, "the tenant": self.tenant, "with": self.auth}
        what = " ".join(f"{what} {name}" for what, name in named.items() if name)
        return f"Sign in to {what}" if not self.auth else f"Sign in {what}"


class Session(Protocol):
    """One run of the app."""

    cloud: CloudInfo
    read_only: bool
    guest: bool
    """Whether the person looks on in a browser and may change nothing, including the files of the person who serves the
    app."""
    clock: Clock
    who: str
    """Operating-system user, for the journal."""
    production: ProductionRules
    """Which scale sets want their name typed."""
    hooks: tuple[Hook, ...]
    """Who is notified about every rollout."""
    lists: ListSettings
    """What lists show at first, and the keys."""
    poll_seconds: float
    """How often an operation of this cloud is polled."""
    access: InstanceAccess
    """The shell on an instance, and diagnostics of one's own."""

    @property
    def inventory(self) -> InventoryCache:
        """What earlier starts saw."""

    def meeting_place(self, target: ScaleSetId, account: Identity) -> Path | None:
        """The socket where the processes of this journal meet that watch the set with this account; None: nowhere."""

    def rules(self) -> MaintenanceRules:
        """The windows and freezes of the configuration as it is now. Raises UsageError when they cannot be read."""

    def team(self) -> TeamRoles:
        """Who in the team may do what, by the configuration as it is now. Raises UsageError."""

    async def connect(self, on_device_code: Callable[[DeviceCode], None] | None = None) -> Azure:
        """Import the gateway off the loop and sign in. Raises SignInFailed or ConnectionFailed. Cached."""

    async def use_account(self, account: Account) -> None:
        """Forget the sign-in; the next `connect` does as `account` says. Raises UsageError for a cloud there is not."""

    def clouds(self) -> Sequence[str]:
        """Names of the clouds that can be used."""

    def credentials(self) -> Sequence[str]:
        """Names of the credentials that one can sign in with."""

    def runner_refusal(self) -> str:
        """Why a runner could not sign in as this session does, with the next step; empty when it can."""

    def journal(self) -> Journal:
        """The rollout log. Raises JournalUnavailable."""

    def profiles(self) -> ProfileStore:
        """The profile store, with every directory of profiles."""

    async def start(
        self,
        plan: RolloutPlan,
        *,
        secrets: Mapping[str, Secret],
        why: str = "",
        ticket: str = "",
    ) -> str:
        """Write the plan to the journal, start the runner as its own process, return the rollout's id.

        `secrets` holds the values of protected settings whose source is a prompt or a literal, by setting name; they
        reach the runner through a pipe and are never stored. Raises LeaseHeld, JournalUnavailable, PreflightRefused,
        and ProfileInvalid when a value cannot be found.
        """

    async def rehearse(self, plan: RolloutPlan, snapshot: SetSnapshot, faults: Faults) -> Recording:
        """Carry the plan out on a simulated copy of the set as `snapshot` has it, in simulated time.

        Raises PreflightRefused, and what reading the set's JSON raises. Nothing real is written.
        """

    async def start_waves(
        self,
        plan: WavesPlan,
        *,
        secrets: Mapping[str, Secret],
        why: str = "",
        ticket: str = "",
    ) -> str:
        """The same for a rollout over several sets: starts its coordinator, returns the id of the whole."""

    def background(self) -> Background:
        """Facts about sets beside Azure's answer, to plan several of them."""

    async def schedule(
        self,
        plan: RolloutPlan | WavesPlan,
        at: datetime,
        *,
        at_window: bool,
        secrets: Mapping[str, Secret],
        why: str = "",
        ticket: str = "",
    ) -> str:
        """Write the plan to the journal, to be started at a time, and leave a process behind that does it.

        `at_window`: it moves with the maintenance window. Otherwise as `start`; a set may be busy now.
        """

    async def wait_for_start(self, rollout: str, *, secrets: Mapping[str, Secret]) -> None:
        """Leave a process behind that starts a scheduled rollout, or resumes it, when it is due."""

    async def resume(self, rollout: str, *, secrets: Mapping[str, Secret], force: bool = False) -> None:
        """Start a runner for a rollout whose runner died. Raises LeaseHeld when nothing proves that it did.

        `secrets` as in `start`, for what the rollout has still to write; `force` takes over from a runner on another
        host that was silent for long.
        """

    def editor(self, path: Path) -> Sequence[str]:
        """The command line that opens `path` in the user's editor ($VISUAL, $EDITOR, vi)."""
