"""What every full screen shares: header, status line, keys, one timer, and the way from an action to its method.

A screen sets `place` and `BINDINGS = bindings_at(place)`, yields its middle in `body`, and has a method `do_<verb>`
for each action of its place. It gets data by messages only.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from vmss_tui.app import compat
from vmss_tui.app.actions.action import Action, ActionState, Place, ReadOnly
from vmss_tui.app.actions.table import action, actions_at
from vmss_tui.app.effects import Sheet, Show
from vmss_tui.app.screens.effect_screen import EffectScreen
from vmss_tui.app.widgets.header import Header
from vmss_tui.app.widgets.keybar import KeyBar
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.app.widgets.statusline import StatusLine
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, HeaderInfo
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Line
from vmss_tui.text import wrap

_LEAST = (60, 16)
_WIDTHS = [(0, "-tiny"), (_LEAST[0], "-narrow"), (100, "-wide")]
_HEIGHTS = [(0, "-flat"), (_LEAST[1], "-low"), (30, "-tall"), (48, "-high")]


def _too_small(width: int) -> Sequence[Line]:
    words = f"This terminal is too small: vmss-tui needs {_LEAST[0]} x {_LEAST[1]} cells."
    return tuple(((part, Role.WARN),) for part in wrap(words, max(8, width)))


def _classes_for(width: int, height: int) -> dict[str, bool]:
    """The classes that a first resize would set; set before there are widgets, they need not be styled twice."""
    found: dict[str, bool] = {}
    for cells, steps in ((width, _WIDTHS), (height, _HEIGHTS)):
        fitting = [name for least, name in steps if cells >= least]
        found |= {name: name == fitting[-1] for _, name in steps}
    return found


_ROOTS = (Place.FLEET, Place.ROLLOUTS, Place.PROFILES)


class BaseScreen(EffectScreen):
    """A full screen of the app."""

    place: ClassVar[Place]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    def compose(self) -> ComposeResult:
        """Header, the screen's own middle, status line, keys."""
        self.update_classes(_classes_for(*self.app.size), update=False)
        yield Lines(_too_small, id="too-small")
        yield Header(id="header")
        yield from self.body()
        yield StatusLine(id="status")
        yield KeyBar(self.footer_actions(), id="keys")

    # -- what a screen fills in ---------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The widgets between header and status line."""
        return ()

    def crumbs(self) -> tuple[str, ...]:
        """The breadcrumb, outermost first."""
        return ("vmss-tui",)

    def note(self) -> str:
        """A remark after the breadcrumb."""
        return ""

    def warning(self) -> str:
        """The part before the note, shown at every width."""
        return ""

    def freshness(self) -> Freshness:
        """How old what is shown is."""
        return Freshness()

    def action_state(self) -> ActionState:
        """What actions are judged by now."""
        return self.general_state()

    def tick(self) -> None:
        """Once a second (less often over a thin line) while the screen is on top; override and call the parent's."""
        self.status.tick(self.now)
        self.refresh_header()

    def may_leave(self) -> str:
        """Why leaving the program now would lose something; empty when it would not."""
        return ""

    def parting(self) -> tuple[str, ...]:
        """Lines for the terminal when the program has been left from here; none for most screens."""
        return ()

    @property
    def is_home(self) -> bool:
        """Whether this is the list of a mode."""
        return self.place in _ROOTS

    # -- what a screen uses -------------------------------------------------------------------------------------

    def general_state(self) -> ActionState:
        """The action state that any screen has: read-only, offline; screens `replace` the rest."""
        return ActionState(
            read_only=self.read_only(),
            guest=self.shell.session.guest,
            offline=self.shell.connection.reason,
            no_runner=self.shell.session.runner_refusal(),
            typing=self.typing(),
        )

    def typing(self) -> tuple[tuple[str, str], ...] | None:
        """The keys of the text that is being typed; None while single characters are keys of the screen."""
        return () if isinstance(self.focused, Input) else None

    def read_only(self) -> ReadOnly | None:
        """Why nothing may be changed from this screen; None when it may."""
        return self.shell.rights.read_only(self.subject_set())

    def subject_set(self) -> ScaleSetId | None:
        """The scale set that this screen is about; None for a list of several."""
        return None

    def footer_actions(self) -> tuple[Action, ...]:
        """What the bottom line offers."""
        hidden = {"app.back"} if self.is_home else set()
        return tuple(action for action in actions_at(self.place) if action.id not in hidden)

    def age_of(self, taken_at: datetime | None, *, failing: bool = False) -> Freshness:
        """Freshness of something that Azure said at `taken_at`."""
        session = self.shell.session
        age = None if taken_at is None else (session.clock.now() - taken_at).total_seconds()
        return Freshness(age_seconds=age, expected_seconds=session.cloud.idle_seconds, failing=failing)

    def refresh_header(self) -> None:
        """Update the header with connection, identity and quota."""
        shell = self.shell
        quota = shell.connection.azure.quota() if shell.connection.azure is not None else None
        reads_only = self.read_only()
        until = quota.throttled_until if quota is not None else None
        self.query_one("#header", Header).info = HeaderInfo(
            crumbs=self.crumbs(),
            note=self.note(),
            warning=self.warning(),
            identity=shell.connection.identity,
            freshness=self.freshness(),
            share=quota.share if quota is not None else None,
            throttled=until is not None and until > shell.session.clock.now(),
            read_only=reads_only is not None,
            read_only_why=reads_only.short if reads_only is not None else "",
            cloud="" if shell.session.cloud.name in ("", "public", "azure") else shell.session.cloud.name,
        )

    def refresh_keys(self) -> None:
        """Judge the keys again."""
        self.query_one("#keys", KeyBar).judge(self.action_state())

    def refresh_frame(self) -> None:
        """Header and keys."""
        self.refresh_header()
        self.refresh_keys()

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start the one timer."""
        self._timer = self.set_interval(self.shell.tick_seconds, self.tick)
        self.shell.connection_changed.subscribe(self, lambda _: self._connection_came())
        self.refresh_frame()

    def connection_changed(self) -> None:
        """Signing in came further; override and call the parent's."""
        self.refresh_frame()

    def _connection_came(self) -> None:
        if self.on_top:
            self.connection_changed()

    @property
    def on_top(self) -> bool:
        """Whether no other full screen lies over this one."""
        stack = self.app.screen_stack
        return next((screen for screen in reversed(stack) if isinstance(screen, BaseScreen)), None) is self

    def covered(self) -> None:
        """Another full screen lies on top: stop reading; override."""

    def uncovered(self) -> None:
        """Back on top (also at the start): read again; override."""

    def is_working(self, group: str) -> bool:
        """Whether a worker of this group runs on this screen."""
        return any(worker.group == group and worker.node is self and not worker.is_finished for worker in self.workers)

    def on_descendant_focus(self) -> None:
        """Other keys work in a text than beside it."""
        self.refresh_keys()

    def on_screen_suspend(self) -> None:
        """Nothing ticks under another screen; under a question or a sheet data still comes."""
        self._timer.pause()
        if not isinstance(self.app.screen, ModalScreen):
            self.covered()

    def on_screen_resume(self) -> None:
        """Back on top."""
        self._timer.resume()
        self.uncovered()
        self.refresh_frame()

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """A worker that broke is said and logged; what it did stops."""
        error = message.worker.error
        if message.state is WorkerState.ERROR and error is not None:
            self.flash(compat.unexpected(error, self.shell.log_file), Role.BAD)

    # -- actions ------------------------------------------------------------------------------------------------

    def action_do(self, action_id: str) -> None:
        """Carry out an action of the table, or say why not."""
        wanted = action(action_id)
        reason = wanted.refusal(self.action_state())
        if reason is not None:
            self.flash(f"{wanted.label}: {reason}", Role.WARN)
            return
        getattr(self, f"do_{wanted.verb}")()

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A click on a key."""
        self.action_do(message.action_id)

    def do_fleet(self) -> None:
        """Go to Fleet."""
        self.shell.go_to("fleet")

    def do_rollouts(self) -> None:
        """Go to Rollouts."""
        self.shell.go_to("rollouts")

    def do_profiles(self) -> None:
        """Go to Profiles."""
        self.shell.go_to("profiles")

    def do_back(self) -> None:
        """Close this screen when there is another below it."""
        self.close()

    def do_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    def do_help(self) -> None:
        """Show the keys of this screen."""
        from vmss_tui.app.screens.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.place, self.action_state()))

    def do_sign_in(self) -> None:
        """Choose how to sign in."""
        from vmss_tui.app.screens.sign_in import sign_in_menu

        self.perform(sign_in_menu(self.shell.session.credentials()))

    def do_aliases(self) -> None:
        """The words that `:` knows."""
        from vmss_tui.app.actions.jumps import WORDS

        rows = tuple(((f" {word:<14}", Role.ACCENT), (about, Role.PLAIN)) for word, about in WORDS.items())
        self.perform((Show(f"Words after {key_hint('app.palette')}", Sheet(lambda width: rows)),))

    def do_quit(self) -> None:
        """Leave, asking first if unsaved work would be lost or something continues in the background."""
        self.shell.leave()
