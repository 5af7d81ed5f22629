"""Messages from workers to screens. Workers post them and touch no widget; handlers own the state.

Snapshots may replace a queued older one of the same set; messages about failures and sign-in are never dropped.
"""

from dataclasses import dataclass

from textual.message import Message

from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetSnapshot, SetSnapshot
from vmss_tui.engine.watch.pace import WatchFailure
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, DeviceCode


@dataclass
class DeviceCodeShown(Message):
    """A person must sign in on another device."""

    device: DeviceCode


@dataclass
class Connected(Message):
    """Signed in."""

    azure: Azure
    identity: Identity


@dataclass
class NotConnected(Message):
    """Signing in failed."""

    error: VmssTuiError


@dataclass
class FleetArrived(Message):
    """The fleet has changed."""

    snapshot: FleetSnapshot

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, FleetArrived)


@dataclass
class SetArrived(Message):
    """A scale set looks different."""

    snapshot: SetSnapshot

    def can_replace(self, message: Message) -> bool:
        """Only the newest of one set counts."""
        return isinstance(message, SetArrived) and message.target == self.target

    @property
    def target(self) -> ScaleSetId:
        """Which set."""
        return self.snapshot.scale_set.id


@dataclass
class ReadFailed(Message):
    """Reading failed; the data on screen is old. It is tried again by itself."""

    failure: WatchFailure
