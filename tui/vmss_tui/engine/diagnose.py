"""Runs a diagnostic on one instance: in the journal before it starts, its whole output fetched piece by piece."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from vmss_tui.domain.fleet.diagnostic import Diagnostic
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.engine import run_output
from vmss_tui.errors import AzureError, PreflightRefused, VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, Clock

POLL_SECONDS = 2.0
"""Between two questions whether a command has ended, unless the cloud is faster."""
PATIENCE_SECONDS = 90.0 * 60.0
"""Azure itself ends a command after 90 minutes ("action Run Commands", Restrictions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a diagnostic showed; `entry` is its number in the journal."""

    entry: int
    output: str
    stderr: str = ""
    """What the transport itself complained about; a diagnostic's own errors are part of its output."""


@dataclass(frozen=True, slots=True)
class Diagnoser:
    """Runs diagnostics for one person."""

    azure: Azure
    journal: Journal
    clock: Clock
    who: str
    poll_seconds: float = POLL_SECONDS

    async def run(
        self,
        scale_set: ScaleSet,
        instance: Instance,
        diagnostic: Diagnostic,
        progress: Callable[[int, int], None] | None = None,
    ) -> Diagnosis:
        """Run it and return all of its output; `progress` gets the pieces read so far, and how many there are.

        Raises PreflightRefused where it may not or cannot run, AzureError, JournalUnavailable.
        """
        script = diagnostic.script(scale_set.os)
        _check(scale_set, instance, diagnostic)
        entry = self.journal.diagnostics.begin(
            scale_set.id, instance.name, diagnostic.name, script, who=self.who, at=self.clock.now()
        )
        try:
            output, stderr = await self._output(scale_set, instance, script, progress)
        except BaseException as error:
            outcome = error.message if isinstance(error, VmssTuiError) else "interrupted"
            self.journal.diagnostics.end(entry, outcome, at=self.clock.now())
            raise
        self.journal.diagnostics.end(entry, "", at=self.clock.now())
        return Diagnosis(entry=entry, output=output, stderr=stderr)

    async def _output(
        self, scale_set: ScaleSet, instance: Instance, script: str, progress: Callable[[int, int], None] | None
    ) -> tuple[str, str]:
        key, pieces, stderr = secrets.token_hex(8), list[run_output.Piece](), ""
        try:
            while not pieces or len(pieces) < pieces[0].pieces:
                lines = run_output.command(script, scale_set.os, key, len(pieces))
                handle = await self.azure.run_command(scale_set, instance, lines)
                deadline = self.clock.monotonic() + PATIENCE_SECONDS
                while (printed := await self.azure.command_output(scale_set, handle)) is None:
                    if self.clock.monotonic() > deadline:
                        raise AzureError(f"the command on {instance.name} does not end", hint="See the instance.")
                    await self.clock.sleep(self.poll_seconds)
                pieces.append(run_output.read_piece(printed.stdout))
                stderr = stderr or printed.stderr
                if progress is not None:
                    progress(len(pieces), pieces[0].pieces)
            return run_output.whole(pieces), stderr.strip()
        except run_output.Damaged as damage:
            raise AzureError(f"the output of {instance.name} is damaged: {damage}", hint="Run it again.") from damage


def _check(scale_set: ScaleSet, instance: Instance, diagnostic: Diagnostic) -> None:
    if scale_set.read_only_rule:
        raise PreflightRefused(
            f"{scale_set.name} is read-only here ({scale_set.read_only_rule})",
            hint="A diagnostic runs a script on the instance: `read_only_sets` of the configuration forbids it.",
        )
    if not diagnostic.script(scale_set.os).strip():
        raise PreflightRefused(
            f"the diagnostic {diagnostic.name} has no script for {scale_set.os or 'this system'}",
            hint="`vmss-tui diagnose SCALESET INSTANCE` lists those that have.",
        )
    if instance.is_off:
        raise PreflightRefused(f"{instance.name} is {instance.power.value}", hint="Start it first.")
