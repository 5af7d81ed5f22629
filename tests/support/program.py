"""Running `vmss-tui` as people and scripts do: as a process, on a simulator, with directories of the test's own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

from support.simulator import SimulatorProcess

T = TypeVar("T")

_OF_THE_TERMINAL = ("TERM", "COLORTERM", "COLUMNS", "LINES")

PROFILE = """\
schema = 1
name = "app"
description = "Install a release of the app"

[variables.version]
help = "Release to install"
pattern = '\\d+\\.\\d+\\.\\d+'

[script]
os = "linux"
label = "app ${version}"
files = ["https://files.contoso.example/app/v${version}/install.sh"]
command = "./install.sh"
"""
"""A profile for the scale sets of `scenarios/cli.toml`; without targets, so that the set must be named."""


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as one JSON document."""
        return json.loads(self.out)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Inside(Protocol):
    """The type of the `inside` fixture: the program in the test's own process."""

    def __call__(self, *arguments: str) -> Done: ...


@dataclass
class Program:
    """The program, with an environment; `variables` come over the test's own."""

    variables: Mapping[str, str]
    directory: Path

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a run."""
        own = {name: value for name, value in os.environ.items() if name not in _OF_THE_TERMINAL}
        return {**own, "PYTHONUTF8": "1", **self.variables}

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run."""
        return [sys.executable, "-m", "vmss_tui", *arguments]

    def __call__(self, *arguments: str, given: str | None = None, timeout: float = 60, **variables: str) -> Done:
        """Run it to the end; without `given` stdin is empty."""
        done = subprocess.run(
            self.command(*arguments),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.directory,
            env={**self.env, **variables},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Start it; it is killed at the end if it still runs."""
        process = subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.directory,
            env=self.env,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def profile(self, name: str = "app", text: str = PROFILE) -> Path:
        """Put a profile where the program looks first."""
        home = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "profiles"
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"{name}.toml"
        path.write_text(text.replace('name = "app"', f'name = "{name}"'))
        return path


def runners(state: Path | str) -> list[psutil.Process]:
    """Runner processes whose journal is below a state directory, or at an address."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "runner" in words and any(word == str(state) or word.startswith(f"{state}/") for word in words):
            found.append(process)
    return found


@contextmanager
def no_runner_left(journal: str = "") -> Iterator[None]:
    """End the runners that a test leaves: they outlive everything, its simulator too.

    `journal` is the address of theirs, when it is not below this test's state directory.
    """
    place = journal or os.environ["XDG_STATE_HOME"]
    try:
        yield
    finally:
        for process in runners(place):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def quick(sim: SimulatorProcess, directory: Path) -> dict[str, str]:
    """What leads to a simulator, by a cloud that suggests to look five times a second: tests need not wait."""
    text = sim.cloud_file.read_text()
    cloud = directory / "quick-cloud.toml"
    cloud.write_text(re.sub(r"(?m)^watch_seconds = .*$", "watch_seconds = 0.2", text))
    return {**sim.variables, "VMSS_TUI_CLOUD_FILE": str(cloud)}


def until(condition: Callable[[], T], what: str, timeout: float = 30.0) -> T:
    """Poll until `condition` returns something true, and return it."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain for {what}"
        time.sleep(0.02)
    return result


def fetched(address: str) -> str:
    """The page at an address, also one that says what is wrong."""
    try:
        with urlopen(address, timeout=60) as answer:
            return str(answer.read().decode())
    except HTTPError as answer:
        return answer.read().decode()
