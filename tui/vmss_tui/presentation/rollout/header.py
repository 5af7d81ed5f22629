"""A rollout at a glance: what every list and head of a rollout reads, as the journal has it."""

from datetime import datetime
from typing import Protocol

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.stage import Stage


class Head(Protocol):
    """A rollout at a glance, of one set or over several, as the journal lists it; times are UTC."""

    @property
    def id(self) -> str:
        """8 hex digits."""

    @property
    def label(self) -> str:
        """The version that it brings."""

    @property
    def profile(self) -> str:
        """The profile that it came from."""

    @property
    def who(self) -> str:
        """Who started it."""

    @property
    def why(self) -> str:
        """What for."""

    @property
    def ticket(self) -> str:
        """The change ticket."""

    @property
    def host(self) -> str:
        """Where it was started."""

    @property
    def created_at(self) -> datetime:
        """When it was started."""

    @property
    def ended_at(self) -> datetime | None:
        """When it ended."""

    @property
    def starts_at(self) -> datetime | None:
        """When it is to start, or to resume, until a runner has taken it up."""

    @property
    def stage(self) -> Stage:
        """Its state."""

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""


class Header(Head, Protocol):
    """A rollout of one set at a glance."""

    @property
    def target(self) -> ScaleSetId:
        """The scale set."""

    @property
    def waves(self) -> str:
        """The rollout over several sets that it belongs to; empty for one on its own."""
