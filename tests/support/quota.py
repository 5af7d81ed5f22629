"""A clock that only sleeping moves, and the header in which Azure says what is left of a bucket."""

from datetime import UTC, datetime, timedelta


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
