"""A rollout's screen in front of a person: on a bare app over a real journal, or only its controller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from support import estate, story
from support.fakes import FakeClock, FakeSession
from support.screens.on_stage import OnStage
from support.stage import Stage
from vmss_tui.app.connection import Connection
from vmss_tui.app.screens.rollout.controller import RolloutController
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.app.widgets.grid import Grid
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.journal import lease as leases


class Show(OnStage):
    """A screen on a bare app, and the journal beneath it."""

    def __init__(self, session: FakeSession, tale: story.Story, pilot: Pilot[None], screen: RolloutScreen) -> None:
        super().__init__(session, pilot)
        self.tale, self.screen = tale, screen
        self.delivered = len(tale.log)

    def text(self) -> str:
        screen = self.screen
        lines: list[str] = []
        for widget in screen.query("*").results():
            if isinstance(widget, Lines | Grid) and widget.display and widget.region:
                lines += [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]
        return "\n".join(lines)

    async def deliver(self) -> None:
        """Append what the story has said meanwhile."""
        for entry in self.tale.log[self.delivered :]:
            self.session.journal().append(self.screen.rollout, entry.event, at=entry.at)
        self.delivered = len(self.tale.log)


def recorded(session: FakeSession, tale: story.Story, *, runner: bool = True) -> str:
    """Write a story to the journal, with or without a runner that holds the lease; returns the rollout's id."""
    journal = session.journal()
    rollout = journal.create(tale.plan, who="maria", why="release 2.5.0", ticket="CHG0012345", at=tale.log[0].at)
    for entry in tale.log[1:]:
        journal.append(rollout, entry.event, at=entry.at)
    if runner:
        journal.take_lease(rollout, leases.owner(1, "elsewhere"), at=tale.now)
    return rollout


def controller_of(
    session: FakeSession, rollout: str, *, online: bool = True, speed: float | None = None
) -> RolloutController:
    """The controller of a rollout, with the log of the journal folded."""
    connection = Connection(azure=session.azure, identity=estate.MARIA) if online else Connection()
    names = VersionLookup(session.journal, session.profiles, session.clock).names
    made = RolloutController(rollout, session, lambda: connection, names, speed=speed)
    if speed is None:
        made.head = session.journal().header(rollout)
        made.arrived(session.journal().events(rollout))
    return made


@asynccontextmanager
async def showing(
    directory: Path,
    tale: story.Story,
    *,
    size: tuple[int, int] = (120, 40),
    speed: float | None = None,
    read_only: bool = False,
    runner: bool = True,
    online: bool = True,
) -> AsyncIterator[Show]:
    session = FakeSession(directory, clock=FakeClock(tale.now), read_only=read_only)
    rollout = recorded(session, tale, runner=runner)
    app = Stage(session, Connection(azure=session.azure, identity=estate.MARIA) if online else None)
    async with app.run_test(size=size) as pilot:
        screen = RolloutScreen(
            RolloutController(rollout, session, lambda: app.connection, app.label_of.names, speed=speed)
        )
        await app.show(screen)
        yield Show(session, tale, pilot, screen)
    session.close()


def half_updated(snapshot: SetSnapshot) -> SetSnapshot:
    """The set after two batches: the model and some instances have the new script, instance 3 failed."""
    new = estate.script_of("web", "2.5.0")
    of = replace(snapshot.scale_set, extensions=(estate.extension_of(new),))
    instances = tuple(
        estate.instance_of(
            "web-weu", n, script=new, zone=instance.zone, state=ScriptState.FAILED if n == 3 else ScriptState.SUCCEEDED
        )
        if n < 12
        else replace(instance, latest_model=False)
        for n, instance in enumerate(snapshot.instances)
    )
    return replace(snapshot, scale_set=of, instances=instances)
