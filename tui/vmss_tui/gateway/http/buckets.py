"""Azure's request buckets as documented: how large each is, and how fast it fills up again.

Pure. A process that is born into a nearly empty bucket must not take what is left for the bucket's size, so sizes come
from here and are corrected only upwards, by what headers report. Compute's buckets end in their window
(`HighCostGetVMScaleSet3Min`); sizes are the smaller ones of the recordings. Sources: "Understand how Azure Resource
Manager throttles requests" (2024), "Understand throttling in compute", recorded `x-ms-ratelimit-remaining-*` headers.
"""

import re
from dataclasses import dataclass

RESOURCE_HEADER = "x-ms-ratelimit-remaining-resource"
SUBSCRIPTION_HEADERS = {
    "x-ms-ratelimit-remaining-subscription-reads": "subscription reads",
    "x-ms-ratelimit-remaining-subscription-writes": "subscription writes",
    "x-ms-ratelimit-remaining-subscription-deletes": "subscription deletes",
    "x-ms-ratelimit-remaining-subscription-global-reads": "subscription reads (all)",
    "x-ms-ratelimit-remaining-subscription-global-writes": "subscription writes (all)",
    "x-ms-ratelimit-remaining-tenant-reads": "tenant reads",
    "x-ms-user-quota-remaining": "resource graph queries",
}
_PER_SECOND = {
    "subscription reads": (250.0, 25.0),
    "subscription writes": (200.0, 10.0),
    "subscription deletes": (200.0, 10.0),
    "subscription reads (all)": (3750.0, 375.0),
    "subscription writes (all)": (3000.0, 150.0),
    "tenant reads": (250.0, 25.0),
    "resource graph queries": (15.0, 3.0),
}
"""Azure Resource Manager's own, per principal, subscription and region: size, refill a second. Resource Graph's are a
principal's in a tenant."""
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
PER_PRINCIPAL = frozenset(_PER_SECOND)
"""Buckets that the principals of a subscription do not share."""
PER_USER = frozenset(("resource graph", "resource graph queries"))
"""What is counted for a user, whatever subscriptions are asked about: the kind of read, and its bucket."""
CHARGED_BY_INSTANCE = "VMScaleSetVMViews"
"""A list of instances takes as much out of this bucket as `x-ms-request-charge` says: one for each instance."""
DOCUMENTED_USES = {
    "instances": ("HighCostGetVMScaleSet3Min", "HighCostGetVMScaleSet30Min", "VMScaleSetVMViews3Min"),
    "instance": ("GetVMScaleSetVM3Min", "GetVMScaleSetVM30Min", "VMScaleSetVMViews3Min"),
}
"""What a sort of read draws from, for a process that has no answer of the sort yet."""
SET_READS = {
    "instances": ("high-cost reads of the set", 30.0, 10 / 60),
    "set view": ("high-cost reads of the set", 30.0, 10 / 60),
    "scale set": ("reads of the set", 36.0, 12 / 60),
    "upgrade": ("reads of the set", 36.0, 12 / 60),
}
"""Compute's limits for one scale set, which no header reports: sort of read -> bucket, size, refill a second."""


OVERTAKING_SECONDS = 1.5
"""Answers of requests that ran at the same time come within this many seconds."""


@dataclass(slots=True)
class Level:
    """What one bucket held at a moment. `at` is seconds since 1970, so that processes can share it."""

    size: float
    rate: float
    """Refill a second."""
    tokens: float
    at: float
    lowered: float = 0.0
    """When it last went down."""

    def remaining(self, now: float) -> float:
        """What it holds by now, less what waiting reads have reserved. A clock that was put back fills nothing."""
        return min(self.size, self.tokens + max(0.0, now - self.at) * self.rate)

    def share(self, now: float) -> float:
        """What it holds by now, 0.0 (empty) to 1.0 (full)."""
        return max(0.0, self.remaining(now)) / self.size

    def take(self, amount: float, now: float) -> None:
        """Take tokens out, or reserve them for a read that waits until they are there."""
        self.tokens, self.at, self.lowered = self.remaining(now) - amount, now, now

    def report(self, remaining: float, now: float) -> None:
        """Azure said what is left; a bucket is at least as large as what it has held.

        Answers overtake each other: one that says more than is known, right after something was taken out, is older.
        """
        if remaining > self.size:
            self.rate *= remaining / self.size
            self.size = remaining
        known = self.remaining(now)
        if remaining > known and now - self.lowered < OVERTAKING_SECONDS:
            return
        self.lowered = now if remaining < known else self.lowered
        self.tokens, self.at = remaining, now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until it holds `amount`, or all that it can hold."""
        return max(0.0, min(amount, self.size) - self.remaining(now)) / self.rate


def full(name: str, now: float) -> Level:
    """A bucket of its documented size, full."""
    if name in _PER_SECOND:
        size, rate = _PER_SECOND[name]
        return Level(size, rate, size, now)
    found = _WINDOW.search(name)
    minutes = int(found[1]) if found else 1
    short, long = _WINDOWS.get(name[: found.start()] if found else name, _UNKNOWN)
    size = float(long if minutes >= 30 else short)
    return Level(size, size / (60.0 * minutes), size, now)


def parse_remaining(header: str) -> list[tuple[str, int]]:
    """Take `Microsoft.Compute/GetVMScaleSet3Min;399,…` apart; what is not of this shape is skipped."""
    found = []
    for part in header.split(","):
        name, _, count = part.strip().rpartition(";")
        if name and count.strip().isdigit():
            found.append((name.rsplit("/", 1)[-1], int(count)))
    return found
