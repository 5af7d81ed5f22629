"""The states that replace an empty list: signing in, reading, nothing there, no access, failed. Pure.

Each gives the state, the reason and the next step.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vmss_tui import duration, text
from vmss_tui.errors import Forbidden, VmssTuiError
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Line

if TYPE_CHECKING:
    from vmss_tui.app.connection import Connection
    from vmss_tui.app.session import Session
    from vmss_tui.domain.fleet.snapshot import FleetSnapshot
    from vmss_tui.domain.rollout.state import RolloutState
    from vmss_tui.engine.watch.pace import WatchFailure
    from vmss_tui.ports import DeviceCode


def _retry() -> str:
    return f"{key_hint('list.refresh')} tries again"


def _offline_modes() -> str:
    return f"rollouts ({key_hint('app.rollouts')}) and profiles ({key_hint('app.profiles')})"


def connection_notice(connection: Connection, now: float, session: Session) -> Notice | None:
    """The progress of signing in; None once signed in. `now` is monotonic seconds."""
    if connection.azure is not None:
        return None
    waited = now - connection.since
    if connection.error is not None:
        choose = f"{key_hint('app.sign_in')} chooses how to sign in: Azure CLI, device code and others"
        offline = f"{_offline_modes()} work offline"
        demo = "to look around without Azure: `vmss-tui demo`"
        return error_notice("Not signed in", connection.error, _retry(), choose, offline, demo)
    if connection.device is not None:
        return _device_notice(connection.device, session)
    steps = (f"{_offline_modes()} are available meanwhile",) if waited > 3 else ()
    return Notice(
        title="Signing in",
        role=Role.BUSY,
        reason=f"Waiting for a token for {session.cloud.resource_manager}",
        steps=steps,
        waited=waited,
        limit=GIVE_UP_SECONDS,
    )


def _device_notice(device: DeviceCode, session: Session) -> Notice:
    """What a person must do, and for how long: the code and where it is typed, large; or the sign-in in a browser."""
    left = (device.expires - session.clock.now()).total_seconds() if device.expires else None
    copy, portal, back = (key_hint(action) for action in ("list.copy", "list.portal", "app.back"))
    time = "" if left is None else f", {duration.clock(left)} left" if left > 0 else ": the code has expired"
    if not device.code:
        return Notice(
            title=f"Sign in in your browser{time.replace('the code', 'the sign-in')}",
            role=Role.ACCENT if left is None or left > 0 else Role.WARN,
            reason=device.message,
            steps=(f"{back} cancels", "this screen continues after you have signed in"),
        )
    return Notice(
        title=f"Sign in on another device{time}",
        role=Role.ACCENT if left is None or left > 0 else Role.WARN,
        reason=f"Open {device.url} and enter the code {device.code}",
        big=device.code,
        steps=(
            f"{copy} copies the code, {portal} opens the address, {back} cancels",
            "this screen continues after you have signed in",
        ),
    )


def error_notice(title: str, error: VmssTuiError, *steps: str) -> Notice:
    """A failure with its reason and its next step."""
    hint = (error.hint,) if error.hint else ()
    return Notice(title=title, role=Role.BAD, reason=error.message, steps=(*hint, *steps))


def failing_line(failure: WatchFailure, session: Session) -> Line:
    """The status line while what is shown gets old: when it is tried again, why it failed, what to check."""
    again = (session.clock.now() + timedelta(seconds=failure.retry_in)).astimezone()
    error = failure.error
    said = f"✖ reading failed, next try {again:%H:%M:%S}: {error.message}"
    return ((text.plain(f"{said}; {error.hint}" if error.hint else said), Role.BAD),)


def sign_in_line(connection: Connection) -> Line:
    """The status line over what was read before, while a person is asked to sign in again; empty when signed in."""
    if connection.azure is not None:
        return ()
    if connection.error is not None:
        return ((text.plain(f"✖ not signed in: {connection.error.message}; {_retry()}"), Role.BAD),)
    device = connection.device
    if device is None:
        return (("◐ signing in", Role.BUSY),)
    what = f"open {device.url} and enter the code {device.code}" if device.code else text.plain(device.message)
    return ((f"▲ sign in again: {what}", Role.WARN),)


def fleet_notice(
    connection: Connection, snapshot: FleetSnapshot, failure: WatchFailure | None, now: float, session: Session
) -> Notice | None:
    """The state shown instead of the fleet; None when there are scale sets to show."""
    wants_person = connection.azure is None and (connection.error is not None or connection.device is not None)
    if snapshot.entries and not wants_person:
        return None
    waiting = connection_notice(connection, now, session)
    if waiting is not None:
        return waiting
    if failure is not None:
        retry = f"next try in {duration.exact(failure.retry_in)}; {_retry()}"
        return error_notice("The fleet cannot be read", failure.error, retry)
    if not snapshot.complete:
        what = (
            f"Searching for scale sets in {text.counted(len(snapshot.subscriptions), 'subscription')}"
            if snapshot.subscriptions
            else "Listing your subscriptions"
        )
        return Notice(
            title="Reading the fleet", role=Role.BUSY, reason=what, waited=now - connection.since, limit=GIVE_UP_SECONDS
        )
    return _nothing(connection, snapshot)


def _nothing(connection: Connection, snapshot: FleetSnapshot) -> Notice:
    who = connection.identity.name if connection.identity is not None else "you"
    if not snapshot.subscriptions:
        return Notice(
            title="No subscriptions",
            role=Role.WARN,
            reason=f"{who} is signed in but has no access to any subscription.",
            steps=(
                "ask for the Reader role on a subscription or a resource group",
                "for another tenant start with --tenant, for another account run `az login`",
                _retry(),
            ),
        )
    where = text.counted(len(snapshot.subscriptions), "subscription")
    if snapshot.problems:
        return Notice(
            title="No scale sets visible",
            role=Role.WARN,
            reason="\n".join(snapshot.problems),
            steps=(f"{who} needs the Reader role there, or on single resource groups", _retry()),
        )
    return Notice(
        title="No scale sets",
        role=Role.WARN,
        reason=f"No scale set in {where} is visible to {who}.",
        steps=("access to single resource groups is enough to see their scale sets", _retry()),
    )


def set_notice(error: VmssTuiError | None, name: str, waited: float, known: str = "") -> Notice:
    """The state shown instead of a scale set's instances before the first answer; `known`: the list's facts of it."""
    from_list = (f"the list of scale sets knows: {known}",) if known else ()
    if error is None:
        return Notice(
            title="Reading",
            role=Role.BUSY,
            reason=f"Reading {name} and its instances from Azure",
            steps=from_list if waited > 1 else (),
            waited=waited,
            limit=GIVE_UP_SECONDS,
        )
    steps = [f"{key_hint('app.back')}: back", _retry()]
    if isinstance(error, Forbidden):
        steps.insert(0, "reading a scale set needs the Reader role on it or on its resource group")
    return error_notice(f"{name} cannot be read", error, *steps, *from_list)


def log_notice(state: RolloutState, problem: VmssTuiError | None) -> Notice | None:
    """The state shown instead of a rollout's instances before the first event."""
    if state.seq:
        return None
    if problem is not None:
        return error_notice("The rollout cannot be shown", problem)
    return Notice(title="Reading the rollout's log", role=Role.BUSY)
