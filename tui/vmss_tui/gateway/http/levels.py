"""The levels of the request buckets, as the text that processes share. Pure."""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field

from vmss_tui.gateway.http.buckets import Level, full

VERSION = 2


@dataclass(slots=True)
class Levels:
    """Levels by bucket, what sorts of reads use which buckets, and until when Azure wants no more of a sort."""

    levels: dict[str, Level] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: dict[str, float] = field(default_factory=dict)
    """Seconds since 1970."""

    def dumped(self, now: float) -> str:
        """As JSON, without buckets that are full again and blocks that are over."""
        data = {
            "version": VERSION,
            "levels": {
                name: [round(value, 3) for value in astuple(level)]
                for name, level in self.levels.items()
                if level.share(now) < 1.0
            },
            "used": self.used,
            "blocked": {name: until for name, until in self.blocked.items() if until > now},
        }
        return json.dumps(data, separators=(",", ":"))

    def load(self, text: str, now: float) -> None:
        """Take over what another process wrote. Raises ValueError when it is of another shape."""
        try:
            data = json.loads(text)
        except RecursionError as error:
            raise ValueError("another format") from error
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ValueError("another format")
        try:
            written = {str(name): Level(*map(float, values)) for name, values in data["levels"].items()}
            used = {str(name): tuple(map(str, names)) for name, names in data["used"].items()}
            blocked = {str(name): float(until) for name, until in data["blocked"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("another format") from error
        for name, level in written.items():
            if level.size > 0 and level.rate > 0 and level.at <= now + 1.0:
                self.levels[name] = level
        for name in [name for name in self.levels if name not in written]:
            self.levels[name].tokens, self.levels[name].at = self.levels[name].size, now
        self.used |= used
        self.blocked = blocked

    def charge(self, taken: "Iterable[Taken]", now: float) -> None:
        """Take out the reservations of a process that it could not make here."""
        for it in taken:
            level = self.levels.setdefault(it.key, full(it.name, now))
            level.take(it.amount, now, max(0.0, it.sent_at - now))


@dataclass(frozen=True, slots=True)
class Taken:
    """The tokens that a request takes out of the bucket `name`, whose level is under `key`; `sent_at`: since 1970."""

    key: str
    name: str
    amount: float
    sent_at: float
