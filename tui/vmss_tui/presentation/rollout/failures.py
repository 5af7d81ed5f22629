"""Instances that did not make it, and the line that says most about why. Pure."""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.rollout.stage import BAD, Phase
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.text import natural, plain, plain_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An instance that did not make it, as last seen."""

    id: str
    name: str
    phase: Phase
    batch: int | None
    exit_code: int | None
    health: Health
    message: str
    stderr: str
    since: datetime | None = None

    @property
    def title(self) -> str:
        """`web-weu_3: failed, exit code 22`."""
        code = f", exit code {self.exit_code}" if self.exit_code is not None else ""
        return f"{plain(self.name) or plain(self.id)}: {self.phase.value}{code}"

    @property
    def reason(self) -> str:
        """The line that says most about it: `exit 22: curl: (22) HTTP error 404`."""
        return why_failed(self.message, self.stderr, self.exit_code)


def failures(state: RolloutState) -> tuple[Failure, ...]:
    """The instances that did not make it, in the order of their ids."""
    bad = [progress for progress in state.instances.values() if progress.seen.phase in BAD]
    return tuple(
        Failure(
            id=it.seen.id,
            name=it.seen.name,
            phase=it.seen.phase,
            batch=it.seen.batch,
            exit_code=it.seen.exit_code,
            health=it.seen.health,
            message=it.seen.message,
            stderr=it.seen.stderr,
            since=it.since,
        )
        for it in sorted(bad, key=lambda it: natural(it.seen.id))
    )


def why_failed(message: str, stderr: str, exit_code: int | None) -> str:
    """The line that says most about a failure: the exit code and the last line of what the script wrote to stderr."""
    lines = [line for line in plain_lines(stderr) if line.strip()]
    code = f"exit {exit_code}" if exit_code else ""
    return ": ".join(part for part in (code, lines[-1].strip() if lines else plain(message)) if part) or "failed"
