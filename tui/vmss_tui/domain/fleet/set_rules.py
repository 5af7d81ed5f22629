"""Rules that choose scale sets by tag, name and subscription: which are production, which are read-only. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet

PRODUCTION_TAGS = ("*=prod", "*=production", "*=prd", "*=live")
"""The marks of production without a configuration: its name must be typed to start a rollout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRules:
    """Patterns with `*` and `?`, in any case; one match is enough."""

    tags: tuple[str, ...] = ()
    """`NAME=VALUE`."""
    names: tuple[str, ...] = ()
    """`NAME` or `GROUP/NAME`."""
    subscriptions: tuple[str, ...] = ()
    """Subscription ids."""

    def reason(self, target: ScaleSetId, tags: Mapping[str, str]) -> str:
        """The match, with its pattern: `tag env=prod (pattern *=prod)`; empty when nothing of the scale set matches."""
        for pattern in self.names:
            if target.fits(pattern):
                return _because("name", target.short if "/" in pattern else target.name, pattern)
        candidates = (
            ("subscription", target.subscription, self.subscriptions),
            *(("tag", f"{name}={value}", self.tags) for name, value in tags.items()),
        )
        for what, value, patterns in candidates:
            for pattern in patterns:
                if fnmatchcase(value.casefold(), pattern.casefold()):
                    return _because(what, value, pattern)
        return ""

    def match(self, target: ScaleSetId, tags: Mapping[str, str]) -> bool:
        """Whether the rules choose a scale set."""
        return bool(self.reason(target, tags))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRules(SetRules):
    """Which changes are confirmed by typing the name of the scale set: those of production, and large ones."""

    instances: int = 100
    """A change of this many instances or more counts as one of production."""

    def why_confirm(self, target: ScaleSetId, tags: Mapping[str, str], affected: int) -> str:
        """Why the name must be typed before this many instances of a set are changed; empty when it need not be."""
        if why := self.reason(target, tags):
            return f"{target.name} is production by its {why}"
        if affected >= self.instances:
            return f"{affected} instances of {target.name} are changed"
        return ""

    def why_confirm_waves(self, sets: Iterable[tuple[ScaleSetId, Mapping[str, str], int]]) -> str:
        """The same for several scale sets together, each with its tags and how many instances are changed."""
        known = tuple(sets)
        affected = sum(count for _, _, count in known)
        if affected >= self.instances:
            return f"{affected} instances of {len(known)} scale sets are changed"
        return next(filter(None, (self.why_confirm(*one) for one in known)), "")


def _because(what: str, value: str, pattern: str) -> str:
    return f"{what} {value}" + (f" (pattern {pattern})" if pattern != value else "")


PRODUCTION = ProductionRules(tags=PRODUCTION_TAGS)
"""The rules for production where nothing is configured."""


def read_only_words(scale_set: ScaleSet) -> tuple[str, str]:
    """Why a set that a rule protects is not changed, and the next step."""
    return (
        f"{scale_set.name} is read-only by the configuration: {scale_set.read_only_rule}",
        "Change [read_only_sets] in config.toml if it should not be; `vmss-tui config show` names the file.",
    )
