"""What a person can do with a replay: hold it, change its speed, move in it. Must not import Textual."""

import asyncio
from datetime import datetime, time, timedelta

from vmss_tui.app.effects import AskText, Effects, Repaint, Say, Work
from vmss_tui.app.screens.rollout.replay import Replay
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.log import LogLine


class ReplayControls:
    """The part of a rollout's controller that moves its replay; without a replay nothing happens."""

    replay: Replay | None
    state: RolloutState
    log_lines: list[LogLine]

    def hold(self) -> Effects:
        """Hold the replay, or continue it."""
        if self.replay is None:
            return ()
        self.replay.hold()
        return (Say("replay on hold" if self.replay.held else "replay continues"), Repaint())

    @property
    def has_more(self) -> bool:
        """Whether a replay that ended is to be played again, since its position was changed."""
        return self.replay is not None and self.replay.complete and not self.replay.ended

    def step(self, ways: int) -> Effects:
        """A twentieth of the replay forward or back."""
        return self.seek(self.replay.step(ways)) if self.replay is not None else ()

    def seek(self, moment: datetime) -> Effects:
        """Show the replay at another moment."""
        if self.replay is None:
            return ()
        if self.replay.seek(moment):
            self.state, self.log_lines = RolloutState(), []
        return (Say(f"replay at {self.replay.now.astimezone():%H:%M:%S}"), Repaint())

    def next_failure(self) -> Effects:
        """Move on to where the next instance, batch or gate fails, and hold."""
        replay = self.replay
        if replay is None:
            return ()

        async def find() -> Effects:
            await asyncio.to_thread(replay.find_failures)
            now = replay.now
            found = next((at for at in replay.failures if at > now), None)
            if found is None:
                return (Say("nothing fails after this moment", Role.WARN), Repaint())
            if not replay.held:
                replay.hold()
            return self.seek(found)

        return (Work(group="seek", job=find, local=True),)

    def jump(self) -> Effects:
        """Ask for a time of day and show the replay there."""
        if self.replay is None:
            return ()
        start = self.replay.position.start

        def answered(text: str | None) -> Effects:
            if not text:
                return ()
            try:
                clock = time.fromisoformat(text.strip())
            except ValueError:
                return (Say(f"{text!r} is not a time of day: write 22:04 or 22:04:30", Role.WARN),)
            moment = datetime.combine(start.astimezone().date(), clock).astimezone()
            return self.seek(moment if moment >= start.replace(second=0) else moment + timedelta(days=1))

        here = f"{self.replay.now.astimezone():%H:%M:%S}"
        return (AskText("Show the replay at (22:04 or 22:04:30):", here, answered),)

    def change_speed(self, factor: float) -> Effects:
        """Play the replay `factor` times faster."""
        if self.replay is None:
            return ()
        self.replay.change_speed(factor)
        return (Say(f"replay speed ×{self.replay.speed:g}"), Repaint())
