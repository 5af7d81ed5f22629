"""A bare app that shows one screen over a fake session: for tests of screens without modes and sign-in."""

from textual.app import App
from textual.screen import Screen
from textual.signal import Signal

from vmss_tui.app.connection import Connection
from vmss_tui.app.places.last_place import LastPlace
from vmss_tui.app.running_rollouts import RunningRollouts
from vmss_tui.app.session import Session
from vmss_tui.app.shell import Destination
from vmss_tui.app.styles import themes
from vmss_tui.app.write_rights import WriteRights
from vmss_tui.engine.version_lookup import VersionLookup


class Stage(App[None]):
    """What screens use of `VmssTui`: session, connection, names of versions, theme."""

    def __init__(self, session: Session, connection: Connection | None = None) -> None:
        super().__init__()
        self.session = session
        self.label_of = VersionLookup(session.journal, session.profiles, session.clock)
        self.running = RunningRollouts(session.journal)
        self.rights = WriteRights(program_reads_only=session.read_only)
        self.connection = connection or Connection()
        self.connection_changed: Signal[Connection] = Signal(self, "connection_changed")
        self.tick_seconds = 1.0
        self.copied: list[str] = []
        self.opened: list[Destination] = []
        self.log_file = ""
        self.last_place = LastPlace()
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables."""
        return dict(themes.DEFAULTS)

    def as_typed(self, text: str) -> str:
        """Commands, unchanged."""
        return text

    def copy_to_clipboard(self, text: str) -> None:
        """Remember it."""
        self.copied.append(text)

    def copy(self, words: str, what: str) -> None:
        """As VmssTui does."""
        self.copied.append(words)

    def leave(self) -> None:
        """As VmssTui does, without asking."""
        self.exit()

    def open(self, destination: Destination) -> None:
        """As VmssTui does, without the screen."""
        self.opened.append(destination)

    def back(self) -> None:
        """As VmssTui does."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def go_to(self, mode: str) -> None:
        """There is only one mode."""

    async def show(self, screen: Screen[None]) -> None:
        """Put a screen on top."""
        await self.push_screen(screen)
