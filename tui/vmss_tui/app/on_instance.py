"""What can be done on one instance from any list of instances: a shell, and diagnostics. Must not import Textual."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Effects, Fetch, Pick, RunProgram, Say, Sheet, Work
from vmss_tui.app.session import Session
from vmss_tui.config.instance_access import needs_address, shell_words
from vmss_tui.domain.fleet.diagnostic import Diagnostic, available
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.engine.diagnose import Diagnoser
from vmss_tui.errors import UsageError
from vmss_tui.ports import Azure
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice
from vmss_tui.presentation.scaleset import diagnostics as words


@dataclass(frozen=True, slots=True)
class OnInstance:
    """One instance of a set, by its id; both are read from Azure when something is to be done."""

    session: Session
    connection: Callable[[], Connection]
    target: ScaleSetId
    instance: str
    name: str

    def diagnose(self) -> Effects:
        """Choose a diagnostic, run it, show its whole output."""

        async def read() -> Effects:
            scale_set, instance = await self._read(self._azure())
            known = available(self.session.access.diagnostics, scale_set.os)

            def chosen(name: str | None) -> Effects:
                found = next((diagnostic for diagnostic in known if diagnostic.name == name), None)
                return () if found is None else (self._show(scale_set, instance, found),)

            return (
                Pick(
                    title=f"Run on {instance.name} through Run Command, as its administrator:",
                    columns=words.CHOICES.columns,
                    rows=[words.CHOICES.row(diagnostic, None) for diagnostic in known],
                    empty="nothing matches",
                    then=chosen,
                ),
            )

        return (Work(group="instance", job=read, waiting=f"reading {self.name}"),)

    def shell(self) -> Effects:
        """Open a shell by the configured command, with the instance's private address where it names it."""

        async def read() -> Effects:
            access, azure = self.session.access, self._azure()
            address = ""
            if needs_address(access.shell):
                scale_set, instance = await self._read(azure)
                found = await azure.private_addresses(scale_set, instance)
                if not found:
                    raise UsageError(f"{self.name} has no private address", hint="It has no network interface.")
                address = found[0]
            values = {
                "user": access.user or self.session.who,
                "private_ip": address,
                "name": self.name,
                "id": self.instance,
                "scale_set": self.target.name,
                "group": self.target.group,
                "subscription": self.target.subscription,
            }
            try:
                command = shell_words(access.shell, values)
            except ValueError as problem:
                raise UsageError(f"no shell on {self.name}: {problem}", hint="Change `shell.command`.") from problem
            return (RunProgram(command, f"Shell on {self.name}: {' '.join(command)}", self._left),)

        return (Work(group="instance", job=read, waiting=f"reading the address of {self.name}"),)

    def _left(self, status: int) -> Effects:
        if status in (0, -signal.SIGINT, 128 + signal.SIGINT):
            return (Say(f"back from {self.name}"),)
        return (Say(f"the shell on {self.name} ended with exit status {status}", Role.WARN),)

    def _show(self, scale_set: ScaleSet, instance: Instance, diagnostic: Diagnostic) -> Fetch:
        progress = _Progress(f"Running {diagnostic.name} on {instance.name}")

        async def fetch() -> Sheet:
            azure, session = self._azure(), self.session
            diagnoser = Diagnoser(azure, session.journal(), session.clock, session.who, session.poll_seconds)
            shown = await diagnoser.run(scale_set, instance, diagnostic, progress.note)
            return Sheet(
                lambda width: words.output_lines(shown.output, shown.stderr, width), shown.output or shown.stderr
            )

        return Fetch(f"{instance.name} · {diagnostic.name}", fetch, progress.notice)

    def _azure(self) -> Azure:
        connection = self.connection()
        if connection.azure is None:
            raise UsageError(f"{self.name}: {connection.reason}")
        return connection.azure

    async def _read(self, azure: Azure) -> tuple[ScaleSet, Instance]:
        scale_set = await azure.scale_set(self.target)
        found = await azure.some_instances(scale_set, (self.instance,))
        if not found:
            raise UsageError(f"{self.name} does not exist any more", hint="Refresh the list.")
        return scale_set, found[0]


@dataclass(slots=True)
class _Progress:
    """How far a diagnostic has come."""

    title: str
    pieces: tuple[int, int] = field(default=(0, 0))

    def note(self, read: int, pieces: int) -> None:
        self.pieces = (read, pieces)

    def notice(self, waited: float) -> Notice:
        read, pieces = self.pieces
        reason = f"piece {read + 1} of {pieces} of the output" if pieces > 1 else "Azure takes 20 seconds and more"
        return Notice(title=self.title, role=Role.BUSY, reason=reason, waited=waited)
