"""Carry out what was decided: commands become events, checks outside, and writes to Azure."""

import asyncio
import contextlib
from typing import assert_never

from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Command, Record, Write
from vmss_tui.domain.rollout.decide.follow_write import after_refusal
from vmss_tui.engine.pinned_files import check_files
from vmss_tui.engine.runner.commands_and_webhooks import check_gate
from vmss_tui.engine.runner.rollout_log import RolloutLog
from vmss_tui.engine.runner.writes import Reveal, fault_of, is_unclear, needed_secrets, retry_after, send
from vmss_tui.errors import Changed, VmssTuiError
from vmss_tui.ports import Azure


class Actor:
    """Acts for one rollout. `pause_seconds`: how long to wait after an unclear answer, before Azure is observed."""

    def __init__(self, log: RolloutLog, azure: Azure, secrets: Reveal, *, pause_seconds: float) -> None:
        self._log = log
        self._azure = azure
        self._secrets = secrets
        self._pause = pause_seconds

    async def act(self, command: Command, snapshot: SetSnapshot) -> None:
        """Carry out one command. `snapshot` is what it was decided from."""
        match command:
            case Record(events):
                await self._log.record(*events)
            case CheckExternalGate(batch, gate):
                passed, message = await check_gate(gate, {"rollout": self._log.rollout, "batch": batch})
                await self._log.record(e.GateChecked(e.GateName.EXTERNAL, passed, message, batch))
            case CheckFiles(batch):
                passed, message = await check_files(self._azure, self._log.plan.files)
                await self._log.record(e.GateChecked(e.GateName.FILES, passed, message, batch))
            case Write():
                await self._write(command, snapshot)
            case _:
                assert_never(command)

    async def _write(self, write: Write, snapshot: SetSnapshot) -> None:
        """Commit the intent, send once, record the answer; a request on its way is finished even when stopped."""
        log = self._log
        protected = needed_secrets(log.plan, write.action, self._secrets)
        await log.record(*write.before, e.WriteIntended(write.key, write.what, write.batch, write.ids))
        await log.confirm_lease()
        request = asyncio.ensure_future(send(self._azure, log.plan, write, snapshot, protected))
        try:
            handle = await asyncio.shield(request)
        except asyncio.CancelledError:
            with contextlib.suppress(VmssTuiError):
                await log.record(e.WriteAccepted(write.key, (await request).url))
            raise
        except VmssTuiError as error:
            await self._not_accepted(write, error, snapshot.scale_set.etag if isinstance(error, Changed) else "")
        else:
            await log.record(e.WriteAccepted(write.key, handle.url))

    async def _not_accepted(self, write: Write, error: VmssTuiError, etag: str) -> None:
        log = self._log
        if is_unclear(error):
            note = f"no clear answer to: {write.what} ({error.message}); checking Azure before it is sent again"
            await log.record(e.Noted(note, Severity.WARN))
            await log.clock.sleep(self._pause)
            return
        fault, again = fault_of(error), retry_after(error, write.action)
        now = log.clock.now()
        await log.record(after_refusal(log.state, write.key, fault, retry_after=again, now=now, etag=etag))
