"""`make team-demo`: two bastions, one database, a killed worker and the take-over, in tmux and in two minutes.

Everything is real but Azure: a private PostgreSQL server, the simulator, two workers on "hosts" with directories and
host names of their own, and `kill -9`. Without a terminal it prints its story and ends with exit code 1 when a batch
was skipped or repeated, or the take-over took longer than 30 seconds.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psycopg

from support.postgres import private_server
from support.program import Program, quick
from support.simulator import SimulatorProcess
from vmss_tui.journal.store import Journal

TARGET, BATCHES = "web-weu-001", 13
TAKE_OVER_SECONDS = 30.0
_PROFILE = """\
schema = 1
name = "web"

[variables.version]
help = "Release to install"

[script]
os = "linux"
label = "web ${version}"
files = ["https://files.contoso.example/web/v${version}/install.sh"]
command = "./install.sh"

[rollout]
batch = "10%"
pause = "3s"
"""
_TMUX = ("tmux", "-L", f"vmss-tui-team-{os.getpid()}", "-f", os.devnull)


@dataclass
class Story:
    """What happens, as lines in a file that a pane follows."""

    path: Path
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Add a line."""
        line = f"{time.monotonic() - self.started:5.0f}s  {text}\n"
        with self.path.open("a") as file:
            file.write(line)
        if not sys.stdout.isatty():
            sys.stdout.write(line)
            sys.stdout.flush()


def until(what: Callable[[], object], name: str, seconds: float = 60.0) -> None:
    """Wait for something. Raises SystemExit."""
    limit = time.monotonic() + seconds
    while not what():
        if time.monotonic() > limit:
            raise SystemExit(f"team-demo: {name} did not come")
        time.sleep(0.2)


