"""The request for a rehearsal, and its result: faults by choice, and a recording. Plain data."""

import re
from dataclasses import dataclass

from vmss_tui import duration
from vmss_tui.domain.rollout.events import Logged
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import RolloutHeader

_AUTOSCALE = re.compile(r"(?P<sign>[+-]?)(?P<count>\d{1,4})(?:@(?P<after>.+))?")
_SOON = 60
"""Seconds after the first write at which others act when no time is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """Autoscale changes the capacity after `after` seconds: to `capacity`, or by `by` instances."""

    after: int
    capacity: int | None = None
    by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What a person wants to see go wrong. Times are seconds after the first write of the rollout."""

    fails: frozenset[str] = frozenset()
    """Instances on which the script fails."""
    slow: frozenset[str] = frozenset()
    """Instances on which the script takes five times as long."""
    unhealthy: frozenset[str] = frozenset()
    """Instances that stay unhealthy after the script."""
    autoscale: Autoscaling | None = None
    colleague_after: int | None = None
    """When a colleague changes the script of the model."""

    @property
    def instances(self) -> frozenset[str]:
        """All instances that are named."""
        return self.fails | self.slow | self.unhealthy


@dataclass(frozen=True, slots=True)
class Recording:
    """A rollout from its first event to its last."""

    header: RolloutHeader
    log: tuple[Logged, ...]


NAMES = ("fail", "slow", "unhealthy-after", "autoscale", "colleague")
"""The faults by their names: options of the command, words in the app."""


def faults_of(given: dict[str, str | None]) -> Faults:
    """The faults of texts by name: `{"fail": "3,17", "autoscale": "+5@2m"}`. Raises UsageError."""
    scaling, colleague = given.get("autoscale"), given.get("colleague")
    return Faults(
        fails=_ids(given.get("fail")),
        slow=_ids(given.get("slow")),
        unhealthy=_ids(given.get("unhealthy-after")),
        autoscale=_autoscaling(scaling) if scaling else None,
        colleague_after=_seconds("colleague", colleague) if colleague else None,
    )


def parse_faults(text: str) -> Faults:
    """`fail=3,17 autoscale=+5@2m`; nothing goes wrong with an empty text. Raises UsageError."""
    given: dict[str, str | None] = {}
    for word in text.split():
        name, sign, value = word.partition("=")
        if name not in NAMES or not sign or not value:
            raise UsageError(f"{word}: expected NAME=VALUE", hint=f"The names are {', '.join(NAMES)}.")
        given[name] = value
    return faults_of(given)


def _ids(text: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (text or "").split(",") if part.strip())


def _seconds(name: str, text: str) -> int:
    try:
        return duration.parse(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error


def _autoscaling(text: str) -> Autoscaling:
    """`+5@2m`, `-2` or `40`."""
    match = _AUTOSCALE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"autoscale {text}: expected +N, -N or N, with an optional @TIME", hint="Write +5@2m.")
    count, after = int(match["count"]), match["after"]
    at = _SOON if after is None else _seconds("autoscale", after)
    if not match["sign"]:
        return Autoscaling(after=at, capacity=count)
    return Autoscaling(after=at, by=-count if match["sign"] == "-" else count)
