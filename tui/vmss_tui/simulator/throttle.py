"""Azure's request quotas: token buckets per subscription and operation group, and the answers when one is empty.

Bucket names and sizes are those of recorded `x-ms-ratelimit-remaining-resource` headers (3 and 30 minute windows);
refill follows "Understanding call limits" (token buckets). Time is real time, because clients obey Retry-After so.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vmss_tui.simulator.armpath import ArmPath

SHORT, LONG = 180.0, 1800.0
SUBSCRIPTION = {"SubscriptionReads": (3750.0, 10.0), "SubscriptionWrites": (3000.0, 20.0)}
"""ARM's own limits for a subscription over all regions: size, seconds to refill ("Understand how Azure Resource
Manager throttles requests"; the sizes are recorded as `…-subscription-global-reads: 3749` and `-writes: 2999`)."""
SIZES: dict[str, tuple[int, int]] = {
    "HighCostGetVMScaleSet": (180, 900),
    "GetVMScaleSet": (400, 2600),
    "GetVMScaleSetVM": (1000, 5000),
    "VMScaleSetVMViews": (5000, 0),
    "LowCostGet": (4000, 32000),
    "HighCostGet": (240, 1200),
    "GetOperation": (15000, 30000),
    "VMScaleSetActions": (240, 1200),
    "VMScaleSetVMActions": (200, 1000),
    "CreateVMScaleSet": (60, 300),
    "DeleteVMScaleSet": (120, 600),
    "DeleteVMScaleSetVM": (720, 3600),
    "PutVM": (240, 1200),
}
"""Bucket -> requests in 3 minutes, in 30 minutes; 0 means that Azure has no such window."""

_POWER = ("poweroff", "deallocate", "delete")


def group_of(method: str, path: ArmPath) -> tuple[str, ...]:
    """Return the buckets that a request draws from, the main one first; none outside Microsoft.Compute."""
    if path.provider != "Microsoft.Compute" or not path.kinds:
        return ()
    if path.kinds[0] == "locations":
        return ("GetOperation",) if path.leaf == "operations" else ("LowCostGet",)
    if path.kinds[0] == "virtualMachines":
        return _flexible(method, path)
    if len(path.kinds) > 1 and path.kinds[1] == "virtualMachines":
        return _instance(method, path)
    return (_scale_set(method, path),)


def _flexible(method: str, path: ArmPath) -> tuple[str, ...]:
    if method != "GET":
        return ("PutVM",)
    return ("LowCostGet",) if path.named or len(path.kinds) > 1 else ("HighCostGet",)


def _instance(method: str, path: ArmPath) -> tuple[str, ...]:
    if method == "DELETE" and len(path.kinds) == 2:
        return ("DeleteVMScaleSetVM",)
    if method != "GET":
        return ("VMScaleSetVMActions",)
    if len(path.kinds) == 2 and not path.named:
        return ("HighCostGetVMScaleSet", "VMScaleSetVMViews")
    return ("GetVMScaleSetVM",) if path.leaf == "extensions" else ("GetVMScaleSetVM", "VMScaleSetVMViews")


def _scale_set(method: str, path: ArmPath) -> str:
    depth = len(path.kinds)
    if method == "GET":
        if path.leaf == "instanceView" or (depth == 1 and not path.named):
            return "HighCostGetVMScaleSet"
        return "LowCostGet" if path.kinds[1:2] == ("extensions",) else "GetVMScaleSet"
    if depth == 1 and method in ("PUT", "DELETE"):
        return "CreateVMScaleSet" if method == "PUT" else "DeleteVMScaleSet"
    return "DeleteVMScaleSet" if path.leaf in _POWER else "VMScaleSetActions"


