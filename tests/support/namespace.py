"""A host of its own for a program: a network namespace with one cable, which can be pulled.

What the host needs (a simulator, a database) listens on the loopback outside; relays on both ends of the cable bring it
to the same port of the loopback inside. Needs root and the `ip` program; source: ip-netns(8), veth(4).
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.program import Program

HERE = Path(__file__).parents[1]


def missing() -> str:
    """Why there can be no namespace here; empty when there can."""
    if shutil.which("ip") is None:
        return "no program ip"
    if os.geteuid() != 0:
        return "not root"
    name = f"vmss-{secrets.token_hex(3)}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "network namespaces are not allowed"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


@dataclass
class InNamespace(Program):
    """A program whose processes run in a namespace."""

    namespace: str = ""

    def command(self, *arguments: str) -> list[str]:
        """See Program."""
        return ["ip", "netns", "exec", self.namespace, *super().command(*arguments)]


@dataclass
class Cable:
    """The network of a namespace."""

    namespace: str
    device: str

    def pull(self) -> None:
        """Nothing gets through any more, in either direction, without an error."""
        _ip("link", "set", self.device, "down")

    def plug(self) -> None:
        """Everything gets through again."""
        _ip("link", "set", self.device, "up")

    def inside(self, program: Program) -> InNamespace:
        """The program within."""
        return InNamespace(program.variables, program.directory, namespace=self.namespace)


@contextmanager
def cable(ports: Mapping[int, str]) -> Iterator[Cable]:
    """A namespace in which each port of the loopback leads to a target outside: HOST:PORT or a Unix socket."""
    tag = secrets.token_hex(3)
    name, outer, inner = f"vmss-{tag}", f"vo{tag}", f"vi{tag}"
    net = f"10.213.{secrets.randbelow(250)}"
    started: list[subprocess.Popen[str]] = []
    _ip("netns", "add", name)
    try:
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("addr", "add", f"{net}.1/30", "dev", outer)
        _ip("link", "set", outer, "up")
        for words in (
            ["addr", "add", f"{net}.2/30", "dev", inner],
            ["link", "set", inner, "up"],
            ["link", "set", "lo", "up"],
        ):
            _ip("-n", name, *words)
        started.append(_relays([], {f"{net}.1:{port}": target for port, target in ports.items()}))
        within = {f"127.0.0.1:{port}": f"{net}.1:{port}" for port in ports}
        started.append(_relays(["ip", "netns", "exec", name], within))
        yield Cable(name, outer)
    finally:
        for process in started:
            process.kill()
            process.communicate()
        subprocess.run(["ip", "netns", "del", name], check=False)


def _relays(prefix: list[str], pairs: Mapping[str, str]) -> "subprocess.Popen[str]":
    words = [word for pair in pairs.items() for word in pair]
    command = [*prefix, sys.executable, "-m", "support.relay", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
