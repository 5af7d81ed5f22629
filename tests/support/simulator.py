"""Starting a real simulator process for a test, and talking to it.

Fixtures (registered for every suite by `tests/conftest.py`):

- `simulator`: a function-scoped factory. `sim = simulator("shipping", speed=60)` starts a process of your own, which
  you may change as you like; it is stopped when the test ends. Arguments are those of `SimulatorProcess.start`:
  a scenario name or the path of a TOML file, `speed=`, and further command line words as `extra=["--…"]`.
- `shared_simulator`: one `shipping` simulator for a whole pytest worker, clock at speed 1. For reading only: a test
  that writes, injects faults or moves the clock uses `simulator`.

A `SimulatorProcess` has:

- `ready` (the ready line), `origin` (`https://127.0.0.1:P`), `ca_file`, `cloud_file`, `tenant_id`, `client_id`,
  `client_secret`, `control_url`, `pid`
- `env`: a complete environment for a subprocess that is to use this simulator (what `--env-file` exports, over
  `os.environ`); `variables`: only those that are exported
- `request(method, path, body=None)` -> `Answer(status, headers, body)`: one signed-in ARM request, `api-version`
  added when the path has none; `get(path)`, `put(path, body)`, `post(path, body)`… are short for it
- `token(…)`: an access token by client credentials
- `control`: `state()`, `counters()`, `reset_counters()`, `requests(route="")`, `add_fault(kind=…, path=…, …)`,
  `clear_faults()`, `throttle(…)`, `clock(speed=…, advance=…, paused=…)`, `sign_in(…)`, `events(…)`, `hold()`,
  `release()`, `shutdown()`
- `wait_for(condition, what, timeout=20)`: polls a condition instead of sleeping; `stop()` -> exit code
"""

import json
import os
import selectors
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

import pytest

from support.control import Control
from support.wire import Answer, send

__all__ = ["Answer", "Control", "SimulatorProcess", "StartsSimulator", "exported", "send"]

T = TypeVar("T")
API_VERSION = "2024-07-01"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0


