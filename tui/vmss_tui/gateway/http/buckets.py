"""Azure's request buckets as documented: how large each is, and how fast it fills up again.

Pure. A process that is born into a nearly empty bucket must not take what is left for the bucket's size, so sizes come
from here and are corrected only upwards, by what headers report. Compute's buckets end in their window
(`HighCostGetVMScaleSet3Min`); sizes are the smaller ones of the recordings. Sources: "Understand how Azure Resource
Manager throttles requests" (2024), "Understand throttling in compute", recorded `x-ms-ratelimit-remaining-*` headers.
"""

import re
from dataclasses import dataclass
from math import ceil

RESOURCE_HEADER = "x-ms-ratelimit-remaining-resource"
QUERIES = "resource graph queries"
SUBSCRIPTION_HEADERS = {
    "x-ms-ratelimit-remaining-subscription-reads": "subscription reads",
    "x-ms-ratelimit-remaining-subscription-writes": "subscription writes",
    "x-ms-ratelimit-remaining-subscription-deletes": "subscription deletes",
    "x-ms-ratelimit-remaining-subscription-global-reads": "subscription reads (all)",
    "x-ms-ratelimit-remaining-subscription-global-writes": "subscription writes (all)",
    "x-ms-ratelimit-remaining-tenant-reads": "tenant reads",
    "x-ms-user-quota-remaining": QUERIES,
}
_PER_SECOND = {
    "subscription reads": (250.0, 25.0),
    "subscription writes": (200.0, 10.0),
    "subscription deletes": (200.0, 10.0),
    "subscription reads (all)": (3750.0, 375.0),
    "subscription writes (all)": (3000.0, 150.0),
    "tenant reads": (250.0, 25.0),
}
"""Azure Resource Manager's own, per principal, subscription and region: size, refill a second."""
_WHOLE_WINDOWS = {QUERIES: (15.0, 5.0)}
"""Refilled all at once: size, seconds. Resource Graph's are a principal's in a tenant ("Guidance for throttled
requests")."""
RESETS_HEADER = "x-ms-user-quota-resets-after"
"""`hh:mm:ss` until the quota of queries is refilled."""
_WINDOWS = {
    "HighCostGetVMScaleSet": (180, 900),
    "GetVMScaleSet": (200, 1300),
    "GetVMScaleSetVM": (500, 2500),
    "VMScaleSetVMViews": (5000, 25000),
    "LowCostGet": (4000, 32000),
    "HighCostGet": (240, 1200),
    "GetOperation": (15000, 30000),
    "VMScaleSetActions": (240, 1200),
    "VMScaleSetVMActions": (200, 1000),
    "CreateVMScaleSet": (40, 200),
    "DeleteVMScaleSet": (120, 600),
    "DeleteVMScaleSetVM": (720, 3600),
    "PutVM": (240, 1200),
}
"""Compute's, per subscription: requests in 3 minutes, in 30 minutes."""
_UNKNOWN = (100, 500)
_WINDOW = re.compile(r"(\d{1,6})Min$")
PER_PRINCIPAL = frozenset((*_PER_SECOND, *_WHOLE_WINDOWS))
"""Buckets that the principals of a subscription do not share."""
PER_USER = frozenset(("resource graph", QUERIES))
"""The quota that is counted by user, for any subscriptions: the kind of read, and its bucket."""
CHARGED_BY_INSTANCE = "VMScaleSetVMViews"
"""A list of instances takes as much out of this bucket as `x-ms-request-charge` says: one for each instance."""
ARM_READS = "subscription reads"
"""The bucket that every read of a subscription draws from, of any kind."""
ARM_WRITES = "subscription writes"
"""The bucket that every write in a subscription draws from."""
SET_WRITES, INSTANCE_WRITES, VM_WRITES, OTHER_WRITES = "set write", "instance write", "VM write", "write"
"""Sorts of writes: to a scale set or what belongs to it, to an instance of one, to a VM of a Flexible set, the rest."""
WRITES = frozenset((SET_WRITES, INSTANCE_WRITES, VM_WRITES, OTHER_WRITES))
DOCUMENTED_USES = {
    "scale set": ("GetVMScaleSet3Min", "GetVMScaleSet30Min"),
    "upgrade": ("GetVMScaleSet3Min", "GetVMScaleSet30Min"),
    "set view": ("HighCostGetVMScaleSet3Min", "HighCostGetVMScaleSet30Min"),
    "instances": ("HighCostGetVMScaleSet3Min", "HighCostGetVMScaleSet30Min", "VMScaleSetVMViews3Min"),
    "instance": ("GetVMScaleSetVM3Min", "GetVMScaleSetVM30Min", "VMScaleSetVMViews3Min"),
    "resource graph": (QUERIES,),
    SET_WRITES: ("VMScaleSetActions3Min", "VMScaleSetActions30Min"),
    INSTANCE_WRITES: ("VMScaleSetVMActions3Min", "VMScaleSetVMActions30Min"),
    VM_WRITES: ("PutVM3Min", "PutVM30Min"),
}
"""The buckets that a sort of request draws from, for a process that has no answer of the sort yet."""
SET_READS = {
    "instances": ("high-cost reads of the set", 30.0, 10 / 60),
    "set view": ("high-cost reads of the set", 30.0, 10 / 60),
    "scale set": ("reads of the set", 36.0, 12 / 60),
    "upgrade": ("reads of the set", 36.0, 12 / 60),
}
"""Compute's limits for one scale set, which no header reports: sort of read -> bucket, size, refill a second."""


