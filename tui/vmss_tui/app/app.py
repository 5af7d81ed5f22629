"""The app: modes, theme, sign-in, signals. Screens do the rest.

Owns which screen is where; starts nothing that changes Azure.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.command import Provider
from textual.screen import Screen

from vmss_tui.app import compat
from vmss_tui.app.actions.rebinding import rebind
from vmss_tui.app.effects import Question
from vmss_tui.app.places.favorites import Favorites
from vmss_tui.app.places.start import StartAt, leaving_question, parting_words
from vmss_tui.app.rollout_alerts import RolloutAlerts
from vmss_tui.app.running_rollouts import RunningRollouts, to_check
from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.session import Account, Session
from vmss_tui.app.shell import Destination, OpenRollout, OpenScaleSet, OpenWaves
from vmss_tui.app.styles import themes
from vmss_tui.app.styles.skins import read_skins
from vmss_tui.app.terminal.job import JobApp
from vmss_tui.app.terminal.keyboard import ignore_bad_input
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.errors import JournalUnavailable, VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.text import needs_ascii, readable

if TYPE_CHECKING:
    from vmss_tui.journal.store import RolloutHeader

ALERT_SECONDS = 2.0
"""Between two checks of the journal for rollouts that need a person."""


def _rollouts() -> Screen[None]:
    """The screen of the second mode; imported on the first visit, not before the first frame."""
    from vmss_tui.app.screens.rollout.history import RolloutsScreen

    return RolloutsScreen()


def _profiles() -> Screen[None]:
    """The screen of the third mode, imported in the same way."""
    from vmss_tui.app.screens.profiles.profiles import ProfilesScreen

    return ProfilesScreen()


def _actions() -> type[Provider]:
    """What the palette offers; imported with the palette."""
    from vmss_tui.app.actions.palette import ActionCommands

    return ActionCommands


def _jumps() -> type[Provider]:
    """Where the palette leads, imported in the same way."""
    from vmss_tui.app.actions.palette import JumpCommands

    return JumpCommands


class VmssTui(JobApp):
    """The terminal app over a session."""

    TITLE = "vmss-tui"
    CSS_PATH: ClassVar = ["styles/base.tcss", "styles/lists.tcss"]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "fleet": FleetScreen,
        "rollouts": _rollouts,
        "profiles": _profiles,
    }
    DEFAULT_MODE = "fleet"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_actions, _jumps}

    def __init__(
        self,
        session: Session,
        *,
        start_at: StartAt | None = None,
        log_file: str = "",
        favorites: Favorites | None = None,
        as_typed: Callable[[str], str] = str,
    ) -> None:
        """`as_typed` makes of the commands that a text suggests what one has to type here."""
        compat.paint_only_what_differs()
        ignore_bad_input()
        no_color = compat.sane_no_color(os.environ, os.environ.pop)
        super().__init__(session, ansi_color=True if no_color else None)
        compat.paint_only_what_is_visible(self)
        self.start_at = start_at or StartAt()
        self.log_file = log_file
        self.as_typed = as_typed
        self.favorites = favorites or Favorites.default()
        self.label_of = VersionLookup(session.journal, session.profiles, session.clock)
        self.running = RunningRollouts(session.journal)
        self._alerts = RolloutAlerts(session.clock.now())
        self.ascii_signs = needs_ascii(os.environ)
        if self.ascii_signs:
            compat.use_ascii(self)
        self._theme_problem = self._use_theme(themes.choose(os.environ))
        self.set_keymap(rebind(session.lists.keys))
        self._forget_signals: Callable[[], None] = lambda: None

    def _use_theme(self, wanted: str) -> str:
        """Register every theme and use one; what is wrong with the user's own ones, in a sentence."""
        skins = read_skins()
        for theme in (*themes.THEMES, *skins.themes):
            self.register_theme(theme)
        known = wanted in self.available_themes
        self.theme = wanted if known else themes.DARK.name
        return next(iter(skins.problems), "" if known else f"there is no theme {wanted}")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for themes that do not know them."""
        return {**super().get_theme_variable_defaults(), **themes.DEFAULTS}

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Handle signals; go where the command line asked; sign in once the first frame is painted."""
        self._forget_signals = compat.on_signals(self, self.remember)
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """Leave no signal handler behind."""
        self._forget_signals()

    def check_rollouts(self) -> None:
        """Show alerts of rollouts that need a person or have ended, on any screen."""
        self.running.refresh()
        with contextlib.suppress(JournalUnavailable):
            journal = self.session.journal()
            leases = journal.leases()

            def alive(rollout: str) -> bool:
                return rollout in leases and leases[rollout].alive

            for alert in self._alerts.check(to_check(journal, self._alerts.unfinished), alive):
                compat.notify_desktop(self, alert.text, os.environ)
                if getattr(self.screen, "rollout", "") != alert.rollout:
                    self._say(f"{alert.text} (rollout {alert.rollout})", alert.role)

    def _begin(self) -> None:
        start = self.start_at = self.where_to_start(self.start_at)
        if start.mode != self.DEFAULT_MODE:
            self.switch_mode(start.mode)
        if start.scale_set is not None:
            self.open(OpenScaleSet(start.scale_set))
        if start.rollout:
            self.open(self._destination_of(start.rollout, start.speed))
        self.sign_in()
        if self._theme_problem:
            self._say(self._theme_problem, Role.WARN)
        self._watch_rollouts()

    @work(group="rollouts", exit_on_error=False)
    async def _watch_rollouts(self) -> None:
        """Check them from now on; the reader of the journal is imported beside the loop."""
        await asyncio.to_thread(import_module, "vmss_tui.journal.store")
        self.check_rollouts()
        self.set_interval(ALERT_SECONDS, self.check_rollouts)

    def _destination_of(self, rollout: str, speed: float | None) -> Destination:
        """Where a rollout is shown: one over several sets has a screen of its own."""
        with contextlib.suppress(VmssTuiError):
            if self.session.journal().waves.has(rollout):
                return OpenWaves(rollout)
        return OpenRollout(rollout, speed)

    # -- what screens share -------------------------------------------------------------------------------------

    def copy(self, words: str, what: str) -> None:
        """Put text on the clipboard by OSC 52 and say so; show it where the terminal has no clipboard."""
        if not (self.is_web or self.is_headless) and not compat.takes_osc(os.environ):
            self._say(f"this terminal has no clipboard; {what}: {words}", Role.WARN)
            return
        if len(words.encode()) > compat.CLIPBOARD_BYTES:
            self._say(f"{what} is too long for a terminal's clipboard", Role.WARN)
            return
        self.copy_to_clipboard(words)
        self._say(f"copied {what}")

    # -- where to go --------------------------------------------------------------------------------------------

    def go_to(self, mode: str) -> None:
        """Show the list of a mode; when it is shown already, what was open above it."""
        here = mode == self.current_mode
        if not here:
            self.switch_mode(mode)
        home = self._home()
        if home is None:
            return
        if here and self.screen is home:
            compat.lower_screen(self, home)
        elif self.screen is not home:
            beneath = self.screen
            compat.raise_screen(self, home)
            if isinstance(beneath, BaseScreen):
                home.flash(f"{key_hint('app.back')} returns to {beneath.crumbs()[-1]}")

    def show_profile(self, name: str) -> None:
        """Show the list of profiles with the cursor on one."""
        self.go_to("profiles")
        home = self._home()
        if isinstance(home, ListScreen):
            self.call_after_refresh(home.put_cursor_on, name)

    def back(self) -> None:
        """Close the top screen; from a list that lies over what was open, return to that."""
        home = self._home()
        if home is not None and self.screen is home:
            compat.lower_screen(self, home)
        elif len(self.screen_stack) > 1:
            self.pop_screen()

    def refuse_paste(self, length: int) -> None:
        """Say why nothing was pasted."""
        self._say(f"not pasted: {length:,} characters (limit {compat.LONGEST_PASTE:,})", Role.WARN)

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def switch(self, account: Account) -> None:
        """Sign in otherwise, from the list of scale sets; ask first if unsaved work would be lost."""
        screens = [screen for stack in self._stacks() for screen in stack if isinstance(screen, BaseScreen)]
        losses = tuple(loss for screen in screens if (loss := screen.may_leave()))
        question = Question(
            title=f"{account.title}?", yes="Sign in", details=tuple(((it, Role.WARN),) for it in losses)
        )
        if losses and not await self._confirmed(question):
            return
        try:
            await self.use_account(account)
        except VmssTuiError as error:
            self._say(error.in_one_line, Role.BAD)
            return
        self.go_home()

    def go_home(self) -> None:
        """The list of scale sets, and nothing over it."""
        if self.current_mode != "fleet":
            self.switch_mode("fleet")
        home = self._home()
        if home is not None:
            compat.lower_screen(self, home)
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # -- leaving ------------------------------------------------------------------------------------------------

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def leave(self) -> None:
        """Quit; ask first if unsaved work would be lost or rollouts would continue without this window."""
        screens = [screen for stack in self._stacks() for screen in stack if isinstance(screen, BaseScreen)]
        losses = [loss for screen in screens if (loss := screen.may_leave())]
        running = self.running_rollouts()
        question = leaving_question(losses, len(running), self.as_typed("`vmss-tui attach`"))
        if question is None or await self._confirmed(question):
            self.remember()
            words = [line for screen in screens for line in screen.parting()]
            others = [header for header in running if not any(header.id in line for line in words)]
            words += [parting_words(others)] if others else []
            self.exit(return_code=0, message=Text(readable(self.as_typed("\n".join(words)))) if words else None)

    async def _confirmed(self, question: Question) -> bool | None:
        from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen

        return await self.push_screen_wait(ConfirmScreen(question))

    def running_rollouts(self) -> "tuple[RolloutHeader, ...]":
        """Rollouts that are not over; none when the journal cannot be read."""
        with contextlib.suppress(JournalUnavailable):
            return self.session.journal().unfinished()
        return ()

    async def action_quit(self) -> None:
        """Ctrl+q: the same as q."""
        self.leave()

    def action_help_quit(self) -> None:
        """Ctrl+c: say how to leave."""
        self._say(f"press {key_hint('app.quit')} to quit")
