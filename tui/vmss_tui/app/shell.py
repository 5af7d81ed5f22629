"""What screens see of the app: a protocol, and the places that they ask it to open.

Screens know neither the app's class nor each other; the app alone knows which screen belongs to which place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from textual.signal import Signal

    from vmss_tui.app.connection import Connection
    from vmss_tui.app.places.favorites import Favorites
    from vmss_tui.app.places.last_place import LastPlace
    from vmss_tui.app.places.scope import Scope
    from vmss_tui.app.running_rollouts import RunningRollouts
    from vmss_tui.app.session import Account, Session
    from vmss_tui.app.write_rights import WriteRights
    from vmss_tui.domain.fleet.ids import ScaleSetId
    from vmss_tui.domain.fleet.snapshot import FleetSnapshot, SetSnapshot
    from vmss_tui.engine.rehearsal import Recording
    from vmss_tui.engine.version_lookup import VersionLookup


@dataclass(frozen=True, slots=True)
class OpenScaleSet:
    """One scale set with its instances."""

    target: ScaleSetId
    outputs: bool = False
    """Show the script output of its instances as soon as they are read."""


@dataclass(frozen=True, slots=True)
class OpenDeploy:
    """The form for a scale set, starting from what it has, or from a profile."""

    target: ScaleSetId
    profile: str = ""


@dataclass(frozen=True, slots=True)
class OpenRollout:
    """A rollout from its first event; with `speed`, as a replay that many times faster."""

    rollout: str
    speed: float | None = None
    rehearsal: Recording | None = None
    """The recording to play when it is in no journal: a rehearsal."""
    snapshot: SetSnapshot | None = None
    """The scale set as it was read last: shown until the runner has observed it."""


@dataclass(frozen=True, slots=True)
class OpenWaves:
    """A rollout over several scale sets."""

    rollout: str


Destination: TypeAlias = OpenScaleSet | OpenDeploy | OpenRollout | OpenWaves


class Shell(Protocol):
    """The app as its screens use it."""

    session: Session
    connection: Connection
    connection_changed: Signal[Connection]
    favorites: Favorites
    fleet: FleetSnapshot | None
    """The fleet as last read, for jumping and choosing."""
    label_of: VersionLookup
    rights: WriteRights
    """Why scale sets cannot be changed from here, as far as it is known."""
    tick_seconds: float
    """Between two updates of the ages on a screen."""
    running: RunningRollouts
    """Rollouts in progress, read every two seconds."""
    log_file: str
    """Where details of unexpected errors are written."""

    def as_typed(self, text: str) -> str:
        """A text whose `vmss-tui …` commands can be typed as this program was started."""

    def open(self, destination: Destination) -> None:
        """Show a screen on top of the present one."""

    def go_to(self, mode: str) -> None:
        """Show the list of a mode (`fleet`, `rollouts`, `profiles`); when it is shown already, what was open above."""

    def show_profile(self, name: str) -> None:
        """Show the list of profiles with the cursor on one."""

    def back(self) -> None:
        """Close the top screen; from a list that lies over what was open, return to that."""

    last_place: LastPlace
    """The choices and places kept between starts."""
    scope: Scope
    """What the app is narrowed to."""

    def sign_in(self) -> None:
        """Sign in (again)."""

    def cancel_sign_in(self) -> None:
        """Stop waiting for a person with a device code."""

    def switch(self, account: Account) -> object:
        """Sign in otherwise, from the list of scale sets; asks first when something unsaved would be lost."""

    def narrow(self, scope: Scope) -> None:
        """Show only what is in `scope` from now on."""

    def tenant_of(self, subscription_id: str) -> str:
        """The id of a subscription's tenant; empty while that is unknown."""

    def subscription_title(self, subscription_id: str) -> str:
        """The title of a subscription, also as it was at the last start; empty while it is unknown."""

    def copy(self, text: str, what: str) -> None:
        """Put text on the clipboard by OSC 52 and say so; `what` names it."""

    def leave(self) -> object:
        """Quit, asking first when something unsaved would be lost or a rollout is running."""