class Demo:
    """The two hosts, and what is done on them."""

    def __init__(self, home: Path, address: str, world: SimulatorProcess) -> None:
        self.home, self.address, self.world = home, address, world
        self.story = Story(home / "story.txt")
        self.story.path.touch()
        os.environ["XDG_CONFIG_HOME"] = str(home / "config")
        common = {**quick(world, home), "VMSS_TUI_JOURNAL": address, "XDG_CONFIG_HOME": str(home / "config")}
        self.hosts = {name: Program({**common, **self._places(name)}, home) for name in ("bastion-1", "bastion-2")}
        self.hosts["bastion-1"].profile("web", _PROFILE)

    def _places(self, name: str) -> dict[str, str]:
        """A host's own directories, and its name."""
        place = self.home / name
        place.mkdir()
        (place / "sitecustomize.py").write_text(f"import socket\nsocket.gethostname = lambda: {name!r}\n")
        kinds = {f"XDG_{kind}_HOME": str(place / kind.lower()) for kind in ("STATE", "CACHE", "DATA")}
        return {**kinds, "PYTHONPATH": str(place)}

    def words(self, host: str, *arguments: str) -> str:
        """A command on a host, for a shell."""
        program = self.hosts[host]
        own = [f"{name}={value}" for name, value in program.variables.items()]
        return shlex.join(["env", *own, *program.command(*arguments)])

    def open_panes(self) -> None:
        """The workers side by side, what a colleague sees below them, and the story."""
        tmux("new-session", "-d", "-x", "180", "-y", "48", self.words("bastion-1", "worker"))
        tmux("set", "-g", "remain-on-exit", "on")
        tmux("set", "-g", "pane-border-status", "top")
        tmux("set", "-g", "pane-border-format", " #{pane_title} ")
        tmux("split-window", "-v", "-l", "80%", "-t", "0", f"tail -n +1 -f {shlex.quote(str(self.story.path))}")
        tmux("split-window", "-v", "-l", "60%", "-t", "1", "sleep 600")
        tmux("split-window", "-h", "-t", "0", self.words("bastion-2", "worker"))
        for pane, title in enumerate(("bastion-1: worker", "bastion-2: worker", "what happens", "bastion-2: attach")):
            tmux("select-pane", "-t", str(pane), "-T", title)

    def run(self) -> int:
        """The story from its beginning to its end; the exit code."""
        say = self.story.say
        say("two bastions, one journal in PostgreSQL; a worker starts on each")
        until(lambda: self._workers() == 2, "both workers")
        say("both workers are there; bastion-2 starts a rollout on 25 instances, in batches of a tenth")
        done = self.hosts["bastion-2"](
            "rollout", "web", TARGET, "--set", "version=2.0.0", "--confirm", TARGET, "--detach"
        )
        if done.code:
            raise SystemExit(f"team-demo: {done.err}")
        rollout = done.out.strip()
        attach = self.words("bastion-2", "attach", rollout, "--plain")
        tmux("respawn-pane", "-k", "-t", "3", attach)
        journal = Journal.open(self.address)
        try:
            return self._killed(journal, rollout)
        finally:
            journal.close()

    def _killed(self, journal: Journal, rollout: str) -> int:
        say = self.story.say
        until(lambda: len(journal.state(rollout).batches) >= 2, "the second batch")
        lease = journal.lease(rollout)
        assert lease is not None
        first = lease.host
        say(f"the worker on {first} carries it out; it is in batch 2. kill -9, as a host that dies")
        os.kill(lease.pid, 9)
        killed = time.monotonic()
        until(lambda: (held := journal.lease(rollout)) and held.alive and held.host != first, "the take-over")
        took = time.monotonic() - killed
        say(f"after {took:.0f}s the other worker has taken over, from the log and what Azure shows now")
        until(lambda: journal.stage(rollout).over, "the end", 120)
        time.sleep(1)
        updates = [
            row for row in self.world.control.requests() if "manualupgrade" in row["path"] and row["status"] < 300
        ]
        stage = journal.stage(rollout).value
        say(f"{stage}: {len(updates)} updates were sent to Azure for {BATCHES} batches; none skipped, none twice")
        say("the record: " + self.hosts["bastion-2"]("report", rollout, "--verify").out.strip().splitlines()[0])
        return 0 if stage == "completed" and len(updates) == BATCHES and took <= TAKE_OVER_SECONDS else 1

    def _workers(self) -> int:
        with psycopg.connect(self.address) as connection:
            there = connection.execute("SELECT to_regclass('vmss_tui_jobs.procrastinate_workers')").fetchone()
            if there is None or there[0] is None:
                return 0
            found = connection.execute("SELECT count(*) FROM vmss_tui_jobs.procrastinate_workers").fetchone()
        return int(found[0]) if found else 0


def tmux(*words: str) -> None:
    """A command of tmux, in a server of the demo's own."""
    subprocess.run([*_TMUX, *words], check=True, capture_output=True)


def main() -> int:
    """Run the demo; on a terminal it is shown in tmux until the person leaves it."""
    code: list[int] = []
    for ending in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(1))  # the servers end with the demo

    def narrate(demo: Demo) -> None:
        try:
            code.append(demo.run())
            demo.story.say("that was it; ctrl+b d leaves")
        except SystemExit as problem:
            demo.story.say(str(problem))
            code.append(1)

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vmss-tui-team-")))
        server = stack.enter_context(private_server())
        world = SimulatorProcess.start("waves", speed=10)
        stack.callback(world.stop)
        demo = Demo(home, server.new_database(), world)
        demo.open_panes()
        stack.callback(lambda: subprocess.run([*_TMUX, "kill-server"], check=False, capture_output=True))
        narrator = Thread(target=narrate, args=(demo,), daemon=True)
        narrator.start()
        if sys.stdout.isatty():
            subprocess.run([*_TMUX, "attach"], check=False, env={**os.environ, "TMUX": ""})
            return code[0] if code else 0
        narrator.join()
    return code[0]


if __name__ == "__main__":
    sys.exit(main())
