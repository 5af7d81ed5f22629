"""A signed-in connection to one cloud, with a journal."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.ports import DeviceCode
from vmss_tui.presentation.records import Record, identity_record, scale_set_record
from vmss_tui.redact import redacted_record


class Connection:
    """An account that is signed in to a cloud, and the journal that its rollouts are recorded in. See `connect`."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session

    @property
    def cloud(self) -> str:
        """The name of the cloud."""
        return self._session.cloud.name

    async def identity(self) -> Record:
        """Who is signed in, as in `info --json`."""
        return identity_record(await (await self._session.connect()).identity())

    async def scale_sets(self) -> tuple[Record, ...]:
        """Every visible scale set, as in `list --no-counts --json`. Raises AzureError when nothing could be read."""
        inventory = await find.everything(await self._session.connect())
        entries = (FleetEntry(scale_set=found, subscription=place) for found, place in inventory.found)
        return tuple(redacted_record(scale_set_record(entry)) for entry in entries)


def session_of(connection: Connection) -> LiveSession:
    """The session behind a connection; for this package."""
    return connection._session


@asynccontextmanager
async def connect(
    *,
    cloud: str | None = None,
    auth: str | None = None,
    tenant: str | None = None,
    journal: Path | str | None = None,
    profiles: Path | None = None,
    read_only: bool = False,
    on_device_code: Callable[[DeviceCode], None] | None = None,
) -> AsyncIterator[Connection]:
    """Sign in, and close everything at the end of the `async with` block.

    The arguments are the options of the command line (`--cloud`, `--auth`, `--tenant`, `--journal`, `--profiles`,
    `--read-only`); None means as the environment or the configuration file says. `on_device_code` is called with the
    page to open and the code to type, for `auth="device"`.

    Raises SignInFailed, ConnectionFailed, UsageError.
    """
    settings = Settings(
        cloud=cloud, auth=auth, tenant=tenant, journal=journal, profiles=profiles, read_only=read_only
    ).with_configuration()
    session = LiveSession(settings, on_device_code=on_device_code)
    try:
        await session.connect()
        yield Connection(session)
    finally:
        await session.close()
