"""A deploy form in front of a person: on a bare app, or only its controller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from support import estate
from support.fakes import FakeSession
from support.screens.on_stage import OnStage
from support.stage import Stage
from vmss_tui.app.connection import Connection
from vmss_tui.app.screens.deploy.controller import DeployController
from vmss_tui.app.screens.deploy.screen import DeployScreen
from vmss_tui.app.widgets.form import Field
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.profiles.store.store import ProfileStore

WEB = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == "web-weu")
NEW_FILE = "https://ships.blob.core.windows.net/scripts/web/custom_application_v2.5.0.sh"

PROFILE = """schema = 1
name = "web"
[variables.version]
help = "such as 2.5.0"
pattern = '\\d+\\.\\d+\\.\\d+'
[script]
os = "linux"
label = "web ${version}"
files = ["https://ships.blob.core.windows.net/scripts/web/custom_application_v${version}.sh"]
command = "./custom_application_v${version}.sh"
[protected]
storageAccountName = { literal = "ships" }
storageAccountKey = { prompt = true }
[report]
require = ["why"]
ticket_pattern = 'CHG\\d+'
"""


class FormDesk(OnStage):
    """A deploy form on a bare app."""

    def __init__(self, session: FakeSession, pilot: Pilot[None], screen: DeployScreen) -> None:
        super().__init__(session, pilot)
        self.screen = screen

    def text(self) -> str:
        lines: list[str] = []
        for widget in self.screen.query(Lines).results():
            lines += [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]
        return "\n".join(lines)

    def field(self, key: str) -> Field:
        return next(field for field in self.screen.query(Field) if field.spec.key == key)

    def remark(self, key: str) -> str:
        found = self.field(key).query(".field-remark").results(Lines)
        return "".join(lines.render_line(0).text.strip() for lines in found)

    async def put(self, key: str, text: str) -> None:
        self.field(key).set_value(text)
        await self.pilot.pause()


@asynccontextmanager
async def form_desk(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: tuple[int, int] = (120, 60),
    profile: str = "",
    saved: str = "",
    session: FakeSession | None = None,
    read_only: bool = False,
) -> AsyncIterator[FormDesk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(directory / "state"))
    session = session or FakeSession(directory, read_only=read_only)
    if saved:
        (directory / "profiles" / "web.toml").write_text(saved)
        monkeypatch.setattr(session, "profiles", lambda: store_of(directory))
    app = Stage(session, Connection(azure=session.azure, identity=estate.MARIA))
    async with app.run_test(size=size) as pilot:
        controller = DeployController(
            WEB.scale_set.id, session, lambda: app.connection, app.label_of.names, profile=profile
        )
        screen = DeployScreen(controller)
        await app.show(screen)
        yield FormDesk(session, pilot, screen)
    session.close()


def store_of(directory: Path) -> ProfileStore:
    """The profiles in a directory, and those that come with the program."""
    return ProfileStore.default(directory / "profiles")


def controller_of(session: FakeSession, *, profile: str = "", online: bool = True) -> DeployController:
    """The controller of a form for `web-weu`."""
    connection = Connection(azure=session.azure, identity=estate.MARIA) if online else Connection()
    names = VersionLookup(session.journal, session.profiles, session.clock).names
    return DeployController(WEB.scale_set.id, session, lambda: connection, names, profile=profile)
