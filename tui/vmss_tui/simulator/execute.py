"""Scripts for real: what `execution = "run"` adds to a simulation.

Watches the world for instances whose Custom Script handler has begun, downloads the files over TLS, runs the command
with `/bin/sh` in a directory of the instance's own, and delivers exit code and output tails. Health can come from a
command too. Never the default; refused as root unless asked for, because a model can contain any script.
"""

import asyncio
import contextlib
import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import aiohttp

from vmss_tui.simulator.routes.script_files import PREFIX
from vmss_tui.simulator.state import Simulation
from vmss_tui.simulator.world.changes import advance, commands
from vmss_tui.simulator.world.machine import updates
from vmss_tui.simulator.world.machine.health import turn_health
from vmss_tui.simulator.world.machine.reports import TAIL_BYTES
from vmss_tui.simulator.world.machine.scripts import ScriptSettings, read_settings
from vmss_tui.simulator.world.state.draft import Draft, change
from vmss_tui.simulator.world.state.model import Operation, World
from vmss_tui.simulator.world.state.states import Health, Provisioning
from vmss_tui.simulator.world.state.timeline import ExtensionEnds, HealthTurns, ScriptResult, without

LOOK_EVERY = 0.1
"""Real seconds between two checks for scripts to start."""
HEALTH_EVERY = 0.5
"""Real seconds between two runs of an instance's health command."""
AT_ONCE = 16
DOWNLOAD_FAILED = 50
NOT_STARTED = 126
FILE_LIMIT = 64 * 1024 * 1024
_AGENT_PATHS = re.compile(r"/var/(?:lib/waagent|log/azure)\b")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class DownloadError(Exception):
    """A file that cannot be fetched; the text is what the extension reports."""


@dataclass(frozen=True, slots=True)
class Run:
    """One script that an instance has begun."""

    scale_set: str
    """Key of the scale set."""
    instance: str
    extension: str
    sequence: int
    settings: ScriptSettings
    to_unix: bool
    """Whether CRLF in downloaded scripts is fixed, as the Linux handler does by default."""
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What identifies a run."""
        return self.scale_set, self.instance, self.extension, self.sequence


def begun(world: World) -> Iterator[Run]:
    """Return every script that has begun and has no result yet."""
    for scale_set in world.scale_sets.values():
        for instance in scale_set.instances.values():
            if not instance.todo or instance.provisioning is Provisioning.DELETING:
                continue
            current = instance.extensions.get(instance.todo[0])
            if current is None or not current.spec.is_script or not current.awaited:
                continue
            if current.started is not None and current.result is None:
                yield Run(
                    scale_set.key,
                    instance.id,
                    instance.todo[0],
                    current.sequence,
                    read_settings(current.spec),
                    not current.spec.settings.get("skipDos2Unix", False),
                    (("INSTANCE_ID", instance.id), ("INSTANCE_NAME", instance.name)),
                )


@dataclass(slots=True)
class Executor:
    """Runs scripts of one simulation until it is canceled."""

    simulation: Simulation
    scratch: Path
    origin: str
    """The simulator's own URL, from which files of the scenario are fetched."""
    tls: ssl.SSLContext
    """Trusts the simulator's own CA next to the system's."""
    _running: dict[tuple[str, str, str, int], asyncio.Task[None]] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _commands: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _homes: dict[tuple[str, str], Path] = field(default_factory=dict)
    """Instances that have run a script: where their application lives."""

    async def serve(self) -> None:
        """Start scripts as they become due, and ask for health; ends by cancellation, which kills what runs."""
        connector = aiohttp.TCPConnector(ssl=self.tls)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            if self.simulation.scenario.health_command:
                group.create_task(self._watch_health())
            while True:
                world = self.simulation.settle()
                for operation in commands_of(world):
                    if operation.id not in self._commands:
                        self._commands[operation.id] = group.create_task(self._run_command(world, operation))
                for run in begun(world):
                    if run.key not in self._running:
                        self._running[run.key] = group.create_task(self._carry_out(run, session))
                await asyncio.sleep(LOOK_EVERY)

    def home(self, scale_set: str, instance: str) -> Path:
        """Return the directory that stands for an instance's disk."""
        name = scale_set.rsplit("/", 1)[-1]
        return self.scratch / name / instance

    async def _carry_out(self, run: Run, session: aiohttp.ClientSession) -> None:
        async with self._slots:
            result = await self._result(run, session)
        self._homes[run.scale_set, run.instance] = self.home(run.scale_set, run.instance)
        self.simulation.apply(lambda world, now: self._deliver(world, now, run, result))

    async def _run_command(self, world: World, operation: Operation) -> None:
        """Run Command: paths of the agent lead into the directory that stands for the instance's disk."""
        instance = world.scale_sets[operation.scale_set].instances[operation.instances[0]]
        home = self.home(operation.scale_set, instance.id)
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        script = home / "tmp" / f"run-command-{operation.id}.sh"
        script.write_text(_AGENT_PATHS.sub(rf"{home}\g<0>", operation.command), encoding="utf-8")
        variables = (("INSTANCE_ID", instance.id), ("INSTANCE_NAME", instance.name), ("TMPDIR", str(home / "tmp")))
        limit = self.simulation.scenario.script_timeout
        async with self._slots:
            result = await run_command(["/bin/sh", str(script)], home, _environment(home, variables), limit)
        script.unlink()
        self.simulation.apply(lambda world, now: commands.deliver(world, now, operation.id, result))

    async def _result(self, run: Run, session: aiohttp.ClientSession) -> ScriptResult:
        if run.settings.error:
            return ScriptResult(exit_code=20, settings_error=run.settings.error)
        home = self.home(run.scale_set, run.instance)
        directory = home / "download" / str(run.sequence)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            for number, uri in enumerate(run.settings.file_uris):
                await self._download(session, number, uri, directory, run.to_unix)
        except DownloadError as error:
            return ScriptResult(exit_code=DOWNLOAD_FAILED, stderr=f"{error}\n")
        if run.settings.script:
            inline = directory / "script.sh"
            inline.write_text(run.settings.script, encoding="utf-8")
            words = ["/bin/sh", str(inline)]
        else:
            words = ["/bin/sh", "-c", run.settings.command]
        limit = self.simulation.scenario.script_timeout
        agent = home / "var/lib/waagent/custom-script/download" / str(run.sequence)
        agent.mkdir(parents=True, exist_ok=True)
        log = home / "var/log/azure/custom-script/handler.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with (agent / "stdout").open("wb") as stdout, (agent / "stderr").open("wb") as stderr:
            result = await run_command(words, directory, _environment(home, run.variables), limit, (stdout, stderr))
        with log.open("a", encoding="utf-8") as lines:
            lines.write(f'operation=enable seq={run.sequence} event="executed command" exitcode={result.exit_code}\n')
        return result

    async def _download(
        self, session: aiohttp.ClientSession, number: int, uri: str, directory: Path, to_unix: bool
    ) -> None:
        parts = urlsplit(uri)
        name = Path(unquote(parts.path)).name
        if parts.scheme != "https" or not name:
            raise DownloadError(f"failed to download file[{number}]: only https URIs are fetched here: {uri}")
        served = uri in self.simulation.scenario.files
        url = f"{self.origin}{PREFIX}{parts.netloc}{parts.path}" if served else uri
        try:
            async with session.get(url, timeout=aiohttp.ClientTimeout(total=60)) as answer:
                if answer.status != 200:
                    raise DownloadError(
                        f"failed to download file[{number}]: unexpected status code: actual={answer.status} "
                        "expected=200"
                    )
                content = await answer.content.read(FILE_LIMIT)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DownloadError(f"failed to download file[{number}]: {error}") from error
        if to_unix and content.startswith(b"#!"):
            content = content.replace(b"\r\n", b"\n")
        path = directory / name
        path.write_bytes(content)
        path.chmod(0o700)

    def _deliver(self, world: World, now: datetime, run: Run, result: ScriptResult) -> tuple[World, None]:
        if run.scale_set not in world.scale_sets:
            return world, None

        def body(draft: Draft) -> None:
            instance = draft.instances.get(run.instance)
            if instance is None:
                return
            instance = updates.end_extension(draft, instance, ExtensionEnds(run.extension, run.sequence, result))
            if self.simulation.scenario.health_command:
                draft.put(replace(instance, timeline=without(instance.timeline, HealthTurns)))
            advance.settle(draft)

        return change(world, run.scale_set, now, body)

    async def _watch_health(self) -> None:
        while True:
            for (scale_set, instance), home in list(self._homes.items()):
                command = ["/bin/sh", "-c", self.simulation.scenario.health_command]
                result = await run_command(command, home, _environment(home, ()), 10.0)
                well: Health = Health.HEALTHY if result.exit_code == 0 else Health.UNHEALTHY
                self.simulation.apply(report_health(scale_set, instance, well))
            await asyncio.sleep(HEALTH_EVERY)


