"""Open the app on the in-memory fleet: `python -m support.run_fake` from `tests/`. For looking at screens."""

import argparse
import sys
import tempfile
from pathlib import Path

from support.fakes import FakeAzure, FakeSession
from vmss_tui.app.app import VmssTui
from vmss_tui.app.favourites import Favourites
from vmss_tui.app.screens.fleet import FleetScreen
from vmss_tui.app.start import StartAt
from vmss_tui.ports import SystemClock


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", default="")
    parser.add_argument("--mode", default="fleet")
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--crash", action="store_true", help="break when raw JSON is asked for")
    given = parser.parse_args()
    if given.crash:
        FleetScreen.do_raw = crash  # type: ignore[assignment,method-assign]
    azure = FakeAzure()
    with tempfile.TemporaryDirectory() as directory:
        session = FakeSession(
            Path(directory), azure, clock=SystemClock(), read_only=given.read_only, profile_directory=given.profiles
        )
        target = azure.find(given.set).scale_set.id if given.set else None
        app = VmssTui(
            session,
            start_at=StartAt(mode=given.mode, scale_set=target),
            favourites=Favourites(Path(directory) / "favourites"),
        )
        app.run()
        session.close()
    sys.exit(app.return_code or 0)


def crash(screen: FleetScreen) -> None:
    """Fail with a secret among the local variables."""
    password = "hunter2"
    screen.log.debug(1 // (len(password) - 7))


if __name__ == "__main__":
    main()
