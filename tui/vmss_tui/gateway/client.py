"""The `Azure` of `vmss_tui.ports`, over one session, one sign-in and one pipeline per subscription.

Importing this imports azure (a third of a second): do it off the event loop, after the first frame.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.set_rules import SetRules
from vmss_tui.errors import UsageError
from vmss_tui.gateway.http.arm import Arm
from vmss_tui.gateway.http.policies import scope_of
from vmss_tui.gateway.http.throttle import Governor
from vmss_tui.gateway.http.transport import new_session, transport_over, trust
from vmss_tui.gateway.operations import OperationReader
from vmss_tui.gateway.proxy import proxies_for
from vmss_tui.gateway.read.governance import GovernanceReader
from vmss_tui.gateway.read.interfaces import AddressFinder
from vmss_tui.gateway.read.inventory import FleetReader
from vmss_tui.gateway.read.overview import OverviewReader
from vmss_tui.gateway.read.pins import FilePinner
from vmss_tui.gateway.read.scale_set import INSTANCE_LISTS, ScaleSetReader
from vmss_tui.gateway.run_command import CommandRunner
from vmss_tui.gateway.sign_in.auth import SignIn
from vmss_tui.gateway.sign_in.clouds import PUBLIC, Cloud
from vmss_tui.gateway.sign_in.credentials import CREDENTIALS
from vmss_tui.gateway.sign_in.in_person import PersonPrompt
from vmss_tui.gateway.writes import InstanceUpdater, ScriptWriter
from vmss_tui.ports import Azure, Clock, Quota, QuotaPlace, SignInRecord, SystemClock


class AzureClient(
    FleetReader,
    OverviewReader,
    ScaleSetReader,
    GovernanceReader,
    ScriptWriter,
    InstanceUpdater,
    OperationReader,
    CommandRunner,
    AddressFinder,
    FilePinner,
    Azure,
):
    """All of Azure that the program uses; each base carries out one port."""

    def __init__(self, arm: Arm, session: aiohttp.ClientSession) -> None:
        super().__init__(arm)
        FilePinner.__init__(self, arm.cloud)
        self._session = session

    def quota(self) -> Quota:
        """What the answers so far say is left of the request quota."""
        return self.arm.governor.quota()

    def refill_seconds(self, target: ScaleSetId) -> float:
        """See the port."""
        governor, scope = self.arm.governor, scope_of(str(target))
        return max(governor.refill_seconds(target.subscription, kind, scope) for kind in INSTANCE_LISTS)

    def list_wait(self, target: ScaleSetId) -> float:
        """See the port."""
        governor, scope = self.arm.governor, scope_of(str(target))
        return max(governor.list_wait(target.subscription, kind, scope) for kind in INSTANCE_LISTS)

    def sign_in_record(self) -> SignInRecord:
        """The credentials that were tried, and the tenants that gave no token."""
        problems = tuple(sorted(self.arm.tenant_problems.values(), key=lambda problem: problem.tenant.id))
        return SignInRecord(tuple(self.arm.sign_in.tried), problems)

    async def close(self) -> None:
        """Close connections and credentials; safe to call twice."""
        await self.arm.close()
        await self.arm.sign_in.close()
        await FilePinner.close(self)
        await self._session.close()
        await self.arm.governor.close()


def _method(cloud: Cloud, auth: str) -> str:
    """The credential to sign in with. Raises UsageError for one that there is not."""
    method = cloud.credential if auth in ("", "auto") else auth
    if method not in CREDENTIALS:
        raise UsageError(f"--auth {method!r} is unknown", hint=f"use {', '.join(CREDENTIALS)}")
    return method


async def connect(
    cloud: Cloud,
    *,
    auth: str = "",
    tenant: str | None = None,
    on_device_code: PersonPrompt | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    quota_place: Path | QuotaPlace | None = None,
    read_only: bool = False,
    read_only_sets: SetRules | None = None,
    order: Sequence[str] = (),
    token_cache: str = "off",
    urgent: bool = False,
) -> Azure:
    """Sign in to a cloud and give its `Azure`; the caller closes it.

    `auth` is one of `clouds.CREDENTIALS`; empty, or `auto` on a cloud that names its own, means the cloud's.
    `on_device_code` is called on the loop with the page to open and the code to type (`in_person.CodeToType`).
    `environ` replaces the process environment for signing in. `quota_place` is where processes share the levels of the
    request quota: a file, or a database for several hosts; None keeps them to this process. `read_only_sets` are marked
    in every read; with `read_only` no request that changes anything is sent at all. `urgent` is for who changes Azure:
    its reads wait for the quota only.
    `token_cache` is where tokens are kept for other processes: `encrypted` where the platform can, `plain`, or `off`.
    `order` is what `auto` tries, of `credentials.ORDERED`; empty means all of them.

    Raises SignInFailed (with everything that was tried), ConnectionFailed, UsageError.
    """
    method = _method(cloud, auth)
    env = os.environ if environ is None else environ
    session = new_session(trust(cloud, env))
    transport = transport_over(session)
    sign_in = SignIn(
        cloud,
        auth=method,
        tenant=tenant,
        transport=transport,
        proxies=proxies_for(cloud.authority),
        environ=env,
        on_device_code=on_device_code,
        order=order,
        token_cache=token_cache,
    )
    governor = Governor(
        clock or SystemClock(),
        quota_place,
        account=cloud.host,
        limits_sets=cloud.watch_seconds >= PUBLIC.watch_seconds,
        urgent=urgent,
    )
    arm = Arm(cloud, sign_in, transport, governor)
    arm.read_only = read_only
    arm.read_only_sets = read_only_sets or arm.read_only_sets
    client = AzureClient(arm, session)
    try:
        governor.principal = (await sign_in.identity()).object_id
    except BaseException:
        await client.close()
        raise
    return client
