"""When a rollout may change a scale set: the window of its profile, the windows and freezes of the configuration.

A change is allowed while the profile's window is open, one of those that the configuration has for the set is open
(if it has any), and no freeze is in force. Overrides lift windows or freezes. Pure; times are UTC.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.maintenance_window import HORIZON, Opening, Window, merged, moment

OUTSIDE_WINDOW = "outside-window"
DURING_FREEZE = "during-freeze"
"""Codes of what closes a timetable; an override has the code of what it lifts."""
CLOSES_WITHIN = timedelta(days=30)
"""A timetable that stays open for longer than this does not close as far as a rollout is concerned."""
_REACHES = (timedelta(days=8), timedelta(days=45), HORIZON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which scale sets a rule is for: one pattern of each kind that is given has to match; none given: all sets.

    Patterns have `*` and `?`, in any case; a tag is `NAME=VALUE`.
    """

    subscriptions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def match(self, target: ScaleSetId, tags: Mapping[str, str]) -> bool:
        """Whether the rule is for this scale set."""
        return (
            _fits(self.subscriptions, (target.subscription,))
            and (not self.names or any(target.fits(pattern) for pattern in self.names))
            and _fits(self.tags, (f"{name}={value}" for name, value in tags.items()))
        )


def _fits(patterns: tuple[str, ...], texts: Iterable[str]) -> bool:
    if not patterns:
        return True
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for text in texts for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """A window for every rollout on the sets of its scope."""

    window: Window
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No changes from `start` on until `end` (not included), for a reason, on the sets of its scope."""

    start: datetime
    end: datetime
    reason: str
    timezone: str = "UTC"
    """In which times are shown."""
    scope: Scope = Scope()

    def __str__(self) -> str:
        """`year-end, until Thu 2027-01-07 00:00 CET`."""
        return f"{self.reason}, until {moment(self.end, self.timezone)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRules:
    """The windows and freezes of the configuration."""

    windows: tuple[WindowRule, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def of(self, target: ScaleSetId, tags: Mapping[str, str]) -> "MaintenanceRules":
        """Those for one scale set."""
        return MaintenanceRules(
            windows=tuple(rule for rule in self.windows if rule.scope.match(target, tags)),
            freezes=tuple(freeze for freeze in self.freezes if freeze.scope.match(target, tags)),
        )

    def ahead(self, now: datetime) -> "MaintenanceRules":
        """Without calendar events that are over, or more than `_COMPARED` ahead: to compare two readings."""
        return replace(self, windows=tuple(_ahead(rule, now) for rule in self.windows))


NO_RULES = MaintenanceRules()
_COMPARED = timedelta(days=365)


def _ahead(rule: WindowRule, now: datetime) -> WindowRule:
    openings = (opening for opening in rule.window.openings if opening.closes > now and opening.opens < now + _COMPARED)
    return replace(rule, window=replace(rule.window, openings=tuple(openings)))


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing may be changed now: the code, and the window or freeze in words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The windows and freezes that hold for one rollout."""

    windows: tuple[Window, ...] = ()
    """The profile's."""
    any_of: tuple[Window, ...] = ()
    """Those of the configuration: one of them has to be open."""
    freezes: tuple[Freeze, ...] = ()

    @property
    def free(self) -> bool:
        """Whether changes may be made at any time."""
        return not (self.windows or self.any_of or self.freezes)

    @property
    def timezone(self) -> str:
        """In which its times are shown: the zone of the first rule."""
        zones = [window.timezone for window in (*self.windows, *self.any_of)]
        return next(iter(zones + [freeze.timezone for freeze in self.freezes]), "UTC")

    def closed(self, at: datetime) -> tuple[Closed, ...]:
        """Why nothing may be changed at this time, one reason of each code; none when something may."""
        frozen = [Closed(DURING_FREEZE, str(freeze)) for freeze in self.freezes if freeze.start <= at < freeze.end]
        shut = [Closed(OUTSIDE_WINDOW, str(window)) for window in self.windows if not window.contains(at)]
        if self.any_of and not any(window.contains(at) for window in self.any_of):
            shut.append(Closed(OUTSIDE_WINDOW, " or ".join(map(str, self.any_of))))
        return (*frozen[:1], *shut[:1])

    def closes_at(self, at: datetime) -> datetime | None:
        """When it closes next; None when it does not within `CLOSES_WITHIN`. `at` itself when it is closed."""
        now = at.astimezone(UTC)
        for opening in self.openings(now, now + CLOSES_WITHIN):
            if opening.opens <= now < opening.closes:
                return opening.closes if opening.closes < now + CLOSES_WITHIN else None
        return now

    def opens_at(self, at: datetime, seconds: float = 0.0) -> datetime | None:
        """The first time from `at` on at which it is open, and stays so for `seconds`; None: never within `HORIZON`."""
        now, need = at.astimezone(UTC), timedelta(seconds=seconds)
        for reach in _REACHES:
            for opening in self.openings(now, now + reach):
                start = max(opening.opens, now)
                cut = opening.closes >= now + reach
                if start < opening.closes and (opening.closes - start >= need or cut):
                    return start
        return None

    def openings(self, first: datetime, last: datetime) -> tuple[Opening, ...]:
        """When changes may be made between two times."""
        found: tuple[Opening, ...] = (Opening(first, last),)
        for window in self.windows:
            found = _both(found, window.between(first, last))
        if self.any_of:
            found = _both(found, merged(opening for window in self.any_of for opening in window.between(first, last)))
        for freeze in self.freezes:
            found = _without(found, freeze.start, freeze.end)
        return found

    def moment(self, at: datetime) -> str:
        """A time in its zone: `Sun 2026-11-29 01:00 CET`."""
        return moment(at, self.timezone)


def timetable(window: Window | None, rules: MaintenanceRules, overrides: Collection[str] = ()) -> Timetable:
    """The timetable of a rollout; `overrides` has the codes of what a person lifted for it."""
    lifted = OUTSIDE_WINDOW in overrides
    return Timetable(
        windows=() if lifted or window is None else (window,),
        any_of=() if lifted else tuple(rule.window for rule in rules.windows),
        freezes=() if DURING_FREEZE in overrides else rules.freezes,
    )


def _both(ones: Sequence[Opening], others: Sequence[Opening]) -> tuple[Opening, ...]:
    """When both are open; each is in order, and so is what is found."""
    found: list[Opening] = []
    left, right = 0, 0
    while left < len(ones) and right < len(others):
        one, other = ones[left], others[right]
        found.append(Opening(max(one.opens, other.opens), min(one.closes, other.closes)))
        left, right = (left + 1, right) if one.closes < other.closes else (left, right + 1)
    return merged(found)


def _without(openings: Iterable[Opening], start: datetime, end: datetime) -> tuple[Opening, ...]:
    """What is left of the openings outside a time."""
    return merged(
        part
        for opening in openings
        for part in (
            Opening(opening.opens, min(opening.closes, start)),
            Opening(max(opening.opens, end), opening.closes),
        )
    )
