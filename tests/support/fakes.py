"""In-memory stand-ins for the ports and the app's session: data in, data out, no cloud and no processes.

`FakeAzure` serves snapshots that a test may replace at any time; `FakeSession` uses the real journal and the real
profile store in a directory of the test's own.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from support import estate
from support.fake_azure import FakeAzure as FakeAzure
from support.fake_azure import Write as Write
from support.fake_clock import FakeClock as FakeClock
from vmss_tui.app.session import Account
from vmss_tui.config.instance_access import InstanceAccess
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.fleet.set_rules import PRODUCTION
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Ended, Event, RunnerStarted, Scheduled, Verdict
from vmss_tui.domain.rollout.team.roles import EVERYONE, TeamRoles
from vmss_tui.engine.inventory_cache import InventoryCache
from vmss_tui.engine.prepare import nameless
from vmss_tui.engine.rehearsal import Faults, Recording
from vmss_tui.engine.waves.set_plans import Background
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, Clock, CloudInfo, DeviceCode
from vmss_tui.profiles.store.directories import Origin, Place
from vmss_tui.profiles.store.store import ProfileStore


class FakeSession:
    """A session over `FakeAzure`, with the real journal and profile store below `directory`."""

    def __init__(
        self,
        directory: Path,
        azure: FakeAzure | None = None,
        *,
        clock: Clock | None = None,
        read_only: bool = False,
        profile_directory: Path | None = None,
    ) -> None:
        self.cloud = CloudInfo("fake", "https://management.fake", "https://portal.fake", 10.0, 30.0)
        self.read_only = read_only
        self.clock: Clock = clock or FakeClock()
        self.guest = False
        self.production = PRODUCTION
        self.hooks: tuple[Hook, ...] = ()
        self.lists = ListSettings()
        self.access = InstanceAccess()
        self.poll_seconds = 1.0
        self.maintenance: MaintenanceRules = NO_RULES
        self.roles = EVERYONE
        self.who = "maria"
        self.azure = azure or FakeAzure()
        self.directory = directory
        self.connect_error: VmssTuiError | None = None
        self.connect_gate: asyncio.Event | None = None
        self.device_code: DeviceCode | None = None
        self.accounts: list[Account] = []
        self.no_runner = ""
        self.started: list[RolloutPlan] = []
        self.rehearsals: list[tuple[RolloutPlan, Faults]] = []
        self.resumed: list[str] = []
        self.handed: dict[str, Secret] = {}
        self.resume_error: VmssTuiError | None = None
        self.start_error: VmssTuiError | None = None
        self._profile_directory = profile_directory or directory / "profiles"
        self._profile_directory.mkdir(parents=True, exist_ok=True)
        self._journal: Journal | None = None

    async def connect(self, on_device_code: Callable[[DeviceCode], None] | None = None) -> Azure:
        """See Session: waits for `connect_gate`, raises `connect_error`, shows `device_code` when they are set."""
        if self.device_code is not None and on_device_code is not None:
            on_device_code(self.device_code)
        if self.connect_gate is not None:
            await self.connect_gate.wait()
        if self.connect_error is not None:
            raise self.connect_error
        return self.azure

    @property
    def inventory(self) -> InventoryCache:
        """See Session."""
        return InventoryCache(self.directory / "inventory", "fake")

    async def use_account(self, account: Account) -> None:
        """See Session: remembers it."""
        self.accounts.append(account)

    def clouds(self) -> Sequence[str]:
        """See Session."""
        return ("AzureCloud", "AzureUSGovernment")

    def credentials(self) -> Sequence[str]:
        """See Session."""
        return ("auto", "cli", "device")

    def runner_refusal(self) -> str:
        """See Session."""
        return self.no_runner

    def meeting_place(self, target: ScaleSetId, account: Identity) -> Path | None:
        """See Session: nothing is shared."""
        return None

    def rules(self) -> MaintenanceRules:
        """See Session."""
        return self.maintenance

    def team(self) -> TeamRoles:
        """See Session."""
        return self.roles

    def journal(self) -> Journal:
        """See Session."""
        if self._journal is None:
            self._journal = Journal.open(self.directory / "journal.db")
            for digest, label in estate.labels().items():
                self._journal.name_version(digest, label)
        return self._journal

    def profiles(self) -> ProfileStore:
        """See Session."""
        return ProfileStore(Place(self._profile_directory, Origin.USER), state=self.directory)

    async def start(self, plan: RolloutPlan, *, secrets: Mapping[str, Secret], why: str = "", ticket: str = "") -> str:
        """See Session: writes the plan and pretends that a runner took it; use `log` for what it does."""
        if self.start_error is not None:
            raise self.start_error
        self.started.append(plan)
        rollout = self.journal().create(plan, who=self.who, why=why, ticket=ticket)
        self.log(rollout, RunnerStarted(4711, "ops-box"))
        return rollout

    async def rehearse(self, plan: RolloutPlan, snapshot: SetSnapshot, faults: Faults) -> Recording:
        """See Session: a rehearsal that ends at once."""
        self.rehearsals.append((plan, faults))
        journal = Journal.open(self.directory / "rehearsal.db")
        try:
            rollout = journal.create(plan, who="rehearsal", at=self.clock.now())
            journal.append(rollout, RunnerStarted(4711, "copy"), Ended(Verdict.COMPLETED, "done"), at=self.clock.now())
            return Recording(journal.header(rollout), journal.events(rollout))
        finally:
            journal.close()

    async def start_waves(
        self, plan: WavesPlan, *, secrets: Mapping[str, Secret], why: str = "", ticket: str = ""
    ) -> str:
        """See Session: writes the plan and pretends that a coordinator took it."""
        if self.start_error is not None:
            raise self.start_error
        waves = self.journal().waves.create(plan, who=self.who, why=why, ticket=ticket)
        self.journal().waves.append(waves, RunnerStarted(4711, "ops-box"), at=self.clock.now())
        return waves

    def background(self) -> Background:
        """See Session."""
        journal = self.journal()
        return Background(
            journal=journal,
            names=nameless,
            track_record=journal.track_record,
            known_versions=journal.versions_brought,
        )

    def log(self, rollout: str, *events: Event) -> None:
        """Append what a runner would have written, now."""
        self.journal().append(rollout, *events, at=self.clock.now())

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
        """See Session: writes the plan and its time; nothing waits for it."""
        journal, now, event = self.journal(), self.clock.now(), Scheduled(at, at_window, self.who)
        if isinstance(plan, WavesPlan):
            waves = journal.waves.create(plan, who=self.who, why=why, ticket=ticket)
            journal.waves.append(waves, event, at=now)
            return waves
        rollout = journal.create(plan, who=self.who, why=why, ticket=ticket)
        journal.append(rollout, event, at=now)
        return rollout

    async def wait_for_start(self, rollout: str, *, secrets: Mapping[str, Secret]) -> None:
        """See Session: nothing waits."""

    async def resume(self, rollout: str, *, secrets: Mapping[str, Secret], force: bool = False) -> None:
        """See Session: raises `resume_error` unless it is forced."""
        if self.resume_error is not None and not force:
            raise self.resume_error
        self.resumed.append(rollout)
        self.handed = dict(secrets)

    def editor(self, path: Path) -> Sequence[str]:
        """See Session."""
        return ("true", str(path))

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
