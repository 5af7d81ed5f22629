"""Names that a shell can complete, from what this machine knows: files, the journal, the last list of scale sets.

Never touches the network and never fails: what cannot be read completes nothing.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from vmss_tui.errors import VmssTuiError
from vmss_tui.paths import cache_directory, write_private

_FILE = "names.json"
MOST = 5000
"""Scale sets that are kept."""


def remember(scale_sets: Iterable[str], tenants: Iterable[str]) -> None:
    """Keep `group/name` of the visible scale sets, and the tenants, for later completions."""
    kept = {"scale_sets": sorted(set(scale_sets))[:MOST], "tenants": sorted(set(tenants))}
    with suppress(OSError):
        write_private(cache_directory() / _FILE, json.dumps(kept, ensure_ascii=False))


def _kept(what: str) -> list[str]:
    try:
        found = json.loads((cache_directory() / _FILE).read_text("utf-8"))[what]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def scale_sets() -> Sequence[str]:
    """`group/name`, and names that are unique, of the last list and of the journal."""
    from vmss_tui.journal.store import Journal
    from vmss_tui.paths import journal_file

    known = set(_kept("scale_sets"))
    with suppress(VmssTuiError):
        if journal_file().exists():
            journal = Journal.open(read_only=True)
            known |= {header.target.short for header in journal.rollouts()}
            journal.close()
    names = [name.rpartition("/")[2] for name in known]
    return sorted({name for name in names if names.count(name) == 1}) + sorted(known)


def tenants() -> Sequence[str]:
    """Tenant ids of the last list."""
    return _kept("tenants")


def profiles() -> Sequence[str]:
    """Names of deployment profiles."""
    from vmss_tui.profiles.store.store import ProfileStore

    with suppress(VmssTuiError):
        return [entry.name for entry in ProfileStore.default().list() if not entry.shadowed]
    return []


def rollouts() -> Sequence[str]:
    """Ids of the newest rollouts."""
    from vmss_tui.journal.store import Journal
    from vmss_tui.paths import journal_file

    with suppress(VmssTuiError):
        if journal_file().exists():
            journal = Journal.open(read_only=True)
            found = [header.id for header in journal.rollouts(limit=50)]
            journal.close()
            return found
    return []


def clouds() -> Sequence[str]:
    """Built-in clouds, and the user's own."""
    from vmss_tui.cli.settings import Settings
    from vmss_tui.gateway.sign_in.clouds import BUILT_IN, own_clouds

    own = own_clouds(Settings().with_configuration().cloud_directories)
    return [*dict.fromkeys(cloud.name for cloud in BUILT_IN.values()), *sorted(own)]


BY_PARAMETER: dict[str, Callable[[], Sequence[str]]] = {
    "scaleset": scale_sets,
    "scalesets": scale_sets,
    "profile": profiles,
    "rollout": rollouts,
    "cloud": clouds,
    "tenant": tenants,
}
"""What completes a parameter, by its name."""
