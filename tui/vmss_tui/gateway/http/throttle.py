"""The request quota: what Azure's headers say is left, and a governor that keeps reads within half of it.

Pure apart from a clock. Buckets are per subscription; their names end in the window (`HighCostGetVMScaleSet3Min`).
Above half of a bucket reads run freely; below it they are spaced so that the bucket fills faster than it empties; near
its end they are refused here, with a time, rather than by Azure. Source: "Understand throttling in compute".
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vmss_tui.errors import Throttled
from vmss_tui.ports import Bucket, Clock, Quota

RESOURCE_HEADER = "x-ms-ratelimit-remaining-resource"
_SUBSCRIPTION_HEADERS = {
    "x-ms-ratelimit-remaining-subscription-reads": ("subscription reads", 3600.0),
    "x-ms-ratelimit-remaining-subscription-global-reads": ("subscription reads (all)", 3600.0),
    "x-ms-ratelimit-remaining-tenant-reads": ("tenant reads", 3600.0),
}
_WINDOW = re.compile(r"(\d+)Min$")
FREE_SHARE = 0.5
"""Above this share of a bucket nothing is delayed."""
LONGEST_DELAY = 10.0
"""Seconds; a read that would have to wait longer is refused with the time instead of looking hung."""


@dataclass(slots=True)
class _Level:
    """One bucket of one subscription: what was left at `told_at`, and when the next read may start.

    `told_at` and `next_slot` are monotonic seconds.
    """

    window: float
    told: int
    highest: int
    told_at: float
    next_slot: float = 0.0

    def remaining(self, now: float) -> int:
        """What is left by now: buckets fill up again at a steady pace while nobody asks."""
        return min(self.highest, self.told + int(max(0.0, now - self.told_at) * self.highest / self.window))

    def share(self, now: float) -> float:
        return self.remaining(now) / self.highest if self.highest else 1.0

    def spacing(self, now: float) -> float:
        """Seconds between two reads that this bucket bears now; 0 while it is more than half full."""
        share = self.share(now)
        if share > FREE_SHARE or not self.highest:
            return 0.0
        refill = self.window / self.highest
        return refill * FREE_SHARE / max(share, 0.01)


@dataclass(slots=True)
class Governor:
    """Watches every answer and paces reads. `kind` names a sort of read; the headers teach which buckets it uses."""

    clock: Clock
    calls: int = 0
    _levels: dict[tuple[str, str], _Level] = field(default_factory=dict)
    _used: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _blocked: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _asked: list[datetime] = field(default_factory=list)
    """When each question was asked that has no answer yet."""

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """A question is under way."""
        asked = self.clock.now()
        self._asked.append(asked)
        try:
            yield
        finally:
            self._asked.remove(asked)

    async def admit(self, subscription: str, kind: str) -> None:
        """Let a read of this kind start, after a short wait if need be.

        Raises Throttled with `retry_after` when Azure refused this kind a moment ago, or soon would.
        """
        self._refuse_while_blocked(subscription, kind)
        delay = self._reserve(subscription, kind)
        if delay > 0:
            await self.clock.sleep(delay)

    def _refuse_while_blocked(self, subscription: str, kind: str) -> None:
        until = self._blocked.get((subscription, kind))
        wait = (until - self.clock.now()).total_seconds() if until else 0.0
        if wait > 0:
            raise Throttled(
                f"the request quota for {kind} is used up",
                hint=f"Azure asks to wait {wait:.0f} s more",
                retry_after=wait,
            )

    def _reserve(self, subscription: str, kind: str) -> float:
        now = self.clock.monotonic()
        levels = [
            (name, self._levels[subscription, name])
            for name in self._used.get((subscription, kind), ())
            if (subscription, name) in self._levels
        ]
        slot = max([now, *(level.next_slot for _, level in levels if level.spacing(now))])
        if slot - now > LONGEST_DELAY:
            name, level = max(levels, key=lambda each: each[1].next_slot)
            raise Throttled(
                f"the request quota {name} is nearly used up ({level.remaining(now)} of {level.highest} left)",
                hint=f"reading goes on in {slot - now:.0f} s; other tools share this quota",
                retry_after=slot - now,
            )
        for _, level in levels:
            if spacing := level.spacing(now):
                level.next_slot = slot + spacing
        return slot - now

    def observe(self, subscription: str, kind: str, headers: Mapping[str, str], method: str = "GET") -> None:
        """Learn from an answer's headers."""
        self.calls += 1
        names = []
        for name, remaining in parse_remaining(headers.get(RESOURCE_HEADER, "")):
            found = _WINDOW.search(name)
            self._learn(subscription, name, remaining, 60.0 * int(found[1]) if found else 60.0)
            names.append(name)
        for header, (name, window) in _SUBSCRIPTION_HEADERS.items():
            text = headers.get(header, "")
            if text.isdigit():
                self._learn(subscription, name, int(text), window)
                names.append(name)
        if names and method == "GET":
            self._used[subscription, kind] = tuple(names)

    def _learn(self, subscription: str, name: str, remaining: int, window: float) -> None:
        level, now = self._levels.get((subscription, name)), self.clock.monotonic()
        if level is None:
            self._levels[subscription, name] = _Level(window, remaining, remaining, now)
            return
        level.told, level.told_at = remaining, now
        level.highest = max(level.highest, remaining)

    def refused(self, subscription: str, kind: str, wait: float) -> None:
        """Azure answered 429: nothing of this kind for `wait` seconds (30 when it did not say)."""
        self._blocked[subscription, kind] = self.clock.now() + timedelta(seconds=wait or 30.0)

    def quota(self) -> Quota:
        """What is left, the emptiest subscription of each bucket; costs no call."""
        worst: dict[str, _Level] = {}
        moment, now = self.clock.monotonic(), self.clock.now()
        for (_, name), level in self._levels.items():
            if name not in worst or level.share(moment) < worst[name].share(moment):
                worst[name] = level
        return Quota(
            buckets=tuple(Bucket(name, each.remaining(moment), each.highest) for name, each in sorted(worst.items())),
            throttled_until=max((until for until in self._blocked.values() if until > now), default=None),
            calls=self.calls,
            waiting_since=min(self._asked, default=None),
        )


def parse_remaining(header: str) -> list[tuple[str, int]]:
    """Take `Microsoft.Compute/GetVMScaleSet3Min;399,…` apart; what is not of this shape is skipped."""
    found = []
    for part in header.split(","):
        name, _, count = part.strip().rpartition(";")
        if name and count.strip().isdigit():
            found.append((name.rsplit("/", 1)[-1], int(count)))
    return found
