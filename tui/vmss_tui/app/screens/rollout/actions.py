"""What the keys of a rollout ask of its controller: the record, the verbs, and the controls of a replay."""

from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.screens.rollout.controller import RolloutController
from vmss_tui.engine.followup import Followup


class RolloutActions(ListScreen):
    """A screen around a `RolloutController`."""

    controller: RolloutController

    def do_report(self) -> None:
        """The report for the change ticket."""
        self.perform(self.controller.report())

    def do_raw(self) -> None:
        """Every event as JSON."""
        self.perform(self.controller.raw())

    def do_pause(self) -> None:
        """Pause or resume."""
        self.perform(self.controller.pause_or_resume())

    def do_approve(self) -> None:
        """Let the next batch start."""
        self.perform(self.controller.ask("approve"))

    def do_decide(self) -> None:
        """Decide what becomes of a failure."""
        self.perform(self.controller.decide())

    def do_cancel(self) -> None:
        """Stop the rollout."""
        self.perform(self.controller.ask("cancel"))

    def do_schedule(self) -> None:
        """Another time for a scheduled start."""
        self.perform(self.controller.reschedule())

    def do_retry(self) -> None:
        """Once more for what failed."""
        self.perform(self.controller.follow_up(Followup.RETRY))

    def do_undo(self) -> None:
        """Back to the version from before."""
        self.perform(self.controller.follow_up(Followup.UNDO))

    def do_undo_to(self) -> None:
        """Back to an earlier version, from a list."""
        self.perform(self.controller.undo_to())

    def do_resume(self) -> None:
        """A new runner."""
        self.perform(self.controller.resume())

    def do_replay(self) -> None:
        """The recording so far, from its first event."""
        self.perform(self.controller.play_again())

    def do_hold(self) -> None:
        """Hold the replay, or continue it."""
        self.perform(self.controller.hold())

    def do_earlier(self) -> None:
        """A twentieth of the replay back."""
        self.perform(self.controller.step(-1))

    def do_later(self) -> None:
        """A twentieth of the replay forward."""
        self.perform(self.controller.step(1))

    def do_failure(self) -> None:
        """To the next failure of the replay."""
        self.perform(self.controller.next_failure())

    def do_jump(self) -> None:
        """To a time of day."""
        self.perform(self.controller.jump())

    def do_faster(self) -> None:
        """Twice as fast."""
        self.perform(self.controller.change_speed(2))

    def do_slower(self) -> None:
        """Half as fast."""
        self.perform(self.controller.change_speed(0.5))
