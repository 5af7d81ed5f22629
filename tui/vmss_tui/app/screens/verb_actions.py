"""A rollout on screen, of one set or over several: its verbs, its report and log, and who watches it."""

from typing import Protocol

from textual import work

from vmss_tui.app.effects import Effects
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.screens.rollout.presence import RolloutPresence
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.engine.followup import Followup


class VerbController(Protocol):
    """The controller of a rollout of any kind; the verbs return effects for the screen."""

    rollout: str
    presence: RolloutPresence

    def pause_or_resume(self) -> Effects:
        """The one that makes sense now."""

    def ask(self, verb: Verb) -> Effects:
        """Confirm a verb, then put it into the journal."""

    def reschedule(self) -> Effects:
        """Another time for a scheduled start."""

    def follow_up(self, followup: Followup) -> Effects:
        """Retry or undo: plan it, ask, start it."""

    def resume(self) -> Effects:
        """A new process for one whose own is gone."""

    def report(self) -> Effects:
        """The report for the change ticket."""

    def raw(self) -> Effects:
        """The log as JSON."""


class VerbActions(ListScreen):
    """A screen around a `VerbController`."""

    controller: VerbController

    @property
    def rollout(self) -> str:
        """The rollout's id."""
        return self.controller.rollout

    @work(group="presence", exclusive=True, exit_on_error=False)
    async def show_presence(self) -> None:
        """Show others that this person watches the rollout, and say who else does."""
        through = Through.BROWSER if self.app.is_web else Through.APP
        await self.controller.presence.show_presence(
            self.rollout, through, lambda who: self.flash(f"{who} is also watching")
        )

    def do_pause(self) -> None:
        """Pause or resume."""
        self.perform(self.controller.pause_or_resume())

    def do_approve(self) -> None:
        """Approve the batch or the wave that waits."""
        self.perform(self.controller.ask(Verb.APPROVE))

    def do_cancel(self) -> None:
        """Cancel the rollout."""
        self.perform(self.controller.ask(Verb.CANCEL))

    def do_schedule(self) -> None:
        """Another time for a scheduled start."""
        self.perform(self.controller.reschedule())

    def do_retry(self) -> None:
        """Retry the failed instances or sets."""
        self.perform(self.controller.follow_up(Followup.RETRY))

    def do_undo(self) -> None:
        """Roll back to the earlier version."""
        self.perform(self.controller.follow_up(Followup.UNDO))

    def do_resume(self) -> None:
        """Start a new runner or coordinator."""
        self.perform(self.controller.resume())

    def do_report(self) -> None:
        """The report for the change ticket."""
        self.perform(self.controller.report())

    def do_raw(self) -> None:
        """The log as JSON."""
        self.perform(self.controller.raw())
