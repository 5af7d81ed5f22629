"""The files of a plan, each fetched once while its form is open. Must not import Textual."""

from collections.abc import Callable, Sequence

from vmss_tui.app.effects import Effects, Later, Work
from vmss_tui.engine.pinned_files import fetch_pins
from vmss_tui.ports import FilePin, PinsFiles


class PlanFiles:
    """What is known of files by their addresses."""

    def __init__(self, plan_after: float) -> None:
        """`plan_after`: seconds from an answer to the next plan."""
        self._pins: dict[str, FilePin] = {}
        self._fetching = False
        self._plan_after = plan_after

    def forget(self) -> None:
        """Fetch every file again."""
        self._pins.clear()

    def keep(self, pins: Sequence[FilePin]) -> None:
        """Remember files that were fetched."""
        self._pins.update({pin.uri: pin for pin in pins})

    def of(self, uris: Sequence[str]) -> tuple[FilePin, ...]:
        """Those of some files that were fetched."""
        return tuple(self._pins[uri] for uri in uris if uri in self._pins)

    def fetch_new(self, uris: Sequence[str], azure: PinsFiles | None, planned: Callable[[], Effects]) -> Effects:
        """Fetch the files that were not fetched yet, then plan again; one fetch at a time."""
        unknown = tuple(uri for uri in uris if uri not in self._pins and uri.startswith("https://"))
        if not unknown or azure is None or self._fetching:
            return ()
        self._fetching = True

        async def fetch() -> Effects:
            try:
                self.keep(await fetch_pins(azure, unknown))
            finally:
                self._fetching = False
            return (Later("plan", self._plan_after, planned),)

        return (Work(group="files", job=fetch),)
