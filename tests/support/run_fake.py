"""Open the app on the in-memory fleet: `python -m support.run_fake` from `tests/`. For looking at screens."""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from support import story
from support.fakes import FakeAzure, FakeSession
from support.journal import file_of
from vmss_tui.app.app import VmssTui
from vmss_tui.app.places.favorites import Favorites
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.domain.rollout.events import Ended, RunnerStarted, Verdict
from vmss_tui.journal.store import Journal
from vmss_tui.ports import SystemClock


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", default="")
    parser.add_argument("--mode", default="fleet")
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--rollout", type=Path, help="a rollout runs, and fails once this file is there")
    parser.add_argument("--crash", action="store_true", help="break when raw JSON is asked for")
    given = parser.parse_args()
    if given.crash:
        FleetScreen.do_raw = crash  # type: ignore[assignment,method-assign]
    azure = FakeAzure()
    with tempfile.TemporaryDirectory() as directory:
        session = FakeSession(
            Path(directory), azure, clock=SystemClock(), read_only=given.read_only, profile_directory=given.profiles
        )
        if given.rollout is not None:
            fail_when(given.rollout, session)
        target = azure.find(given.set).scale_set.id if given.set else None
        app = VmssTui(
            session,
            start_at=StartAt(mode=given.mode, scale_set=target),
            favorites=Favorites(Path(directory) / "favorites"),
        )
        app.run()
        session.close()
    sys.exit(app.return_code or 0)


def fail_when(wanted: Path, session: FakeSession) -> None:
    """Let a rollout run until the file is there, then fail."""
    journal, now = session.journal(), session.clock.now()
    rollout = journal.create(story.plan_of(), who="maria", at=now)
    journal.append(rollout, RunnerStarted(1, "box"), at=now)

    def wait() -> None:
        own = Journal.open(file_of(journal))
        while not wanted.exists():
            time.sleep(0.05)
        own.append(rollout, Ended(Verdict.FAILED, "2 of 12 failed"), at=session.clock.now())
        own.close()

    threading.Thread(target=wait, daemon=True).start()


def crash(screen: FleetScreen) -> None:
    """Fail with a secret among the local variables."""
    password = "hunter2"
    screen.log.debug(1 // (len(password) - 7))


if __name__ == "__main__":
    main()
