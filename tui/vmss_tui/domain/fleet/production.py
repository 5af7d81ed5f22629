"""Which scale sets are production, where a start is confirmed by typing the name. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vmss_tui.domain.fleet.ids import ScaleSetId

TAGS = ("*=prod", "*=production", "*=prd", "*=live")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRules:
    """Patterns with `*` and `?`, in any case; one match is enough."""

    tags: tuple[str, ...] = TAGS
    """`NAME=VALUE`."""
    names: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    """Subscription ids."""

    def match(self, target: ScaleSetId, tags: Mapping[str, str]) -> bool:
        """Whether a scale set is production."""
        return (
            _any(self.names, target.name)
            or _any(self.subscriptions, target.subscription)
            or any(_any(self.tags, f"{name}={value}") for name, value in tags.items())
        )


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)
