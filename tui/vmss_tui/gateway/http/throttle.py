"""The governor: lets requests start as fast as Azure's request buckets permit, over all processes of a journal.

Above half of a bucket reads run freely. Below it each reader takes no more than the bucket gets back in the meantime,
and nothing is asked of an empty bucket; so a wait is never longer than the refill demands. A request that would have to
wait long is refused here, with the time of the next try, rather than by Azure.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from vmss_tui.errors import Throttled
from vmss_tui.gateway.http.buckets import (
    ARM_READS,
    ARM_WRITES,
    CHARGED_BY_INSTANCE,
    DOCUMENTED_USES,
    LONGEST_WAIT,
    PER_PRINCIPAL,
    PER_USER,
    RESETS_HEADER,
    RESOURCE_HEADER,
    SET_READS,
    SUBSCRIPTION_HEADERS,
    WRITES,
    Level,
    full,
    parse_remaining,
    parse_seconds,
)
from vmss_tui.gateway.http.levels import Levels, Taken
from vmss_tui.gateway.http.shared_levels import Reserved, SharedLevels, shared_levels
from vmss_tui.ports import Bucket, Clock, Quota, QuotaPlace

FREE_SHARE = 0.5
"""Above this share of a bucket nothing is delayed."""
RUNNERS_SHARE = 0.1
"""What a costly list of who only watches leaves in a bucket, for the single instances that a rollout waits for."""
PAGES_SHARE = 0.05
"""The most that any page of a costly list leaves there."""
SPARE = 1.0
"""Requests that always stay in a bucket, for what happens between an answer and its being read."""
SPARE_SHARE = 0.01
"""The same in the bucket that is charged by instance, of its size: another client's list may come in between."""
LONGEST_DELAY = 10.0
"""Seconds; a read that would have to wait longer is refused with the time so that nothing seems to hang."""
LONGEST_PAGE_DELAY = LONGEST_WAIT
"""The same for a page that follows, and for a process that changes Azure: a list that is refused after its first pages
would start again with the first, and take them out of the bucket once more."""
MOMENT = 0.05
"""Seconds; what waits no longer takes its place at once."""
HELD_UP_SECONDS = LONGEST_DELAY + 2.0
"""A write that waited longer is not sent: with a heartbeat before it, less than the silence that costs a lease."""
OWN_SHARE, OWN_RATE = 0.1, 0.25
"""The share of a bucket, and of its refill, for a process that cannot get at the shared levels."""
OWN_QUERIES = (0.5, 0.5)
"""The same of a bucket that is refilled within seconds: an inventory takes a dozen queries at once."""
UNSAID_SECONDS = 30.0
"""How long to wait after a refusal that does not say it."""
CHARGE_HEADER = "x-ms-request-charge"


