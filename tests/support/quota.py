"""A clock that only sleeping moves, and the header in which Azure says what is left of a bucket."""

from datetime import UTC, datetime, timedelta

from vmss_tui.gateway.http.throttle import Governor

VIEWS = "x-ms-ratelimit-remaining-resource"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def header(remaining: int) -> dict[str, str]:
    return {"x-ms-ratelimit-remaining-resource": f"Microsoft.Compute/HighCostGetVMScaleSet3Min;{remaining}"}


def listed(governor: Governor, remaining: int, instances: int, *, following: bool = False) -> None:
    """A list, or a page of it, of so many instances was answered, and so much is left."""
    headers = {VIEWS: f"Microsoft.Compute/VMScaleSetVMViews3Min;{remaining}", "x-ms-request-charge": str(instances)}
    governor.observe("s", "instances", headers, scope="/sets/big", following=following)
