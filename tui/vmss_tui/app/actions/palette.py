"""The command palette: every action of the present screen, and a jump to any scale set, rollout or profile.

Generated from the action table and from what is known; asks Azure nothing.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from vmss_tui import text
from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.jumps import Jump, jumps, typed
from vmss_tui.app.actions.table import actions_at
from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.shell import OpenScaleSet, Shell

_RECENT = 5

_Entry = tuple[str, str, IgnoreReturnCallbackType]
"""The title that is searched and shown, its help, and the call."""


class ActionCommands(Provider):
    """The actions of this screen, each with the reason where it is not possible."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for name, help_text, run in self._entries():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches: a name by its letters, a help text, which is long, by what it contains."""
        matcher, words = self.matcher(query), query.strip().lower()
        for name, help_text, run in self._entries():
            score = max(matcher.match(name), 0.8 if words in help_text.lower() else 0.0)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

    def _entries(self) -> Iterator[_Entry]:
        screen = self.screen
        if not isinstance(screen, BaseScreen):
            return
        state = screen.action_state()
        for action in actions_at(screen.place):
            if action.id == "app.palette":
                continue
            reason = action.refusal(state)
            help_text = action.help if reason is None else f"not now: {reason}"
            yield f"{action.label}  ({shown(action.keys[0])})", help_text, partial(screen.action_do, action.id)


class RecentHit(DiscoveryHit):
    """A place of before, listed above the actions."""

    @property
    def score(self) -> float:
        """The palette lists by score; an action has none before anything is typed."""
        return 1.0


class JumpCommands(Provider):
    """Go anywhere: screens, scale sets, rollouts, profiles, tenants, subscriptions, clouds, credentials."""

    _jumps: tuple[Jump, ...] = ()

    async def startup(self) -> None:
        """Read the names once: journal and profiles are files."""
        self._jumps = tuple(jumps(cast(Shell, self.app)))

    async def discover(self) -> Hits:
        """The scale sets that were opened last, before anything is typed."""
        shell = cast(Shell, self.app)
        for target in shell.last_place.recent_sets[:_RECENT]:
            yield RecentHit(
                text.plain(target.name),
                partial(shell.open, OpenScaleSet(target)),
                help=text.plain(f"opened recently, in {target.group}"),
            )

    async def search(self, query: str) -> Hits:
        """What matches; words that name nothing known last."""
        shell = cast(Shell, self.app)
        matcher = self.matcher(query)
        for jump in self._jumps:
            score = 2.0 if jump.name.lower() == query.lower().strip() else matcher.match(jump.name)
            if score > 0:
                yield Hit(score, matcher.highlight(jump.name), _callback(jump), help=jump.about)
        if (unknown := typed(shell, query)) is not None:
            yield Hit(0.1, unknown.name, _callback(unknown), help=unknown.about)


def _callback(jump: Jump) -> Callable[[], None]:
    def go() -> None:
        jump.go()

    return go
