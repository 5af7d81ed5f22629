"""Who may act on a scale set: one runner at a time, and the proof that it takes to replace a dead one.

Reads the host's identity and process table; contains no SQL. A lease is taken over only when its owner is provably
gone: same host and the process is not there (or is another one under the same number), or the host was restarted; or,
in a database that hosts share, it was silent for long by the database's clock.
"""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

QUIET_SECONDS = 30.0
"""A live runner sends a heartbeat every few seconds; this long without one means that it cannot."""
FRESH_SECONDS = 60.0
"""A heartbeat from elsewhere that is younger than this means: it lives."""
REBOOT_SECONDS = 15.0
"""No machine restarts faster than this."""
FORCE_SECONDS = 600.0
"""How long another host must have been silent before a person may insist."""
SHARED_SECONDS = 20.0
"""Without a heartbeat for this long, by the clock of a database that hosts share, an owner is replaced. It cannot write
any more, even if it still runs: every event that it adds carries the token of its lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A runner process: `host` and `machine` name the computer, `boot_id` its start, `started` the process's start."""

    pid: int
    host: str
    machine: str = ""
    boot_id: str = ""
    namespace: str = ""
    started: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right of one runner to act on one scale set. `heartbeat` is UTC by the runner's clock."""

    rollout: str
    pid: int
    host: str
    boot_id: str
    heartbeat: datetime
    alive: bool
    machine: str = ""
    namespace: str = ""
    started: str = ""
    token: str = ""
    """Changes with every take-over, so that a runner that lost its lease can no longer write."""


def owner(pid: int, host: str) -> Owner:
    """Process `pid` of this host."""
    return Owner(
        pid=pid, host=host, machine=_machine(), boot_id=_boot_id(), namespace=_namespace(), started=process_start(pid)
    )


def gone(lease: Lease, here: Owner, now: datetime, *, shared: bool = False) -> str:
    """Proof that the owner of `lease` is gone, as a sentence; empty when there is none.

    `shared` says that `now` and the heartbeat are of one clock, that of a database; silence is then proof enough.
    """
    if shared and silence(lease, now) >= SHARED_SECONDS:
        return f"{lease.host} sent no heartbeat for {silence(lease, now):.0f}s"
    if (lease.host, lease.machine) != (here.host, here.machine):
        return ""
    if lease.boot_id != here.boot_id:
        age = (now - lease.heartbeat).total_seconds()
        return "" if 0 <= age < REBOOT_SECONDS else f"{lease.host} was restarted"
    if lease.namespace != here.namespace:
        return ""
    start = process_start(lease.pid)
    if not start:
        return f"process {lease.pid} no longer exists"
    return f"process {lease.pid} is now another process" if lease.started and start != lease.started else ""


def silence(lease: Lease, now: datetime) -> float:
    """Seconds since its owner was last heard of; clocks of two hosts may differ either way."""
    return abs((now - lease.heartbeat).total_seconds())


STUCK_HINT = "free space, or make the journal writable: it continues by itself"


def stuck(lease: Lease, now: datetime) -> str:
    """The sentence about an owner that is active and does not write; empty when it does."""
    seconds = silence(lease, now)
    if not lease.alive or seconds < QUIET_SECONDS:
        return ""
    who = f"its runner on {lease.host} (process {lease.pid})"
    why = "is the disk full or read-only? No batch starts until it can write"
    return f"{who} has written nothing for {seconds:.0f}s: {why}"


def may_force(lease: Lease, here: Owner, now: datetime) -> bool:
    """Whether a person may take it over without proof: its owner is elsewhere, and was silent for a long time."""
    return not _same_machine(lease, here) and silence(lease, now) >= FORCE_SECONDS


def is_alive(lease: Lease, here: Owner, now: datetime, *, shared: bool = False) -> bool:
    """Whether the owner seems to be at work: proved on this host, by its heartbeat elsewhere."""
    if gone(lease, here, now, shared=shared):
        return False
    return _same_machine(lease, here) or silence(lease, now) < FRESH_SECONDS


def _same_machine(lease: Lease, here: Owner) -> bool:
    return all(getattr(lease, name) == getattr(here, name) for name in ("host", "machine", "boot_id", "namespace"))


def process_start(pid: int) -> str:
    """When process `pid` started, in the kernel's own terms; empty when there is no such (living) process."""
    if pid <= 0:
        return ""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in ("Z", "X") else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


@cache
def _machine() -> str:
    return _read("/etc/machine-id") or _read("/var/lib/dbus/machine-id")


@cache
def _boot_id() -> str:
    if sys.platform == "darwin":
        found = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)
        return found.stdout.strip()
    return _read("/proc/sys/kernel/random/boot_id")


@cache
def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
