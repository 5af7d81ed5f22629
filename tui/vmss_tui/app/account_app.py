"""Signs the app in: again, with another account, in another tenant or cloud; and what it is narrowed to.

Azure is imported after the first frame, inside `session.connect`. A sign-in that waits for a person is a state.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from textual import work
from textual.signal import Signal

from vmss_tui.app.connection import Connection
from vmss_tui.app.messages import Connected, DeviceCodeShown, NotConnected
from vmss_tui.app.places.last_place import read_last_place
from vmss_tui.app.places.scope import EVERYTHING, Scope
from vmss_tui.app.screens.modal import PaletteApp
from vmss_tui.app.session import Account, Session
from vmss_tui.app.write_rights import WriteRights, role_of
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.errors import SignInFailed, VmssTuiError
from vmss_tui.ports import Azure, DeviceCode


class AccountApp(PaletteApp):
    """An app over a session that can sign in again."""

    session: Session
    rights: WriteRights
    fleet: FleetSnapshot | None
    """The fleet as last read, for jumping and choosing."""

    def __init__(self, session: Session, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.session = session
        self.fleet = None
        self.rights = WriteRights(program_reads_only=session.read_only, role=role_of(session))
        self.scope = EVERYTHING
        self.last_place = read_last_place(session.cloud.name)
        self.connection = Connection(since=session.clock.monotonic())
        self.connection_changed: Signal[Connection] = Signal(self, "connection_changed")

    def sign_in(self) -> None:
        """Sign in (again); not while a person is asked to, for requests that wait."""
        if self.connection.before is not None:
            return
        self._change(Connection(since=self.session.clock.monotonic()))
        self._connect()

    def cancel_sign_in(self) -> None:
        """Stop waiting for a person with a device code."""
        self.workers.cancel_group(self, "connect")
        self._signed_out(SignInFailed("the sign-in was canceled"))

    async def use_account(self, account: Account) -> None:
        """Sign in as `account` says; the data of another account is dropped. Raises UsageError."""
        self.workers.cancel_group(self, "connect")
        await self.session.use_account(account)
        self.fleet, self.scope = None, EVERYTHING
        self.rights = WriteRights(program_reads_only=self.session.read_only, role=role_of(self.session))
        self.sign_in()

    def narrow(self, scope: Scope) -> None:
        """Show only what is in `scope` from now on."""
        self.scope = scope
        self.connection_changed.publish(self.connection)

    @work(group="connect", exclusive=True, exit_on_error=False)
    async def _connect(self) -> None:
        try:
            azure = await self.session.connect(self._show_device_code)
            identity = await azure.identity()
        except VmssTuiError as error:
            self.post_message(NotConnected(error))
        else:
            self.post_message(Connected(azure, identity))

    def _show_device_code(self, device: DeviceCode) -> None:
        self.post_message(DeviceCodeShown(device))

    def on_device_code_shown(self, message: DeviceCodeShown) -> None:
        """Screens show what to do on the other device; a request that was refused may have asked again."""
        before = self.connection.azure or self.connection.before
        self._change(Connection(since=self.connection.since, device=message.device, before=before))
        if before is not None and message.device.outcome is not None:
            self._resume(before, message.device.outcome)

    @work(group="connect", exclusive=True, exit_on_error=False)
    async def _resume(self, azure: Azure, outcome: Awaitable[VmssTuiError | None]) -> None:
        """Continue as before once the person has signed in again."""
        error = await asyncio.shield(asyncio.ensure_future(outcome))
        try:
            if error is None:
                self.post_message(Connected(azure, await azure.identity()))
                return
        except VmssTuiError as failed:
            error = failed
        self._signed_out(error)

    def on_connected(self, message: Connected) -> None:
        """Signed in."""
        self._change(Connection(azure=message.azure, identity=message.identity, since=self.connection.since))

    def on_not_connected(self, message: NotConnected) -> None:
        """Signing in failed; screens say why and how to try again."""
        self._signed_out(message.error)

    def _signed_out(self, error: VmssTuiError) -> None:
        """Screens stop reading and say why; the next sign-in starts again."""
        before = self.connection.before
        self._change(Connection(error=error, since=self.connection.since))
        if before is not None:
            self._forget_sign_in()

    @work(group="forget", exit_on_error=False)
    async def _forget_sign_in(self) -> None:
        with suppress(VmssTuiError):
            await self.session.use_account(Account())

    def _change(self, connection: Connection) -> None:
        self.connection = connection
        self.connection_changed.publish(connection)

    def tenant_of(self, subscription_id: str) -> str:
        """The id of a subscription's tenant, that of the sign-in while it is unknown."""
        known = self.fleet.subscriptions if self.fleet is not None else ()
        own = self.connection.identity.tenant_id if self.connection.identity is not None else ""
        return next((found.tenant_id for found in known if found.id == subscription_id), "") or own

    def subscription_title(self, subscription_id: str) -> str:
        """The title of a subscription, also as it was at the last start; empty while it is unknown."""
        known = self.fleet.subscriptions if self.fleet is not None else ()
        kept = self.last_place.subscription_title if self.last_place.subscription == subscription_id else ""
        return next((found.title for found in known if found.id == subscription_id), kept)
