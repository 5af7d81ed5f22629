"""What Ctrl-C and SIGTERM do to a command that follows a rollout: it leaves, or it cancels the rollout, and says so.

The rollout is the runner's: without `cancel` it continues. Exit codes: 130 for Ctrl-C, 143 for SIGTERM, as shells
report them.
"""

import contextlib
import signal
from collections.abc import Iterator
from enum import StrEnum
from types import FrameType
from typing import assert_never

from vmss_tui.cli import diagnostics
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import Journal


class OnInterrupt(StrEnum):
    """What becomes of the rollout."""

    DETACH = "detach"
    CANCEL = "cancel"


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """While open, SIGTERM raises `diagnostics.Terminated`, as Ctrl-C raises KeyboardInterrupt."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise diagnostics.Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def left(journal: Journal, rollout: str, error: KeyboardInterrupt, *, who: str, then: OnInterrupt) -> int:
    """Do and say what `then` asks for; returns the exit code of the signal."""
    code = diagnostics.interrupted_code(error)
    if journal.stage(rollout).over:
        return code
    match then:
        case OnInterrupt.DETACH:
            diagnostics.say(
                f"\nrollout {rollout} continues in the background",
                f"`vmss-tui attach {rollout}` follows it again, `vmss-tui cancel {rollout}` stops it",
            )
        case OnInterrupt.CANCEL:
            _cancel(journal, rollout, who=who, reason=diagnostics.name_of(error))
        case _:
            assert_never(then)
    return code


def _cancel(journal: Journal, rollout: str, *, who: str, reason: str) -> None:
    try:
        journal.request(rollout, Verb.CANCEL, who=who, why=f"the command that started it was ended by {reason}")
    except VmssTuiError as error:
        diagnostics.say(f"\nrollout {rollout} could not be canceled and continues: {error.message}", error.hint)
        return
    diagnostics.say(
        f"\nrollout {rollout}: cancel requested; in-flight instances finish",
        f"`vmss-tui attach {rollout}` follows it to its end",
    )
