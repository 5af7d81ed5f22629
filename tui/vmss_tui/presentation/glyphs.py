"""State as glyph + word + role, never color alone. A role is a meaning that a theme colors."""

from dataclasses import dataclass
from enum import StrEnum

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.rollout.stage import Phase, Stage


class Role(StrEnum):
    """What a color means."""

    OK = "ok"
    """Success that is worth a color: a verdict, the finished part of a bar."""
    WELL = "well"
    """As it should be, and so quiet: healthy, done, current."""
    BUSY = "busy"
    WAIT = "wait"
    WARN = "warn"
    BAD = "bad"
    ACCENT = "accent"
    PLAIN = "plain"
    DIM = "dim"
    FOUND = "found"
    """What a search found: reversed, so that it is seen without color."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A one-cell sign with its replacement in ASCII."""

    char: str
    ascii: str

    def show(self, *, plain: bool = False) -> str:
        """The sign; the ASCII one where the terminal cannot do better."""
        return self.ascii if plain else self.char


DOT = Glyph("●", "#")
HALF = Glyph("◐", "~")
RING = Glyph("○", ".")
CROSS = Glyph("✖", "x")
TRIANGLE = Glyph("▲", "!")
DOTTED = Glyph("◌", "?")
SLASHED = Glyph("⊘", "-")
DIAMOND = Glyph("◆", "*")


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as people see it."""

    glyph: Glyph
    word: str
    role: Role

    def text(self, *, plain: bool = False) -> str:
        """`● healthy`, or `# healthy`."""
        return f"{self.glyph.show(plain=plain)} {self.word}"


HEALTH = {
    Health.HEALTHY: Mark(DOT, "healthy", Role.WELL),
    Health.UNHEALTHY: Mark(TRIANGLE, "unhealthy", Role.BAD),
    Health.INITIALISING: Mark(DOTTED, "pending", Role.BUSY),
    Health.UNKNOWN: Mark(DOTTED, "unknown", Role.WARN),
    Health.NOT_REPORTED: Mark(DOTTED, "not reported", Role.DIM),
    Health.NONE: Mark(DOTTED, "no source", Role.DIM),
}

SCRIPT = {
    ScriptState.NOT_INSTALLED: Mark(RING, "none", Role.DIM),
    ScriptState.PENDING: Mark(RING, "pending", Role.WAIT),
    ScriptState.RUNNING: Mark(HALF, "running", Role.BUSY),
    ScriptState.SUCCEEDED: Mark(DOT, "ok", Role.WELL),
    ScriptState.FAILED: Mark(CROSS, "failed", Role.BAD),
    ScriptState.UNKNOWN: Mark(DOTTED, "unknown", Role.DIM),
}

PHASE = {
    Phase.WAITING: Mark(RING, "waiting", Role.WAIT),
    Phase.UPDATING: Mark(HALF, "updating", Role.BUSY),
    Phase.SCRIPT: Mark(HALF, "running script", Role.BUSY),
    Phase.HEALTH: Mark(DOTTED, "checking health", Role.BUSY),
    Phase.DONE: Mark(DOT, "done", Role.WELL),
    Phase.FAILED: Mark(CROSS, "failed", Role.BAD),
    Phase.UNHEALTHY: Mark(TRIANGLE, "unhealthy", Role.BAD),
    Phase.NOT_RUN: Mark(TRIANGLE, "not run", Role.WARN),
    Phase.EXCLUDED: Mark(SLASHED, "excluded", Role.DIM),
    Phase.LEAKED: Mark(DIAMOND, "leaked", Role.WARN),
    Phase.OVERWRITTEN: Mark(DIAMOND, "overwritten", Role.WARN),
    Phase.GONE: Mark(SLASHED, "gone", Role.DIM),
}

STAGE = {
    Stage.PLANNED: Mark(RING, "starting", Role.WAIT),
    Stage.RUNNING: Mark(HALF, "running", Role.BUSY),
    Stage.PAUSED: Mark(TRIANGLE, "paused", Role.WARN),
    Stage.APPROVAL: Mark(TRIANGLE, "waiting for approval", Role.WARN),
    Stage.DECISION: Mark(CROSS, "waiting for a decision", Role.BAD),
    Stage.CANCELLING: Mark(HALF, "canceling", Role.WARN),
    Stage.COMPLETED: Mark(DOT, "completed", Role.OK),
    Stage.FAILED: Mark(CROSS, "failed", Role.BAD),
    Stage.CANCELLED: Mark(SLASHED, "canceled", Role.WARN),
    Stage.REFUSED: Mark(SLASHED, "refused", Role.WARN),
}
SCHEDULED = Mark(RING, "scheduled", Role.WAIT)
"""A rollout that starts, or resumes, later."""
WINDOW_ENDED = Mark(TRIANGLE, "window ended", Role.WARN)
"""A rollout that is paused since no batch could end in the maintenance window."""
SILENT_RUNNER = Mark(TRIANGLE, "runner silent", Role.BAD)
"""A rollout whose runner is alive and cannot write to the journal."""
NO_RUNNER = Mark(TRIANGLE, "no runner", Role.BAD)
"""A rollout that is not over and that no runner carries out."""