def report_health(scale_set: str, instance: str, health: Health) -> Callable[[World, datetime], tuple[World, None]]:
    """Return the mutation that makes an instance report `health`; an instance at work on a script keeps its own."""

    def mutation(world: World, now: datetime) -> tuple[World, None]:
        value = world.scale_sets.get(scale_set)
        found = value.instances.get(instance) if value else None
        if found is None or found.todo or found.health == health:
            return world, None

        def body(draft: Draft) -> None:
            draft.put(turn_health(draft, draft.instances[instance], health))
            advance.settle(draft)

        return change(world, scale_set, now, body)

    return mutation


def commands_of(world: World) -> list[Operation]:
    """Every Run Command that has no result yet."""
    running = (world.operations[key] for value in world.scale_sets.values() for key in value.running)
    return [operation for operation in running if operation.command and operation.result is None]


def _environment(home: Path, variables: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A script sees its instance and nothing of the person who started the simulator."""
    return {"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8", **dict(variables)}


async def run_command(
    words: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    limit: float,
    copies: tuple[BinaryIO | None, BinaryIO | None] = (None, None),
) -> ScriptResult:
    """Run a command in its own session and keep the last 4 KiB of each output.

    `words` are the program and its arguments, `environment` is all that it sees; after `limit` real seconds it and
    its children are killed. `copies` get the whole of stdout and stderr, as the Linux handler keeps them.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=directory,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return ScriptResult(exit_code=NOT_STARTED, stderr=f"{error.strerror}\n")
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = asyncio.gather(_tail(process.stdout, copies[0]), _tail(process.stderr, copies[1]))
    try:
        async with asyncio.timeout(limit):
            stdout, stderr = await outputs
            code = await process.wait()
    except TimeoutError:
        return ScriptResult(exit_code=124, timed_out=True)
    finally:
        _kill(process)
        await process.wait()
    return ScriptResult(code if code >= 0 else 128 - code, stdout, stderr)


async def _tail(stream: asyncio.StreamReader, copy: BinaryIO | None) -> str:
    kept = b""
    while chunk := await stream.read(65536):
        if copy is not None:
            copy.write(chunk)
        kept = (kept + chunk)[-TAIL_BYTES:]
    return kept.decode("utf-8", "replace")


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a script's session, children that outlived it included."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
