"""The command palette: every action of the present screen, and a jump to any scale set, rollout or profile.

Generated from the action table and from what is known; asks Azure nothing.
"""

from collections.abc import Iterator
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from vmss_tui import text
from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.table import actions_at
from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.shell import OpenRollout, OpenScaleSet, Shell
from vmss_tui.errors import VmssTuiError

_Entry = tuple[str, str, IgnoreReturnCallbackType]
"""What is searched and shown, what it does, how."""


class ActionCommands(Provider):
    """What can be done on this screen, with the reason where it cannot."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for name, help_text, run in self._entries():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for name, help_text, run in self._entries():
            score = max(matcher.match(name), matcher.match(help_text) * 0.8)
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


class JumpCommands(Provider):
    """Go to a scale set or a rollout by its name."""

    async def search(self, query: str) -> Hits:
        """What matches, at most thirty of each kind."""
        matcher = self.matcher(query)
        for name, help_text, run in self._entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

    def _entries(self) -> Iterator[_Entry]:
        shell = cast(Shell, self.app)
        if shell.fleet is not None:
            for entry in shell.fleet.entries:
                where = f"scale set in {entry.subscription.name} / {entry.id.group}"
                yield text.plain(entry.scale_set.name), text.plain(where), partial(shell.open, OpenScaleSet(entry.id))
        try:
            rollouts = shell.session.journal().rollouts(limit=50)
        except VmssTuiError:
            return
        for header in rollouts:
            name = f"rollout {header.id} {header.target.name}"
            yield (
                text.plain(name),
                text.plain(f"{header.stage.value}, {header.label}"),
                partial(shell.open, OpenRollout(header.id)),
            )
