"""The simulator's private directory and what it hands to clients: CA file, secret, cloud file, env file.

Directories are 0700, files 0600; all of it is removed when the simulator ends. Secrets are in files only.
"""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "vmss-tui-simulator-"
AZURE_WATCH_SECONDS = 12.0
"""Pace of reading a scale set that suits Azure's quota; where time is simulated, it costs nothing."""
LOCK = "lock"


class UnwritableError(Exception):
    """A file for clients cannot be written; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Everything a client needs to know about a running simulator."""

    origin: str
    """`https://127.0.0.1:<port>`: resource manager and authority alike."""
    control: str
    identity_origin: str
    """`http://127.0.0.1:<port>`: managed identity."""
    identity_header: str
    ca_file: Path
    cloud_file: Path
    env_file: Path | None
    tenant_id: str
    client_id: str
    client_secret: str
    scenario: str
    speed: float
    poll_seconds: float
    clock_file: Path | None = None
    """The file with the time, when a client advances it."""

    def ready_line(self) -> str:
        """Return the one JSON line that says the simulator is ready."""
        return json.dumps(
            {
                "resource_manager": self.origin,
                "authority": self.origin,
                "metadata": f"{self.origin}/metadata/endpoints",
                "control": self.control,
                "ca_file": str(self.ca_file),
                "tenant_id": self.tenant_id,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "cloud_file": str(self.cloud_file),
                "env_file": str(self.env_file) if self.env_file else None,
                "identity_endpoint": f"{self.identity_origin}/msi/token",
                "identity_header": self.identity_header,
                "imds_endpoint": self.identity_origin,
                "scenario": self.scenario,
                "speed": self.speed,
                "pid": os.getpid(),
            }
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that the env file exports."""
        return {
            "VMSS_TUI_CLOUD_FILE": str(self.cloud_file),
            "VMSS_TUI_SIMULATOR_CONTROL": self.control,
            "VMSS_TUI_RESOURCE_MANAGER": self.origin,
            "AZURE_TENANT_ID": self.tenant_id,
            "AZURE_CLIENT_ID": self.client_id,
            "AZURE_CLIENT_SECRET": self.client_secret,
            "AZURE_AUTHORITY_HOST": self.origin,
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
            "SSL_CERT_FILE": str(self.ca_file),
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def cloud(self, secret_file: Path) -> str:
        """Return the TOML that the product reads as a cloud."""
        top = {
            "name": "simulator",
            "resource_manager": self.origin,
            "authority": self.origin,
            "audience": "https://management.azure.com",
            "ca_file": str(self.ca_file),
            "instance_discovery": False,
            "credential": "environment",
            "tenant_id": self.tenant_id,
            "portal": "",
            "poll_seconds": self.poll_seconds,
            "watch_seconds": 1.0 if self.clock_file is None else AZURE_WATCH_SECONDS,
            "file_mirror": f"{self.origin}/files",
            **({"clock_file": str(self.clock_file)} if self.clock_file is not None else {}),
        }
        environment = {
            "AZURE_TENANT_ID": self.tenant_id,
            "AZURE_CLIENT_ID": self.client_id,
            "AZURE_CLIENT_SECRET_FILE": str(secret_file),
        }
        return f"{_toml(top)}\n[environment]\n{_toml(environment)}"


def _toml(table: Mapping[str, object]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, replacing an older one in one step.

    Raises UnwritableError: there is no such place, no room or no right.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableError(
            f"cannot write {path}: {error.strerror}; make room, or name a place where you may write"
        ) from error


def write_handover(handover: Handover, private: Path) -> None:
    """Write the secret, the cloud file and, when asked for, the env file."""
    secret_file = private / "secret"
    write_private(secret_file, handover.client_secret)
    write_private(handover.cloud_file, handover.cloud(secret_file))
    if handover.env_file is not None:
        lines = [f"export {key}={shlex.quote(value)}" for key, value in handover.environment().items()]
        write_private(handover.env_file, "\n".join(lines) + "\n")


@contextlib.contextmanager
def private_directory() -> Iterator[Path]:
    """Make a directory of our own under `$XDG_RUNTIME_DIR` (else the temp directory) and remove it afterwards.

    Raises UnwritableError: there is no room or no right.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    parent = Path(runtime if runtime.startswith("/") and os.access(runtime, os.W_OK) else tempfile.gettempdir())
    _sweep(parent)
    try:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise UnwritableError(
            f"cannot make a directory in {parent}: {error.strerror}; name another one with XDG_RUNTIME_DIR or TMPDIR"
        ) from error
    try:
        with (path / f".{LOCK}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (path / f".{LOCK}").rename(path / LOCK)  # seen by others only once it is held
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove directories of ours whose simulator was killed: their lock is free."""
    for path in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == os.getuid() and _is_free(path / LOCK):
                shutil.rmtree(path, ignore_errors=True)


def _is_free(lock: Path) -> bool:
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process exists (and is not ours to judge when we may not signal it)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
