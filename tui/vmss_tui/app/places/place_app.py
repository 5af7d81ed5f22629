"""The part of the app that returns to where a person was, and opens what the command line names."""

from functools import partial

from textual.screen import Screen

from vmss_tui.app import compat
from vmss_tui.app.account_app import AccountApp
from vmss_tui.app.messages import FleetArrived
from vmss_tui.app.places.last_place import keep_last_place
from vmss_tui.app.places.start import StartAt, named
from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.shell import Destination, OpenScaleSet
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.presentation.glyphs import Role

_SOON_SECONDS = 0.1
"""Until a screen that was opened is looked at again."""


class PlaceApp(AccountApp):
    """An app that remembers its last place."""

    start_at: StartAt
    label_of: VersionLookup

    def open(self, destination: Destination) -> None:
        """Show a screen on top of the present one."""
        if isinstance(destination, OpenScaleSet):
            self.last_place.visit(destination.target)
        from vmss_tui.app.screens.destinations import screen_of

        self.push_screen(screen_of(destination, self.session, lambda: self.connection, self.label_of.names))

    def where_to_start(self, asked: StartAt) -> StartAt:
        """What the command line asks for; without that the last place, where the configuration restores it."""
        last = self.last_place
        known = named(self.fleet, asked.name) if asked.name and self.fleet is not None else ()
        if len(known) == 1:
            return StartAt(scale_set=known[0])
        if asked != StartAt() or not self.session.lists.restore or last.mode not in self.MODES:
            return asked
        return StartAt(mode=last.mode, scale_set=last.target if last.opened else None)

    def remember(self) -> None:
        """Keep where the person is for the next start; nothing of a guest."""
        if self.session.guest:
            return
        screens = [screen for stack in self._stacks() for screen in stack]
        for screen in screens:
            if isinstance(screen, FleetScreen):
                screen.remember()
        last, target = self.last_place, getattr(self.screen, "target", None)
        last.mode, last.opened = self.current_mode, isinstance(target, ScaleSetId)
        if isinstance(target, ScaleSetId):
            last.scale_set = str(target)
            last.subscription_title = self.subscription_title(target.subscription)
            last.subscription = target.subscription
        keep_last_place(self.session.cloud.name, last)

    def on_fleet_arrived(self, message: FleetArrived) -> None:
        """Open the scale set that the command line names, once the list knows it."""
        name = self.start_at.name
        if not name or not message.snapshot.listed:
            return
        self.start_at = StartAt()
        found = named(message.snapshot, name)
        if len(found) == 1:
            self.open(OpenScaleSet(found[0]))
            return
        home = self._home()
        if found and isinstance(home, ListScreen):
            home.query_one(FilterBar).set_value(name.rpartition("/")[2])
        words = f"{len(found)} scale sets are named {name}: choose one" if found else f"no scale set is named {name}"
        self._say(words, Role.WARN)

    def _home(self) -> BaseScreen | None:
        """The list of the present mode."""
        screens = [screen for screen in self.screen_stack if isinstance(screen, BaseScreen)]
        return next((screen for screen in screens if screen.is_home), None)

    def _say(self, words: str, role: Role = Role.PLAIN) -> None:
        screen = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, BaseScreen)), None)
        if screen is None:
            return
        if screen.is_mounted:
            screen.flash(words, role)
        else:  # it was opened a moment ago and has no status line yet
            self.set_timer(_SOON_SECONDS, partial(self._say, words, role))

    def _stacks(self) -> list[list[Screen[object]]]:
        return compat.screen_stacks(self)
