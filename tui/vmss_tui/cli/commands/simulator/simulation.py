"""The demo's simulated Azure: starts it, finds the one that already lives, stops it when it is no longer needed.

It is reached like any other cloud, through a cloud file. It lives in a state directory of its own, so that a demo never
touches the real journal. It outlives the app while a rollout runs on it, and stops by itself when it is idle.
"""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vmss_tui.cli.commands.rollout.runner_process import python
from vmss_tui.cli.invocation import DEMO
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.paths import demo_directory, open_private

LONGEST_START = 30.0
"""Seconds after which a simulator that has not said that it is ready counts as stuck."""
IDLE_SECONDS = 900
"""Seconds without a request after which it stops by itself."""
_FOREIGN = ("AZURE_", "ARM_", "IDENTITY_", "IMDS_", "MSI_", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running simulator."""

    pid: int
    origin: str
    cloud_file: Path
    scenario: str
    speed: float

    @property
    def alive(self) -> bool:
        """Whether its process exists and its port answers."""
        address = urlsplit(self.origin)
        try:
            os.kill(self.pid, 0)
            with socket.create_connection((address.hostname or "127.0.0.1", address.port or 443), timeout=2):
                return True
        except OSError:
            return False


class DemoHome:
    """The demo's own state directory and the simulator that belongs to it."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or demo_directory()
        self._record = self.directory / "simulator.json"
        self._log = self.directory / "simulator.log"
        self._journal = self.directory / "vmss-tui" / "journal.db"

    def environment(self, simulated: Simulated) -> dict[str, str]:
        """The environment of clients of the simulator, without any real credential or journal."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        proxies = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        place = {"XDG_STATE_HOME": str(self.directory), "VMSS_TUI_CLOUD_FILE": str(simulated.cloud_file)}
        place["VMSS_TUI_CONFIG"] = os.devnull
        return {**own, **proxies, **place}

    def enter(self, simulated: Simulated) -> None:
        """Make that environment this process's own."""
        environment = self.environment(simulated)
        os.environ.clear()
        os.environ.update(environment)
        os.environ[DEMO] = "1"

    @contextlib.contextmanager
    def visit(self) -> Iterator[None]:
        """Count as a user of the simulator."""
        handle = self._open("visitors")
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    @property
    def visited(self) -> bool:
        """Whether another process (or this one, until its visitor leaves) uses the simulator."""
        handle = self._open("visitors")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    @property
    def has_journal(self) -> bool:
        """Whether a demo has kept anything."""
        return self._journal.exists()

    def find(self) -> Simulated | None:
        """The simulator that lives, or None."""
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            found = Simulated(
                record["pid"],
                record["resource_manager"],
                Path(record["cloud_file"]),
                record["scenario"],
                record["speed"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.alive else None

    def ensure(self, scenario: str, speed: float, *, asked: bool, clock_file: Path | None = None) -> Simulated:
        """The living simulator, or a new one with a fresh journal.

        `clock_file`: the file with its time, which its clients then advance.
        `asked` says that scenario and speed were given by a person: a living one that differs is then replaced.
        Raises UsageError when it is in use or the scenario is wrong, VmssTuiError when it does not start.
        """
        lock = self._open("starting")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.find()
            if found is not None and asked and (found.scenario, found.speed) != (scenario, speed):
                self._replaceable(found)
                self.stop(found)
                found = None
            return found or self._start(scenario, speed, clock_file)
        finally:
            os.close(lock)

    def stop(self, simulated: Simulated) -> None:
        """End what works on the simulator, then the simulator, and wait until their processes are gone."""
        for pid in self.runners():
            _end(pid)
        _end(simulated.pid)
        self._record.unlink(missing_ok=True)

    def busy(self) -> tuple[str, ...]:
        """Ids of the rollouts whose runner works on the simulator now."""
        return tuple(rollout for rollout, _ in self._at_work())

    def runners(self) -> tuple[int, ...]:
        """Processes that work on it now."""
        return tuple(pid for _, pid in self._at_work())

    def _at_work(self) -> tuple[tuple[str, int], ...]:
        if not self.has_journal:
            return ()
        from vmss_tui.journal.store import Journal

        journal = Journal.open(self._journal, read_only=True)
        try:
            headers = (*journal.unfinished(), *journal.waves.unfinished())
            leases = ((header.id, journal.lease(header.id)) for header in headers)
            return tuple((rollout, lease.pid) for rollout, lease in leases if lease is not None and lease.alive)
        finally:
            journal.close()

    def _replaceable(self, found: Simulated) -> None:
        if self.visited or self.busy():
            raise UsageError(
                f"the demo already runs with scenario {found.scenario} at speed {found.speed:g}",
                hint="close it first, or join it with `vmss-tui demo` without --scenario and --speed",
            )

    def _open(self, name: str) -> int:
        try:
            return open_private(self.directory / name)
        except OSError as error:
            raise VmssTuiError(
                f"the demo needs a writable directory: {self.directory}: {error.strerror}",
                hint="set XDG_STATE_HOME to a writable directory",
            ) from error

    def _start(self, scenario: str, speed: float, clock_file: Path | None) -> Simulated:
        for stale in (self.directory / "vmss-tui").glob("journal.db*"):
            stale.unlink(missing_ok=True)
        cloud_file = self.directory / "cloud.toml"
        command = python("vmss_tui.simulator", "--scenario", scenario, "--speed", f"{speed:g}")
        command += ["--cloud-file", str(cloud_file), "--exit-when-idle", str(IDLE_SECONDS)]
        command += ["--clock-file", str(clock_file)] if clock_file is not None else []
        self._log.unlink(missing_ok=True)
        log = self._open(self._log.name)
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        finally:
            os.close(log)
        threading.Thread(target=process.wait, name="reap the simulator", daemon=True).start()
        ready = self._ready(process)
        record = {**ready, "client_secret": None, "scenario": scenario, "speed": speed}
        self._record.unlink(missing_ok=True)
        with os.fdopen(self._open(self._record.name), "w", encoding="utf-8") as file:
            json.dump(record, file)
        return Simulated(process.pid, str(ready["resource_manager"]), cloud_file, scenario, speed)

    def _ready(self, process: "subprocess.Popen[bytes]") -> dict[str, object]:
        """The ready line; raises with the simulator's own words when there is none."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector, process.stdout as stdout:
            selector.register(stdout, selectors.EVENT_READ)
            line = stdout.readline() if selector.select(LONGEST_START) else b""
        if line:
            ready = json.loads(line)
            assert isinstance(ready, dict)
            return ready
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        said = (
            self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if self._log.exists() else []
        )
        message = said[-1].removeprefix("simulate: ") if said else f"it was not ready within {LONGEST_START:.0f}s"
        raise UsageError(f"the simulated Azure did not start: {message}", hint=f"its log is {self._log}")


def _end(pid: int) -> None:
    """Ask a process to end, and wait until it is gone; after five seconds it is killed."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        limit = time.monotonic() + 5
        try:
            os.kill(pid, sent)
            while time.monotonic() < limit:
                os.kill(pid, 0)
                time.sleep(0.02)
        except OSError:
            return
