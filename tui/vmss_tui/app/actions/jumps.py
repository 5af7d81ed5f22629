"""Where `:` goes: every word that it knows, with what it does. Asks Azure nothing.

`fleet`, `rollouts`, `profiles`; scale sets, rollouts and profiles by name; `tenant X`, `sub X`, `cloud X`, `auth X`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from vmss_tui import text
from vmss_tui.app.places.scope import EVERYTHING, Scope, tenant_title
from vmss_tui.app.screens.sign_in import CREDENTIALS
from vmss_tui.app.session import Account
from vmss_tui.app.shell import OpenRollout, OpenScaleSet, OpenWaves, Shell
from vmss_tui.errors import VmssTuiError

WORDS = {
    "fleet": "every scale set (also: sets, vmss)",
    "rollouts": "every rollout of the journal",
    "profiles": "deployment profiles",
    "tenant NAME": "show one tenant only; one that is not listed is signed in to",
    "sub NAME": "show one subscription only",
    "all": "show every tenant and subscription",
    "cloud NAME": "sign in to another cloud",
    "auth NAME": "sign in with another credential: auto, cli, azd, powershell, browser, device, managed-identity, env",
    "quit": "leave (also: q)",
}
"""What can be typed after `:` beside names, for the list of aliases."""

_ALIASES = {"fleet": ("sets", "vmss"), "quit": ("q", "q!"), "all": ("sub all", "tenant all")}


@dataclass(frozen=True, slots=True)
class Jump:
    """One place to go to: its name, a description, and how to open it."""

    name: str
    about: str
    go: Callable[[], object]


def jumps(shell: Shell) -> Iterator[Jump]:
    """Every place, those that need no name first."""
    yield from _screens(shell)
    yield from _accounts(shell)
    yield from _scale_sets(shell)
    yield from _rollouts(shell)
    yield from _profiles(shell)


def typed(shell: Shell, words: str) -> Jump | None:
    """Where words go that name nothing known: `tenant X` signs in to it, other words say what there is."""
    verb, _, name = words.strip().partition(" ")
    name = name.strip()
    if verb == "tenant" and name and name != "all":
        return Jump(f"tenant {name}", "sign in to this tenant", partial(shell.switch, Account(tenant=name)))
    known = _known_after(shell, verb)
    if known is None or not name or any(name.lower() in one.lower() for one in known):
        return None
    return Jump(f"{verb} {name}", f"no {_NOUNS[verb]} is named {name}; {text.listed(known)}", lambda: None)


_NOUNS = {"sub": "visible subscription", "cloud": "cloud", "auth": "credential"}


def _known_after(shell: Shell, verb: str) -> list[str] | None:
    """The names that can follow a word; None when it takes none."""
    match verb:
        case "sub":
            fleet = shell.fleet
            return [found.title for found in fleet.subscriptions] if fleet is not None else []
        case "cloud":
            return list(shell.session.clouds())
        case "auth":
            return list(shell.session.credentials())
        case _:
            return None


def _screens(shell: Shell) -> Iterator[Jump]:
    ways: dict[str, Callable[[], object]] = {
        "fleet": partial(shell.go_to, "fleet"),
        "rollouts": partial(shell.go_to, "rollouts"),
        "profiles": partial(shell.go_to, "profiles"),
        "all": partial(shell.narrow, EVERYTHING),
        "quit": shell.leave,
    }
    for name, go in ways.items():
        for word in (name, *_ALIASES.get(name, ())):
            yield Jump(word, WORDS[name], go)


def _accounts(shell: Shell) -> Iterator[Jump]:
    fleet = shell.fleet
    for tenant in fleet.tenants if fleet is not None else ():
        name = text.plain(tenant_title(tenant))
        yield Jump(f"tenant {name}", "show this tenant only", partial(shell.narrow, Scope(tenant=tenant.id)))
    for found in fleet.subscriptions if fleet is not None else ():
        go = partial(shell.narrow, Scope(subscription=found.id))
        yield Jump(f"sub {text.plain(found.title)}", f"show subscription {found.id} only", go)
    for cloud in shell.session.clouds():
        yield Jump(f"cloud {text.plain(cloud)}", "sign in to this cloud", partial(shell.switch, Account(cloud=cloud)))
    for auth in shell.session.credentials():
        about = f"sign in with {CREDENTIALS.get(auth, auth)}"
        yield Jump(f"auth {auth}", about, partial(shell.switch, Account(auth=auth)))


def _scale_sets(shell: Shell) -> Iterator[Jump]:
    for entry in shell.fleet.entries if shell.fleet is not None else ():
        where = f"scale set in {entry.subscription.name} / {entry.id.group}"
        yield Jump(text.plain(entry.scale_set.name), text.plain(where), partial(shell.open, OpenScaleSet(entry.id)))


def _rollouts(shell: Shell) -> Iterator[Jump]:
    try:
        journal = shell.session.journal()
        single, several = journal.rollouts(limit=50), journal.waves.headers()[:50]
    except VmssTuiError:
        return
    for header in single:
        about = text.plain(f"{header.stage.word}, {header.label}")
        go = partial(shell.open, OpenRollout(header.id))
        yield Jump(text.plain(f"rollout {header.id} {header.target.name}"), about, go)
    for whole in several:
        about = text.plain(f"{whole.stage.word}, {whole.label}")
        yield Jump(f"rollout {whole.id} over several sets", about, partial(shell.open, OpenWaves(whole.id)))


def _profiles(shell: Shell) -> Iterator[Jump]:
    try:
        entries = shell.session.profiles().list()
    except VmssTuiError:
        return
    for entry in entries:
        if not entry.shadowed:
            yield Jump(
                text.plain(f"profile {entry.name}"), "deployment profile", partial(shell.show_profile, entry.name)
            )
