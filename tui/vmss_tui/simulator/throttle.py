"""Azure's request quotas: token buckets per subscription and operation group, and the answers when one is empty.

Bucket names and sizes are those of recorded `x-ms-ratelimit-remaining-resource` headers (3 and 30 minute windows);
refill follows "Understanding call limits" (token buckets). Time is real time, because clients obey Retry-After so.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vmss_tui.simulator.armpath import ArmPath

SHORT, LONG = 180.0, 1800.0
PRINCIPAL = {
    "SubscriptionReads": (250.0, 10.0),
    "SubscriptionWrites": (200.0, 20.0),
    "SubscriptionDeletes": (200.0, 20.0),
}
"""ARM's own limits for one principal in a subscription and region, since 2024: size, seconds to refill (25 or 10 a
second; "Understand how Azure Resource Manager throttles requests"). There is one region of ARM here."""
GLOBAL = {
    "SubscriptionGlobalReads": (3750.0, 10.0),
    "SubscriptionGlobalWrites": (3000.0, 20.0),
    "SubscriptionGlobalDeletes": (3000.0, 20.0),
}
"""The same for all principals together, fifteen times as much (recorded: `…-global-reads: 3749`, `-writes: 2999`)."""
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

PER_RESOURCE = {
    "UpdateVMScaleSet": ((4, 12), (500, 1500)),
    "LowCostGetVMScaleSet": ((12, 36), (800, 2400)),
    "HighCostGetVMScaleSet": ((10, 30), (360, 1080)),
    "UpdateVM": ((4, 12), (500, 1500)),
    "GetVM": ((15, 45), (4000, 12000)),
}
"""Limits of Compute that are documented since 2024: (refill a minute, size) of one resource, and of its subscription
("Compute throttling limits"). No header reports them, and the recorded buckets above are far larger: they are enforced
when the scenario asks for it."""

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


@dataclass(frozen=True, slots=True)
class Quota:
    """A documented limit that a request counts against; without `resource` it is the subscription's."""

    name: str
    resource: str
    refill: float
    """Requests a minute."""
    size: float


def quotas_of(method: str, path: ArmPath) -> list[Quota]:
    """The documented limits that a request counts against: of its scale set or VM, and of its subscription."""
    name = _documented(method, path)
    if not name:
        return []
    (refill, size), (all_refill, all_size) = PER_RESOURCE[name]
    quotas = [Quota(f"{name}SubscriptionMaximum", "", all_refill, all_size)]
    resource = _RESOURCE.search(path.scope)
    if resource is not None:
        wanted = resource["vm"] if name.endswith("VM") else resource["set"]
        quotas.append(Quota(f"{name}Resource", (wanted or resource[0]).lower(), refill, size))
    return quotas


_RESOURCE = re.compile(r"(?P<vm>(?P<set>^.*/virtualmachinescalesets/[^/]+)?(?:/virtualmachines/[^/]+)?)", re.IGNORECASE)


def _documented(method: str, path: ArmPath) -> str:
    groups = group_of(method, path)
    if not groups or groups[0] == "GetOperation" or path.kinds[0] == "locations":
        return ""
    of_machine = "virtualMachines" in path.kinds and (path.named or path.leaf != "virtualMachines")
    if method != "GET":
        return "UpdateVM" if of_machine else "UpdateVMScaleSet"
    if of_machine:
        return "GetVM"
    return "HighCostGetVMScaleSet" if groups[0].startswith("HighCost") else "LowCostGetVMScaleSet"


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
    per_resource: bool = False
    """Whether the documented limits of one scale set and one VM are enforced as well."""
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Overrides of `SIZES` by bucket, (3 minutes, 30 minutes); of ARM's own by name, where the first counts."""
    seconds: Callable[[], float] = time.monotonic
    """The time by which buckets fill up: the host's, or the simulated one where no client waits in real time."""
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def admit(self, subscription: str, groups: tuple[str, ...], resources: Iterable[Quota] = ()) -> Refusal | None:
        """Take one request out of each group's windows and each resource's quota, or say which one is empty."""
        if not self.enabled:
            return None
        now = self.seconds()
        touched = [found for group in groups for found in self._windows(subscription, group, now)]
        if self.per_resource:
            touched += [(quota.name, self._quota(subscription, quota, now)) for quota in resources]
        for name, bucket in touched:
            if bucket.tokens < 1.0:
                return _refuse(name, bucket)
        for name, bucket in touched:
            if not name.startswith("VMScaleSetVMViews"):
                bucket.tokens -= 1.0
        return None

    def charge(self, subscription: str, group: str, amount: int) -> None:
        """Take a charge that is known only with the answer (the number of instances in a list)."""
        for _, bucket in self._windows(subscription, group, self.seconds()):
            bucket.tokens = max(0.0, bucket.tokens - amount)

    def remaining(self, subscription: str, groups: tuple[str, ...]) -> str:
        """Return the value of `x-ms-ratelimit-remaining-resource`; empty when no bucket is involved."""
        now = self.seconds()
        parts = [
            f"Microsoft.Compute/{name};{int(bucket.tokens)}"
            for group in groups
            for name, bucket in self._windows(subscription, group, now)
        ]
        return ",".join(parts)

    def admit_to_arm(self, subscription: str, verb: str, actor: str) -> tuple[int, int, Refusal | None]:
        """Count one call against ARM's own limits; `verb` is reads, writes or deletes.

        Returns what is left for the principal, what is left for all, and the refusal when either is used up.
        """
        now, name = self.seconds(), verb.capitalize()
        own = self._arm_bucket(f"{subscription} {actor}", f"Subscription{name}", PRINCIPAL, now)
        common = self._arm_bucket(subscription, f"SubscriptionGlobal{name}", GLOBAL, now)
        for bucket in (own, common):
            if self.enabled and bucket.tokens < 1.0:
                return 0, int(common.tokens), _refuse_at_arm(bucket, verb.removesuffix("s"), subscription, actor)
        for bucket in (own, common):
            bucket.tokens = max(0.0, bucket.tokens - 1.0)
        return int(own.tokens), int(common.tokens), None

    def _arm_bucket(self, key: str, name: str, limits: Mapping[str, tuple[float, float]], now: float) -> Bucket:
        size, window = limits[name]
        return self._bucket(key, name, float(self.sizes.get(name, (size, 0))[0]) * self.scale, window, now)

    def _quota(self, subscription: str, quota: Quota, now: float) -> Bucket:
        key = f"{subscription} {quota.resource}" if quota.resource else subscription
        size = quota.size * self.scale
        return self._bucket(key, quota.name, size, quota.size / quota.refill * 60.0, now)

    def levels(self) -> dict[str, dict[str, float]]:
        """Return every bucket in use as JSON-ready data, `subscription -> bucket -> tokens left`."""
        now, result = self.seconds(), dict[str, dict[str, float]]()
        for (subscription, name), bucket in self._buckets.items():
            bucket.refill(now)
            result.setdefault(subscription, {})[name] = round(bucket.tokens, 1)
        return result

    def resize(
        self,
        enabled: bool | None,
        scale: float | None,
        sizes: Mapping[str, tuple[int, int]] | None,
        per_resource: bool | None = None,
    ) -> None:
        """Change what is given from now on; `sizes` replaces all overrides. Every bucket starts full again."""
        self.enabled = self.enabled if enabled is None else enabled
        self.scale = self.scale if scale is None else scale
        self.per_resource = self.per_resource if per_resource is None else per_resource
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