@dataclass(slots=True)
class Bucket:
    """A token bucket that starts full and refills evenly over its window."""

    size: float
    window: float
    """Seconds in which an empty bucket fills up."""
    tokens: float
    checked: float

    def refill(self, now: float) -> None:
        """Add what has come in since the last check."""
        self.tokens = min(self.size, self.tokens + (now - self.checked) * self.size / self.window)
        self.checked = now

    def wait(self) -> float:
        """Seconds until one request fits again."""
        return max(0.0, (1.0 - self.tokens) * self.window / self.size) if self.size else self.window


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that a bucket has no room for."""

    bucket: str
    retry_after: int
    body: dict[str, Any]


@dataclass(slots=True)
class Throttle:
    """All buckets of all subscriptions."""

    enabled: bool = True
    scale: float = 1.0
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Overrides of `SIZES` by bucket, (3 minutes, 30 minutes)."""
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def admit(self, subscription: str, groups: tuple[str, ...]) -> Refusal | None:
        """Take one request out of each group's windows, or say which one is empty."""
        if not self.enabled:
            return None
        now = time.monotonic()
        touched = [found for group in groups for found in self._windows(subscription, group, now)]
        for name, bucket in touched:
            if bucket.tokens < 1.0:
                return _refuse(name, bucket)
        for name, bucket in touched:
            if not name.startswith("VMScaleSetVMViews"):
                bucket.tokens -= 1.0
        return None

    def charge(self, subscription: str, group: str, amount: int) -> None:
        """Take a charge that is known only with the answer (the number of instances in a list)."""
        for _, bucket in self._windows(subscription, group, time.monotonic()):
            bucket.tokens = max(0.0, bucket.tokens - amount)

    def remaining(self, subscription: str, groups: tuple[str, ...]) -> str:
        """Return the value of `x-ms-ratelimit-remaining-resource`; empty when no bucket is involved."""
        now = time.monotonic()
        parts = [
            f"Microsoft.Compute/{name};{int(bucket.tokens)}"
            for group in groups
            for name, bucket in self._windows(subscription, group, now)
        ]
        return ",".join(parts)

    def admit_to_arm(self, subscription: str, write: bool, actor: str) -> tuple[int, Refusal | None]:
        """Count one call against ARM's own limit; return what is left, and the refusal when it is used up."""
        name = "SubscriptionWrites" if write else "SubscriptionReads"
        size, window = SUBSCRIPTION[name]
        size = float(self.sizes.get(name, (size, 0))[0]) * self.scale
        bucket = self._bucket(subscription, name, size, window, time.monotonic())
        if self.enabled and bucket.tokens < 1.0:
            return 0, _refuse_at_arm(bucket, "write" if write else "read", subscription, actor)
        bucket.tokens = max(0.0, bucket.tokens - 1.0)
        return int(bucket.tokens), None

    def levels(self) -> dict[str, dict[str, float]]:
        """Return every bucket in use as JSON-ready data, `subscription -> bucket -> tokens left`."""
        now, result = time.monotonic(), dict[str, dict[str, float]]()
        for (subscription, name), bucket in self._buckets.items():
            bucket.refill(now)
            result.setdefault(subscription, {})[name] = round(bucket.tokens, 1)
        return result

    def resize(self, enabled: bool | None, scale: float | None, sizes: Mapping[str, tuple[int, int]] | None) -> None:
        """Change what is given from now on; `sizes` replaces all overrides. Every bucket starts full again."""
        self.enabled = self.enabled if enabled is None else enabled
        self.scale = self.scale if scale is None else scale
        self.sizes = self.sizes if sizes is None else dict(sizes)
        self._buckets.clear()

    def _windows(self, subscription: str, group: str, now: float) -> list[tuple[str, Bucket]]:
        short, long = self.sizes.get(group, SIZES.get(group, (0, 0)))
        found = []
        for suffix, size, window in (("3Min", short, SHORT), ("30Min", long, LONG)):
            if size:
                name = f"{group}{suffix}"
                found.append((name, self._bucket(subscription, name, size * self.scale, window, now)))
        return found

    def _bucket(self, subscription: str, name: str, size: float, window: float, now: float) -> Bucket:
        key = (subscription.lower(), name)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(max(1.0, size), window, max(1.0, size), now)
        bucket.refill(now)
        return bucket


def _refuse(name: str, bucket: Bucket) -> Refusal:
    """Build the recorded 429 of compute: the details' message is JSON in a string."""
    wait = max(1, int(bucket.wait() + 0.999))
    now = datetime.now(UTC)
    inner = {
        "operationGroup": name,
        "startTime": (now - timedelta(seconds=bucket.window)).isoformat(),
        "endTime": (now + timedelta(seconds=wait)).isoformat(),
        "allowedRequestCount": int(bucket.size),
        "measuredRequestCount": int(bucket.size) + 1,
    }
    body = {
        "error": {
            "code": "OperationNotAllowed",
            "message": "The server rejected the request because too many requests have been received for this "
            "subscription.",
            "details": [
                {
                    "code": "TooManyRequests",
                    "target": name,
                    "message": json.dumps(inner, separators=(",", ":")),
                }
            ],
            "innererror": {"internalErrorCode": "TooManyRequestsReceived"},
        }
    }
    return Refusal(name, wait, body)


def _refuse_at_arm(bucket: Bucket, verb: str, subscription: str, actor: str) -> Refusal:
    """Build ARM's own 429, which names the caller."""
    wait = max(1, int(bucket.wait() + 0.999))
    message = (
        f"Number of '{verb}' requests for subscription '{subscription}' actor '{actor}' exceeded. Please try again "
        f"after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
        "additional information."
    )
    return Refusal(verb, wait, {"error": {"code": "SubscriptionRequestsThrottled", "message": message}})
