"""Names that a shell can complete, from data on this host: files, the journal, the last list of scale sets.

Never touches the network and never fails: what cannot be read completes nothing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vmss_tui.errors import VmssTuiError
from vmss_tui.paths import inventory_directory, is_missing, journal_file

if TYPE_CHECKING:
    from vmss_tui.engine.inventory_cache import KnownNames
    from vmss_tui.journal.store import Journal


def _kept() -> "KnownNames":
    from vmss_tui.engine.inventory_cache import known_names

    return known_names(inventory_directory())


def scale_sets() -> Sequence[str]:
    """`group/name`, and names that are unique, of the last list and of the journal."""
    known = set(_kept().scale_sets)
    with suppress(VmssTuiError), _journal() as journal:
        known |= {header.target.short for header in journal.rollouts()} if journal is not None else set()
    names = [name.rpartition("/")[2] for name in known]
    return sorted({name for name in names if names.count(name) == 1}) + sorted(known)


def tenants() -> Sequence[str]:
    """Tenant ids of the last list."""
    return _kept().tenants


def subscriptions() -> Sequence[str]:
    """Names of the subscriptions of the last list."""
    return _kept().subscriptions


def profiles() -> Sequence[str]:
    """Names of deployment profiles."""
    from vmss_tui.config.read import read
    from vmss_tui.profiles.store.store import ProfileStore

    with suppress(VmssTuiError):
        store = ProfileStore.default(configured=read().from_file("profiles") or ())
        return [entry.name for entry in store.list() if not entry.shadowed]
    return []


def rollouts() -> Sequence[str]:
    """Ids of the newest rollouts, those over several scale sets first."""
    with suppress(VmssTuiError), _journal() as journal:
        if journal is not None:
            whole = [header.id for header in journal.waves.headers(limit=10)]
            return [*whole, *(header.id for header in journal.rollouts(limit=50))]
    return []


@contextmanager
def _journal() -> "Iterator[Journal | None]":
    """The journal where it is a file; None without one, or where it is a database on the network."""
    from vmss_tui.cli.settings import JOURNAL
    from vmss_tui.config.read import read
    from vmss_tui.journal.databases.place import is_address
    from vmss_tui.journal.store import Journal

    place = os.environ.get(JOURNAL) or read()["journal"] or journal_file()
    if is_address(str(place)) or is_missing(Path(place)):
        yield None
        return
    with closing(Journal.open(place, read_only=True)) as journal:
        yield journal


def clouds() -> Sequence[str]:
    """Built-in clouds, and the user's own."""
    from vmss_tui.config.read import read
    from vmss_tui.gateway.sign_in.clouds import BUILT_IN, own_clouds

    own = own_clouds(read()["clouds"])
    return [*dict.fromkeys(cloud.name for cloud in BUILT_IN.values()), *sorted(own)]


BY_PARAMETER: dict[str, Callable[[], Sequence[str]]] = {
    "scaleset": scale_sets,
    "scalesets": scale_sets,
    "profile": profiles,
    "rollout": rollouts,
    "cloud": clouds,
    "tenant": tenants,
    "subscription": subscriptions,
}
"""What completes a parameter, by its name."""
