"""What the app and the commands share of the outside world: cloud, sign-in, journal, profiles, the runner's process.

Implements `app.session.Session`. Heavy parts are imported when they are first used; azure only in `connect`, off the
event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from vmss_tui import paths
from vmss_tui.cli.commands import database_token
from vmss_tui.cli.commands.accounts import Switching, clock_of, info_of
from vmss_tui.cli.commands.host import device_code, editor_command, require_values, user_name
from vmss_tui.cli.commands.permissions import Permissions
from vmss_tui.errors import JournalUnavailable, PreflightRefused, VmssTuiError
from vmss_tui.gateway.sign_in.clouds import Cloud, load_cloud
from vmss_tui.gateway.sign_in.credentials import IN_PERSON
from vmss_tui.journal.databases.place import is_address
from vmss_tui.ports import GIVE_UP_SECONDS, DeviceCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType

    import click

    from vmss_tui.cli.settings import Settings
    from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
    from vmss_tui.domain.fleet.script import Secret
    from vmss_tui.domain.fleet.snapshot import SetSnapshot
    from vmss_tui.domain.plan.rollout_plan import RolloutPlan
    from vmss_tui.domain.plan.timetable import MaintenanceRules
    from vmss_tui.domain.plan.track_record import TrackRecord
    from vmss_tui.domain.plan.waves import WavesPlan
    from vmss_tui.domain.rollout.stage import Verb
    from vmss_tui.engine.inventory_cache import InventoryCache
    from vmss_tui.engine.rehearsal import Faults, Recording
    from vmss_tui.engine.runner.pacing import Pace
    from vmss_tui.engine.version_lookup import VersionLookup
    from vmss_tui.engine.waves.set_plans import Background
    from vmss_tui.journal.lease import Owner
    from vmss_tui.journal.store import Journal
    from vmss_tui.ports import Azure, Clock, Quota, QuotaPlace
    from vmss_tui.profiles.store.store import ProfileStore

SIGN_IN_SECONDS = GIVE_UP_SECONDS
"""Seconds after which a sign-in without an answer is given up."""


class LiveSession(Permissions, Switching):
    """One run of the program against one cloud."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        drives_clock: bool = False,
        on_device_code: Callable[[DeviceCode], None] | None = None,
        urgent: bool = False,
    ) -> None:
        """`urgent`: it changes Azure, so that its reads go before those of who only watches."""
        self._settings = settings
        database_token.provide(settings)
        self._on_device_code = on_device_code
        self._cloud: Cloud = load_cloud(settings.cloud, directories=settings.cloud_directories)
        self.cloud = info_of(self._cloud, settings)
        self._urgent = urgent
        self.read_only = settings.read_only
        self.guest = settings.guest
        self.production = settings.production
        self.hooks = settings.hooks
        self.subscription = settings.subscription
        self.lists = settings.lists.within(settings.subscription)
        self.access = settings.access
        self.poll_seconds = self._cloud.poll_seconds
        self.clock: Clock = clock or clock_of(self._cloud, drives=drives_clock)
        self.who = user_name()
        self._azure: Azure | None = None
        self._journal: Journal | None = None
        self._profiles: ProfileStore | None = None
        self._versions: VersionLookup | None = None
        self._connecting = asyncio.Lock()
        self.connecting_since: datetime | None = None

    @property
    def inventory(self) -> InventoryCache:
        """See `app.session.Session`."""
        from vmss_tui.engine.inventory_cache import InventoryCache

        how = f"{self._settings.auth or 'auto'} {self._settings.tenant or ''}"
        return InventoryCache(paths.inventory_directory(), f"{self.cloud.resource_manager} {how}")

    def meeting_place(self, target: ScaleSetId, account: Identity) -> Path:
        """See `app.session.Session`."""
        who = (account.tenant_id, account.object_id or account.name)
        return paths.meeting_place(self.cloud.resource_manager, str(self.journal_place), *who, *target.key)

    async def connect(self, on_device_code: Callable[[DeviceCode], None] | None = None) -> Azure:
        """See `app.session.Session`."""
        async with self._connecting:
            if self._azure is None:
                client = await asyncio.to_thread(_import_client, self._urgent)
                show = on_device_code or self._on_device_code
                auth = self._settings.auth or "auto"
                connecting: Awaitable[Azure] = client.connect(
                    self._cloud,
                    auth=auth,
                    tenant=self._settings.tenant,
                    clock=self.clock,
                    quota_place=self._quota_place(),
                    read_only=self.read_only,
                    read_only_sets=self._settings.read_only_sets,
                    order=self._settings.auth_order,
                    token_cache=self._settings.token_cache,
                    on_device_code=show and (lambda it: show(device_code(it))),
                    urgent=self._urgent,
                )
                self._azure = await (connecting if self.method in IN_PERSON else self._patiently(connecting))
            return self._azure

    async def _patiently(self, connecting: Awaitable[Azure]) -> Azure:
        """Sign in, but not forever; a person with a device code has the code's own time."""
        from vmss_tui.engine.watch.pace import giving_up

        self.connecting_since = self.clock.now()
        try:
            async with giving_up(f"sign in to {self.cloud.name}", SIGN_IN_SECONDS):
                return await connecting
        finally:
            self.connecting_since = None

    def rules(self) -> MaintenanceRules:
        """See `app.session.Session`."""
        from vmss_tui.config.maintenance import rules_in_use

        return rules_in_use()

    def quota(self) -> Quota | None:
        """The request quota, and what is waited for; None before the sign-in."""
        return self._azure.quota() if self._azure is not None else None

    @property
    def journal_place(self) -> Path | str:
        """The journal's file, or the address of its database."""
        return self._settings.journal or paths.journal_file()

    def _quota_place(self) -> Path | QuotaPlace:
        """The place where the processes of the journal share the levels of the request quota."""
        place = self.journal_place
        if is_address(str(self.journal_place)):
            from vmss_tui.journal.logs.quota import QuotaTable

            return QuotaTable(str(place))
        return paths.quota_file(Path(place))

    def journal(self) -> Journal:
        """See `app.session.Session`. A journal that does not exist yet is made, even to read it."""
        from vmss_tui.journal.store import Journal

        if self._journal is None:
            place = self.journal_place
            new = not is_address(str(self.journal_place)) and paths.is_missing(Path(place))
            self._journal = Journal.open(place, read_only=self.read_only and not new)
        return self._journal

    @property
    def versions(self) -> VersionLookup:
        """Names of versions, from the journal and the profiles."""
        from vmss_tui.engine.version_lookup import VersionLookup

        if self._versions is None:
            self._versions = VersionLookup(self.journal, self.profiles, self.clock)
        return self._versions

    def track_record(self, target: ScaleSetId) -> TrackRecord:
        """What earlier rollouts of a set showed; nothing without a readable journal."""
        from vmss_tui.domain.plan.track_record import NOTHING_KNOWN

        try:
            return self.journal().track_record(target)
        except JournalUnavailable:
            return NOTHING_KNOWN

    def known_versions(self, target: ScaleSetId) -> frozenset[str] | None:
        """Digests that rollouts of this journal brought to a set; None without a readable journal."""
        try:
            return self.journal().versions_brought(target)
        except JournalUnavailable:
            return None

    def profiles(self) -> ProfileStore:
        """See `app.session.Session`."""
        if self._profiles is None:
            self._profiles = self._settings.profile_store()
        return self._profiles

    async def start(self, plan: RolloutPlan, *, secrets: Mapping[str, Secret], why: str = "", ticket: str = "") -> str:
        """See `app.session.Session`."""
        self.require_writes()
        self.require_runner_sign_in()
        self.require_free(plan.target)
        for refusal in plan.refusals:
            raise PreflightRefused(refusal.message, hint=refusal.hint)
        require_values(plan.script.protected, secrets)
        journal = self.journal()
        rollout = journal.create(plan, who=self.who, why=why, ticket=ticket, at=self.clock.now())
        try:
            await self._run(rollout, secrets)
        except VmssTuiError as error:
            self._record_refusal(rollout, error)
            raise
        return rollout

    async def start_waves(
        self, plan: WavesPlan, *, secrets: Mapping[str, Secret], why: str = "", ticket: str = ""
    ) -> str:
        """Write a rollout over several sets into the journal and start its coordinator; returns its id."""
        from vmss_tui.domain.rollout.events import Ended
        from vmss_tui.domain.rollout.stage import Stage, Verdict

        self.require_writes()
        self.require_runner_sign_in()
        if plan.script is not None:
            require_values(plan.script.protected, secrets)
        journal = self.journal()
        waves = journal.waves.create(plan, who=self.who, why=why, ticket=ticket)
        try:
            await self._run(waves, secrets)
        except VmssTuiError as error:
            with contextlib.suppress(VmssTuiError):
                if journal.stage(waves) is Stage.PLANNED and journal.lease(waves) is None:
                    ended = Ended(Verdict.REFUSED, f"not started: {error.message}")
                    journal.waves.append(waves, ended, at=self.clock.now())
            raise
        return waves

    def require_writes(self, verb: Verb | None = None) -> None:
        """Also not beyond what the database grants: of two rights, the smaller counts."""
        super().require_writes(verb)
        if is_address(str(self.journal_place)):
            self.journal().require_right(verb)

    def background(self) -> Background:
        """Facts about sets beside Azure's answer."""
        from vmss_tui.engine.waves.set_plans import Background

        return Background(
            journal=self.journal(),
            names=self.versions.names,
            track_record=self.track_record,
            known_versions=self.known_versions,
            hooks=self.hooks,
            rules=self.rules,
            team=self.team,
        )

    async def rehearse(self, plan: RolloutPlan, snapshot: SetSnapshot, faults: Faults) -> Recording:
        """See `app.session.Session`."""
        from vmss_tui.cli.commands.fleet import find
        from vmss_tui.cli.commands.outlook.rehearsal import Copied, record

        azure = await self.connect()
        place = await find.subscription_of(azure, plan.target)
        return await record(plan, Copied(snapshot=snapshot, model=await azure.raw(plan.target), place=place), faults)

    async def schedule(
        self, plan: RolloutPlan | WavesPlan, at: datetime, *, at_window: bool, secrets: Mapping[str, Secret],
        why: str = "", ticket: str = "",
    ) -> str:  # fmt: skip
        """See `app.session.Session`."""
        from vmss_tui.cli.commands.schedule.leave_behind import scheduled

        return await scheduled(self, plan, at, at_window=at_window, secrets=secrets, why=why, ticket=ticket)

    async def wait_for_start(self, rollout: str, *, secrets: Mapping[str, Secret]) -> None:
        """See `app.session.Session`."""
        from vmss_tui.cli.commands.schedule.leave_behind import left_behind

        await left_behind(rollout, self.journal().place, self._settings, secrets)

    def _record_refusal(self, rollout: str, error: VmssTuiError) -> None:
        """A rollout that never began is over, so that a refused plan cannot be resumed."""
        from vmss_tui.domain.rollout.events import Ended
        from vmss_tui.domain.rollout.stage import Stage, Verdict

        journal = self.journal()
        with contextlib.suppress(VmssTuiError):
            if journal.header(rollout).stage is Stage.PLANNED and journal.lease(rollout) is None:
                journal.append(rollout, Ended(Verdict.REFUSED, f"not started: {error.message}"), at=self.clock.now())

    async def resume(self, rollout: str, *, secrets: Mapping[str, Secret], force: bool = False) -> None:
        """See `app.session.Session`."""
        self.require_runner(rollout, force=force)
        await self._run(rollout, secrets, force=force)

    def require_runner(self, rollout: str, *, force: bool = False) -> None:
        """Raise what would keep a new runner from taking this rollout over: LeaseHeld, SignInFailed, UsageError."""
        self.require_writes()
        self.require_runner_sign_in()
        self.journal().require_free(rollout, _here(), at=self.clock.now(), force=force)

    def pace(self) -> Pace:
        """How often a runner on this cloud looks."""
        from vmss_tui.engine.runner.pacing import Pace

        return Pace.of(self.cloud.watch_seconds, self._cloud.poll_seconds)

    def editor(self, path: Path) -> Sequence[str]:
        """See `app.session.Session`."""
        return [*editor_command(), str(path)]

    def require_free(self, target: ScaleSetId) -> None:
        """Raise LeaseHeld when a rollout of ours is at work on this scale set."""
        from vmss_tui.cli.commands.rollout.earlier_rollouts import require_free

        require_free(self.journal(), target, _here(), self.clock.now())

    async def close(self) -> None:
        """Close what was opened."""
        if self._azure is not None:
            await self._azure.close()
            self._azure = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    async def _run(self, rollout: str, secrets: Mapping[str, Secret], *, force: bool = False) -> None:
        from vmss_tui.cli.commands.rollout import runner_process as process

        journal = self.journal()
        if journal.shared and not secrets and not force:
            from vmss_tui.cli.commands.schedule.hand_over import handed_over

            if await handed_over(rollout, journal, self.clock, self.cloud.resource_manager):
                return
        log = paths.runner_log_file(rollout)
        command = process.runner_command(rollout, journal.place, self._settings, force=force)

        def is_running(pid: int) -> bool:
            lease = journal.lease(rollout)
            return (lease is not None and lease.pid == pid) or journal.stage(rollout).over

        child = await process.spawn(command, secrets, log)
        await process.wait_until_running(child, is_running, log, self.clock)


def _import_client(writes: bool) -> ModuleType:
    """The gateway; where it `writes`, with the SDK's client: memory that its import frees is then used again."""
    from vmss_tui.collector import importing

    with importing():
        client = importlib.import_module("vmss_tui.gateway.client")
        if writes:
            importlib.import_module("vmss_tui.gateway.http.arm").import_writes()
        return client


def open_session(ctx: click.Context) -> LiveSession:
    """A session with the settings of a command, which shows a device code on stderr."""
    from vmss_tui.cli import diagnostics
    from vmss_tui.cli.options import current

    return LiveSession(current(ctx), on_device_code=lambda device: diagnostics.say(device.message))


def run(ctx: click.Context, work: Callable[[LiveSession], Awaitable[int]]) -> int:
    """The exit code of `work`. Ctrl-C cancels it, closes the session and raises KeyboardInterrupt."""
    from vmss_tui.cli.wait_notice import long_waits_reported

    async def whole() -> int:
        session = open_session(ctx)
        try:
            async with long_waits_reported(session):
                return await work(session)
        finally:
            await session.close()

    return asyncio.run(whole())


def _here() -> Owner:
    from vmss_tui.journal.lease import owner

    return owner(os.getpid(), socket.gethostname())
