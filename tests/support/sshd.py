"""A real OpenSSH server on loopback: a high port, throwaway keys, and nothing of the host's configuration."""

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SERVER = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
MISSING = "" if SERVER and shutil.which("ssh") else "no OpenSSH server (Debian: openssh-server) or no client here"


@dataclass
class Sshd:
    """A server that lets this user in with one key."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> "Sshd":
        """Start it; raises AssertionError with its log when it does not listen."""
        assert SERVER is not None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True)
        (folder / "authorized").write_text((folder / "user.pub").read_text())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        settings = {
            "Port": port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
        }
        (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([SERVER, "-D", "-e", "-f", str(folder / "config")], stderr=log, stdout=log)
        made = cls(folder, port, process)
        while not made._listens():
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        return made

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def command(self, words: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The client's command line that runs `words` with `env` in a terminal on the server."""
        remote = " ".join(shlex.quote(word) for word in ("env", *(f"{n}={v}" for n, v in env.items()), *words))
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
        }
        chosen = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        place = f"{getpass.getuser()}@127.0.0.1"
        where = ["-p", str(self.port), "-i", str(self.folder / "user")]
        return ["ssh", "-tt", "-F", "none", *where, *chosen, place, remote]

    def drop_lines(self) -> None:
        """Kill the server's process of every connection, as a network that goes away ends them."""
        for child in psutil.Process(self.process.pid).children():
            child.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End the server and its connections."""
        self.drop_lines()
        self.process.kill()
        self.process.wait()
