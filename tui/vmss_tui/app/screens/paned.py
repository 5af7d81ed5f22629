"""A screen that shows more about its subject at the right, where the terminal is wide enough.

The pane lies on a layer of its own and is mounted when there is room for it: a narrow terminal pays nothing for it.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.widgets.cells import LIST_SHARE, PANE_FROM
from vmss_tui.app.widgets.pane import SidePane
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line

_FRAME = 3
"""Lines of header, status and keys, which keep the whole width."""
_BURST_SECONDS = 0.05
"""How long the pane waits for further keys."""


class PanedScreen(BaseScreen):
    """A screen with a pane, when `has_pane`."""

    has_pane: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._pane_is_due = False

    def beside(self, cells: int, rows: int) -> Sequence[Line]:
        """The content of the pane; override."""
        return ()

    def redraw(self) -> None:
        """Show everything as it is now; override."""

    def pane(self) -> Iterable[Widget]:
        """The pane at the first frame, where there is room for it."""
        if self._pane_fits(self.app.size.width):
            self.add_class("-paned")
            yield self._new_pane(self.app.size.height)

    @property
    def list_width(self) -> int:
        """Cells beside the pane."""
        return self.size.width * LIST_SHARE // 100 if self.has_class("-paned") else self.size.width

    def reload_pane(self) -> None:
        """Show more about the subject as it is now."""
        for pane in self.query("#pane").results(SidePane):
            pane.reload()

    def reload_pane_soon(self) -> None:
        """The same after a key was painted, and once for a burst of keys."""
        if self._pane_is_due or not self.has_class("-paned"):
            return
        self._pane_is_due = True

        def reload() -> None:
            self._pane_is_due = False
            if self.is_attached:
                self.reload_pane()

        self.set_timer(_BURST_SECONDS, reload)

    def on_resize(self) -> None:
        """The pane comes and goes with the room for it."""
        self._settle_pane()

    def do_pane(self) -> None:
        """Show the pane, or hide it."""
        if self.size.width < PANE_FROM:
            self.flash(f"the pane needs {PANE_FROM} columns: this terminal has {self.size.width}", Role.WARN)
            return
        self.shell.last_place.pane = not self.shell.last_place.pane
        self._settle_pane()

    def _new_pane(self, height: int) -> SidePane:
        pane = SidePane(self.beside, id="pane")
        pane.styles.height = height - _FRAME
        return pane

    def _pane_fits(self, width: int) -> bool:
        return self.has_pane and self.shell.last_place.pane and width >= PANE_FROM

    def _settle_pane(self) -> None:
        fits = self._pane_fits(self.size.width)
        if fits and not self.query("#pane"):
            self.mount(self._new_pane(self.size.height))
        for pane in self.query("#pane"):
            pane.styles.height = self.size.height - _FRAME
        if fits != self.has_class("-paned"):
            self.set_class(fits, "-paned")
            self.call_after_refresh(self.redraw)