@dataclass(slots=True)
class Governor:
    """Learns from every answer and paces reads. `kind` names a sort of read, `scope` the scale set that it is about.

    `account` and `principal` separate what does not share buckets: compute's are a cloud's, ARM's own a principal's.
    `limits_sets` is for Azure itself, whose limits for one scale set no header reports.
    """

    clock: Clock
    place: Path | QuotaPlace | None = None
    """Where processes share the levels: a file, or a database for several hosts; None: nowhere."""
    account: str = ""
    principal: str = ""
    limits_sets: bool = False
    urgent: bool = False
    """For who changes Azure: reads are not spaced below half of a bucket, they wait only for what it holds."""
    calls: int = 0
    _shared: SharedLevels = field(init=False)
    _charges: dict[tuple[str, str], float] = field(default_factory=dict)
    """The cost of the last read of a kind in a scope, from the bucket that is charged by instance: a page's worth."""
    _lists: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """The same for all pages: of the last whole list or the present one, and of the present one so far."""
    _started: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _own: dict[str, Level] = field(default_factory=dict)
    _asked: list[datetime] = field(default_factory=list)
    """When each question was asked that has no answer yet."""
    _held: list[datetime] = field(default_factory=list)
    """Until when each of them waits that is not sent yet, since the quota is short."""

    def __post_init__(self) -> None:
        self._shared = shared_levels(self.place, self._now)

    @contextlib.contextmanager
    def awaiting_answer(self) -> Iterator[None]:
        """A question waits for its answer."""
        asked = self.clock.now()
        self._asked.append(asked)
        try:
            yield
        finally:
            self._asked.remove(asked)

    async def admit(self, subscription: str, kind: str, scope: str = "", *, following: bool = False) -> None:
        """Let a read start, after a short wait if need be; a page that follows belongs to the read that has started.

        Raises Throttled with `retry_after` when Azure refused this kind a moment ago, or soon would.
        """
        asked = self._now()
        while True:
            waited = max(0.0, self._now() - asked)
            reserve = partial(self._reserve, subscription, kind, scope, following, waited)
            reserved = await self._shared.reserve(self._group(subscription, kind), reserve)
            if reserved.delay > 0:
                await self._hold(reserved.delay)
            if reserved.delay == 0 or reserved.taken:
                return

    async def _hold(self, seconds: float) -> None:
        until = self.clock.now() + timedelta(seconds=seconds)
        self._held.append(until)
        try:
            await self.clock.sleep(seconds)
        finally:
            self._held.remove(until)

    async def admit_write(self, subscription: str, kind: str, scope: str = "") -> None:
        """Let a write start, after a short wait if need be.

        Raises Throttled as `admit` does, and when it took longer than any wait should: the process was stopped
        meanwhile, and may have lost its right to write. The sender makes sure of that before it tries again.
        """
        asked = self._now()
        await self.admit(subscription, kind, scope, following=True)
        if not 0.0 <= self._now() - asked <= HELD_UP_SECONDS:
            raise Throttled("the request was held up on this host", hint="It is sent again.", retry_after=0.0)

    def _refuse_while_blocked(self, known: Levels, subscription: str, kind: str, now: float) -> None:
        wait = known.blocked.get(self._key(subscription, kind), 0.0) - now
        if wait > 0:
            raise Throttled(
                f"Azure's request quota for {kind} is used up",
                hint=f"next try at {_clock(self._now() + wait)}; other tools share this quota",
                retry_after=wait,
            )

    def _reserve(
        self,
        subscription: str,
        kind: str,
        scope: str,
        following: bool,
        waited: float,
        known: Levels,
        now: float,
        shared: bool,
    ) -> Reserved:
        """Take the read out of its buckets; without the `shared` levels also out of this process's share of them.

        A costly page takes nothing before there is room for it, and asks again then: single reads pass it, and it has
        heard what they learned of the bucket. `waited`: seconds that it has done so.
        """
        self._refuse_while_blocked(known, subscription, kind, now)
        stream, delay, worst = (subscription, kind, scope), 0.0, ""
        uses = self._uses(known, subscription, kind, scope, now)
        for name, level, cost in uses:
            first = not following and not self.urgent
            kept = _kept(name, level, cost if first or waited < LONGEST_DELAY else 0.0, yields=first)
            wait = level.wait(cost + kept, now)
            if not shared:
                wait = max(wait, self._own_share(subscription, name, level, now).wait(cost, now))
            if first and not level.window and level.share(now) <= FREE_SHARE:
                wait = max(wait, self._started.get(stream, now - cost / level.rate) + cost / level.rate - now)
            if wait > delay:
                delay, worst = wait, name
        patient = (following or self.urgent) and kind not in WRITES
        if delay + waited > (LONGEST_PAGE_DELAY if patient else LONGEST_DELAY):
            level = next(level for name, level, _ in uses if name == worst)
            raise Throttled(
                f"Azure's request quota {worst} is nearly used up"
                f" ({max(0.0, level.remaining(now)):.0f} of {level.size:.0f} left)",
                hint=f"next try at {_clock(self._now() + delay)}; other tools share this quota",
                retry_after=delay,
            )
        if delay > MOMENT and any(cost > 1 for _, _, cost in uses):
            return Reserved(delay, ())
        for name, level, cost in uses:
            level.take(cost, now, delay)
            if not shared:
                self._own_share(subscription, name, level, now).take(cost, now, delay)
        self._started[stream] = now + delay
        taken = (Taken(self._key(subscription, name), name, cost, now + delay) for name, _, cost in uses)
        return Reserved(delay, tuple(taken))

    def _own_share(self, subscription: str, name: str, level: Level, now: float) -> Level:
        """The share of a bucket that this process may take while it does not know about the others."""
        size, rate = OWN_QUERIES if level.window else (OWN_SHARE, OWN_RATE)
        size, rate = max(1.0, size * level.size), rate * level.rate
        return self._own.setdefault(self._key(subscription, name), Level(size, rate, size, now))

    def _uses(
        self, known: Levels, subscription: str, kind: str, scope: str, now: float
    ) -> list[tuple[str, Level, float]]:
        """The buckets that a read draws from, each with what it takes out.

        Many rollouts of one process start together, before any answer says what is left: a bucket of which nothing is
        known counts as full, and what is sent until then is taken out of it.
        """
        found = []
        names = known.used.get(kind, DOCUMENTED_USES.get(kind, ()))
        of_arm = ARM_WRITES if kind in WRITES else ARM_READS
        if subscription and kind not in PER_USER and of_arm not in names:
            names = (*names, of_arm)
        for name in names:
            level = known.levels.setdefault(self._key(subscription, name), full(name, now))
            by_instance = name.startswith(CHARGED_BY_INSTANCE)
            found.append((name, level, self._charges.get((kind, scope), 1.0) if by_instance else 1.0))
        if self.limits_sets and scope and kind in SET_READS:
            name, size, rate = SET_READS[kind]
            level = known.levels.setdefault(self._key(scope, name), Level(size, rate, size, now))
            found.append((name, level, 1.0))
        return found

    def observe(
        self,
        subscription: str,
        kind: str,
        headers: Mapping[str, str],
        method: str = "GET",
        scope: str = "",
        *,
        following: bool = False,
        age: float = 0.0,
    ) -> None:
        """Learn from an answer's headers; `age` is how many seconds ago its request was sent."""
        self.calls += 1
        reported = parse_remaining(headers.get(RESOURCE_HEADER, ""))
        for header, name in SUBSCRIPTION_HEADERS.items():
            text = headers.get(header, "")
            if text.isdigit():
                reported.append((name, int(text)))
        if not reported:
            return
        resets_in = parse_seconds(headers.get(RESETS_HEADER, ""))

        def report(known: Levels, now: float) -> None:
            for name, remaining in reported:
                level = known.levels.setdefault(self._key(subscription, name), full(name, now))
                level.report(remaining, now, resets_in if name in PER_USER else None, age)
            if method == "GET":
                known.used[kind] = tuple(name for name, _ in reported)

        self._shared.note(self._group(subscription, kind), report)
        charge = headers.get(CHARGE_HEADER, "")
        if method == "GET" and charge.isdigit():
            self._charges[kind, scope] = float(charge)
            whole, last = self._lists.get((kind, scope), (0.0, 0.0))
            so_far = float(charge) + (last if following else 0.0)
            self._lists[kind, scope] = (max(whole if following else last, so_far), so_far)

    def refill_seconds(self, subscription: str, kind: str, scope: str = "") -> float:
        """In how many seconds the buckets below half get back what a read of this kind takes; 0 while none is."""
        now, known = self._shared.now(), self._shared.latest
        uses = self._uses(known, subscription, kind, scope, now)
        whole = self._lists.get((kind, scope), (1.0, 0.0))[0]
        return max(
            (
                (whole if name.startswith(CHARGED_BY_INSTANCE) else cost) / level.rate
                for name, level, cost in uses
                if level.share(now) <= FREE_SHARE
            ),
            default=0.0,
        )

    def list_wait(self, subscription: str, kind: str, scope: str = "") -> float:
        """Seconds until the buckets hold all pages of the next list, and beside it what others may need."""
        now, known = self._shared.now(), self._shared.latest
        whole = self._lists.get((kind, scope), (1.0, 0.0))[0]
        return max(
            (
                level.wait((whole if name.startswith(CHARGED_BY_INSTANCE) else cost) + RUNNERS_SHARE * level.size, now)
                for name, level, cost in self._uses(known, subscription, kind, scope, now)
                if not level.window
            ),
            default=0.0,
        )

    def refused(self, subscription: str, kind: str, wait: float) -> None:
        """Azure answered 429: nothing of this kind for `wait` seconds (30 when it did not say)."""
        key = self._key(subscription, kind)

        def block(known: Levels, now: float) -> None:
            known.blocked[key] = now + (wait or UNSAID_SECONDS)

        self._shared.note(self._group(subscription, kind), block)

    async def close(self) -> None:
        """Write the last changes, and close the place."""
        await self._shared.close()

    def quota(self) -> Quota:
        """What is left, the emptiest subscription of each bucket; costs no call."""
        now, known = self._shared.now(), self._shared.latest
        worst: dict[str, Level] = {}
        for key, level in known.levels.items():
            name = key.rpartition("|")[2]
            if name not in worst or level.share(now) < worst[name].share(now):
                worst[name] = level
        blocked = max(known.blocked.values(), default=0.0)
        return Quota(
            buckets=tuple(
                Bucket(name, int(level.share(now) * level.size), int(level.size), round(level.size / level.rate, 1))
                for name, level in sorted(worst.items())
            ),
            throttled_until=self.clock.now() + timedelta(seconds=blocked - now) if blocked > now else None,
            calls=self.calls,
            waiting_since=min(self._asked, default=None) if len(self._asked) > len(self._held) else None,
            held_until=min(self._held, default=None) if len(self._asked) <= len(self._held) else None,
        )

    def _group(self, subscription: str, kind: str) -> str:
        """The levels that are changed together: no request draws from those of two groups."""
        return f"{self.account}|{'' if kind in PER_USER else subscription.lower()}"

    def _key(self, subscription: str, name: str) -> str:
        principal = self.principal if name in PER_PRINCIPAL else ""
        place = "" if name in PER_USER else subscription.lower()
        return f"{self.account}|{principal}|{place}|{name}"

    def _now(self) -> float:
        """Wall clock: the only one that processes share; a jump costs at most a wait or a refusal by Azure."""
        return self.clock.now().timestamp()


def _kept(name: str, level: Level, cost: float, *, yields: bool) -> float:
    """What a request leaves in a bucket: a costly page as much as it takes, which another journal may take next.

    `cost`: what it takes; 0 once it has waited for that long enough. `yields`: twice as much, for who only watches.
    """
    if not name.startswith(CHARGED_BY_INSTANCE):
        return SPARE
    room = min(2 * cost, RUNNERS_SHARE * level.size) if yields else min(cost, PAGES_SHARE * level.size)
    return max(SPARE, SPARE_SHARE * level.size, room)


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%H:%M:%S}"