@dataclass
class SimulatorProcess:
    """A running simulator."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    errors: Path
    control: Control
    context: ssl.SSLContext
    _token: str = field(default="", repr=False)

    @classmethod
    def start(
        cls,
        scenario: str | Path = "shipping",
        *,
        speed: float | None = None,
        extra: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        poll_hint_ms: int | None = None,
    ) -> "SimulatorProcess":
        """Start a simulator and wait until it is ready; it dies with this process.

        Raises AssertionError: it ended or said nothing instead; the text holds its stderr.
        """
        words = [sys.executable, "-m", "vmss_tui.simulator", "--scenario", str(scenario)]
        words += ["--parent-pid", str(os.getpid())]
        words += [] if speed is None else ["--speed", str(speed)]
        words += [] if poll_hint_ms is None else ["--poll-hint-ms", str(poll_hint_ms)]
        handle, name = tempfile.mkstemp(prefix="vmss-tui-test-simulator-", suffix=".log")
        with os.fdopen(handle, "w") as log:
            process = subprocess.Popen(
                [*words, *extra],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=dict(os.environ if env is None else env),
                start_new_session=True,
            )
        line = _first_line(process)
        if not line:
            _finish(process)
            text = Path(name).read_text()
            Path(name).unlink()
            raise AssertionError(f"the simulator did not start (exit code {process.returncode}): {text}")
        ready = json.loads(line)
        context = ssl.create_default_context(cafile=ready["ca_file"])
        return cls(process, ready, Path(name), Control(ready["control"], context), context)

    @property
    def origin(self) -> str:
        return str(self.ready["resource_manager"])

    @property
    def control_url(self) -> str:
        return str(self.ready["control"])

    @property
    def ca_file(self) -> Path:
        return Path(self.ready["ca_file"])

    @property
    def cloud_file(self) -> Path:
        return Path(self.ready["cloud_file"])

    @property
    def tenant_id(self) -> str:
        return str(self.ready["tenant_id"])

    @property
    def client_id(self) -> str:
        return str(self.ready["client_id"])

    @property
    def client_secret(self) -> str:
        return str(self.ready["client_secret"])

    @property
    def pid(self) -> int:
        return int(self.ready["pid"])

    @property
    def variables(self) -> dict[str, str]:
        """What an env file of this simulator exports."""
        return {
            "VMSS_TUI_CLOUD_FILE": str(self.cloud_file),
            "VMSS_TUI_SIMULATOR_CONTROL": self.control_url,
            "VMSS_TUI_RESOURCE_MANAGER": self.origin,
            "AZURE_TENANT_ID": self.tenant_id,
            "AZURE_CLIENT_ID": self.client_id,
            "AZURE_CLIENT_SECRET": self.client_secret,
            "AZURE_AUTHORITY_HOST": self.origin,
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
            "SSL_CERT_FILE": str(self.ca_file),
            "NO_PROXY": "127.0.0.1,localhost",
        }

    @property
    def env(self) -> dict[str, str]:
        """A whole environment for a subprocess that uses this simulator."""
        return {**os.environ, **self.variables}

    def form(self, path: str, **form: str) -> Answer:
        """Post a form to the authority."""
        return send(
            self.origin,
            "POST",
            path,
            context=self.context,
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def token(self, tenant_id: str | None = None, client_id: str | None = None, secret: str | None = None) -> str:
        """Return an access token by client credentials."""
        answer = self.form(
            f"/{tenant_id or self.tenant_id}/oauth2/v2.0/token",
            grant_type="client_credentials",
            client_id=client_id or self.client_id,
            client_secret=self.client_secret if secret is None else secret,
            scope="https://management.azure.com/.default",
        )
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one ARM request; `path` may also be an absolute URL of this simulator."""
        path = path.removeprefix(self.origin)
        if "api-version=" not in path:
            path += ("&" if "?" in path else "?") + f"api-version={API_VERSION}"
        if token is None:
            token = self._token = self._token or self.token()
        sent = {"Authorization": f"Bearer {token}", "User-Agent": "tests", **(headers or {})}
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        return send(self.origin, method, path, context=self.context, body=data, headers=sent)

    def get(self, path: str, **more: Any) -> Answer:
        return self.request("GET", path, **more)

    def put(self, path: str, body: Any, **more: Any) -> Answer:
        return self.request("PUT", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> Answer:
        return self.request("PATCH", path, body, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.request("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.request("DELETE", path, **more)

    def wait_for(self, condition: Callable[[], T], what: str, timeout: float = 20.0) -> T:
        """Poll until `condition` returns something true, and return it."""
        deadline = time.monotonic() + timeout
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout:g} s in vain: {what}; last {result!r}")
            time.sleep(0.02)
        return result

    def finish(self, answer: Answer, timeout: float = 30.0) -> dict[str, Any]:
        """Poll the operation that `answer` started until it ends, and return its last document."""
        url = answer.headers["azure-asyncoperation"]

        def ended() -> dict[str, Any] | None:
            document = self.get(url).body
            return document if document["status"] != "InProgress" else None

        return self.wait_for(ended, url, timeout) or {}

    def log(self) -> str:
        """What the simulator wrote to stderr."""
        return self.errors.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the simulator and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = _finish(self.process)
        self.errors.unlink(missing_ok=True)
        return code


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_TIMEOUT):
            process.kill()
            return ""
    return process.stdout.readline()


def _finish(process: subprocess.Popen[str]) -> int:
    try:
        code = process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdout is not None:
        process.stdout.close()
    return code


def exported(path: Path) -> dict[str, str]:
    """Read an env file as a shell would."""
    pairs = (line.removeprefix("export ").partition("=") for line in path.read_text().splitlines())
    return {key: shlex.split(value)[0] if value else "" for key, _, value in pairs}


class StartsSimulator(Protocol):
    """The type of the `simulator` fixture."""

    def __call__(
        self,
        scenario: str | Path = "shipping",
        *,
        speed: float | None = None,
        extra: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        poll_hint_ms: int | None = None,
    ) -> SimulatorProcess: ...


@pytest.fixture
def simulator() -> Iterator[StartsSimulator]:
    """Start simulators for one test; each is stopped at its end."""
    started: list[SimulatorProcess] = []

    def start(
        scenario: str | Path = "shipping",
        *,
        speed: float | None = None,
        extra: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        poll_hint_ms: int | None = None,
    ) -> SimulatorProcess:
        sim = SimulatorProcess.start(scenario, speed=speed, extra=extra, env=env, poll_hint_ms=poll_hint_ms)
        started.append(sim)
        return sim

    yield start
    for sim in started:
        sim.stop()


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[SimulatorProcess]:
    """One `shipping` simulator for this worker; for reading only."""
    sim = SimulatorProcess.start("shipping")
    yield sim
    sim.stop()
