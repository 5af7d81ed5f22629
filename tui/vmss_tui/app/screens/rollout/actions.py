"""The keys of a rollout of one set beside the verbs: decisions, earlier versions, and the controls of a replay."""

from vmss_tui.app.screens.rollout.controller import RolloutController
from vmss_tui.app.screens.verb_actions import VerbActions


class RolloutActions(VerbActions):
    """A screen around a `RolloutController`."""

    controller: RolloutController

    def do_decide(self) -> None:
        """Decide about a failure."""
        self.perform(self.controller.decide())

    def do_undo_to(self) -> None:
        """Back to an earlier version, from a list."""
        self.perform(self.controller.undo_to())

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