OVERTAKING_SECONDS = 1.5
"""Answers of requests that ran at the same time come within this many seconds."""


LONGEST_WAIT = 29.0
"""Seconds for which any request waits at most before it is sent; one that would wait longer is refused."""
UNSAID_SECONDS = 1.0
"""How far a time in whole seconds may be off."""
LONGEST_WINDOW = 60.0
"""Seconds; a window that ends later was written before the clock was put back."""


@dataclass(slots=True)
class Level:
    """What one bucket held at a moment. `at` is seconds since 1970, so that processes can share it."""

    size: float
    rate: float
    """Refill a second; of a window its average."""
    tokens: float
    at: float
    lowered: float = 0.0
    """When it last went down, or will: when the last read that waits is sent."""
    window: float = 0.0
    """Seconds after which all of it is refilled; 0 for a bucket that fills up steadily."""
    resets_at: float = 0.0
    """When a window ends; reservations beyond it are taken from the next one."""

    def remaining(self, now: float) -> float:
        """What it holds by now, less what waiting reads have reserved. A clock that was put back fills nothing."""
        if self.window:
            return self.size + min(0.0, self.tokens) if self._is_over(now) else self.tokens
        return min(self.size, self.tokens + max(0.0, now - self.at) * self.rate)

    def share(self, now: float) -> float:
        """What it holds by now, 0.0 (empty) to 1.0 (full)."""
        return max(0.0, self.remaining(now)) / self.size

    def take(self, amount: float, now: float, delay: float = 0.0) -> None:
        """Take tokens out, or reserve them for a read that is sent after a `delay`."""
        left = self.remaining(now)
        if self.window and self._is_over(now):
            self.resets_at = now + self.window + UNSAID_SECONDS
        self.tokens, self.at = left - amount, now
        self.lowered = max(now + delay, self.lowered if self._waits(now) else 0.0)

    def _waits(self, now: float, age: float = 0.0) -> bool:
        """Whether a read waits, or was sent in the last `age` seconds or right before; a clock may have gone back."""
        return -LONGEST_WAIT <= now - self.lowered < OVERTAKING_SECONDS + age

    def report(self, remaining: float, now: float, resets_in: float | None = None, age: float = 0.0) -> None:
        """Take over the rest that Azure reports, and for a window its end; the size is at least the most it has held.

        Answers overtake each other: an older one reports more than is known, after tokens were taken out. No answer
        covers reads that wait, for which tokens are reserved, nor those sent since its request, `age` seconds ago: a
        busy host may read an answer long after it was made.
        """
        if remaining > self.size:
            more = remaining - self.size
            self.rate *= remaining / self.size
            self.size, self.tokens = remaining, self.tokens + more
        if self.window:
            self._report_window(remaining, now, self.window if resets_in is None else resets_in)
            return
        known = self.remaining(now)
        if remaining > known and self._waits(now, age):
            return
        if remaining < known and not self._waits(now):
            self.lowered = now
        self.tokens, self.at = remaining, now

    def _is_over(self, now: float) -> bool:
        return not now < self.resets_at <= now + LONGEST_WINDOW

    def _report_window(self, remaining: float, now: float, resets_in: float) -> None:
        """Azure counted the remaining quota when the query arrived; our own since then are subtracted here."""
        ends = now + resets_in + UNSAID_SECONDS
        if self._is_over(now):
            self.tokens, self.resets_at = min(self.remaining(now), remaining), ends
        elif ends <= self.resets_at + 2 * UNSAID_SECONDS:
            self.tokens, self.resets_at = min(self.tokens, remaining), min(self.resets_at, ends)
        else:
            self.tokens, self.resets_at = remaining, ends
        self.at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until it holds `amount`, or all that it can hold."""
        lacking = max(0.0, min(amount, self.size) - self.remaining(now))
        if not self.window or not lacking:
            return lacking / self.rate
        ends = now + self.window if self._is_over(now) else self.resets_at
        return ends - now + (ceil(lacking / self.size) - 1) * self.window


def full(name: str, now: float) -> Level:
    """A bucket of its documented size, full."""
    if name in _PER_SECOND:
        size, rate = _PER_SECOND[name]
        return Level(size, rate, size, now)
    if name in _WHOLE_WINDOWS:
        size, seconds = _WHOLE_WINDOWS[name]
        return Level(size, size / seconds, size, now, window=seconds)
    found = _WINDOW.search(name)
    minutes = int(found[1]) if found else 1
    short, long = _WINDOWS.get(name[: found.start()] if found else name, _UNKNOWN)
    size = float(long if minutes >= 30 else short)
    return Level(size, size / (60.0 * minutes), size, now)


def parse_seconds(header: str) -> float | None:
    """`00:00:05` in seconds; None when it is not of this shape."""
    parts = header.strip().split(":")
    if len(parts) != 3 or not all(part.isdigit() and len(part) <= 4 for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return float(hours * 3600 + minutes * 60 + seconds)


def parse_remaining(header: str) -> list[tuple[str, int]]:
    """Take `Microsoft.Compute/GetVMScaleSet3Min;399,…` apart; other shapes are skipped."""
    found = []
    for part in header.split(","):
        name, _, count = part.strip().rpartition(";")
        if name and count.strip().isdigit():
            found.append((name.rsplit("/", 1)[-1], int(count)))
    return found
