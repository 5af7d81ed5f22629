"""What lists show at first, and which keys the app has: the part of the settings that the app reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings:
    """What lists show at first, and the keys of the app; empty means: the usual."""

    filter: str = ""
    """Filter of `vmss-tui list`."""
    columns: tuple[str, ...] = ()
    instance_columns: tuple[str, ...] = ()
    app_filter: str = ""
    restore: bool = True
    """Open the app where it was closed."""
    app_columns: tuple[str, ...] = ()
    app_instance_columns: tuple[str, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys as people write them, by action id."""

    def within(self, subscription: str | None) -> "ListSettings":
        """The same for an app that begins with one subscription; its list can be widened by the filter."""
        if not subscription:
            return self
        word = subscription.replace('"', "")
        chosen = f'sub:"{word}"' if " " in word else f"sub:{word}"
        return replace(self, app_filter=f"{chosen} {self.app_filter}".rstrip())
