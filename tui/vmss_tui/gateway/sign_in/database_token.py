"""A token for Azure Database for PostgreSQL, by the same credentials that sign in to Azure Resource Manager.

Source: "Use Microsoft Entra ID for authentication with Azure Database for PostgreSQL" (scope of the token), "Azure
Government" and "Azure China" endpoints for their clouds.
"""

import os
from collections.abc import Mapping, Sequence

import msgspec
from azure.core.credentials import AccessTokenInfo

from vmss_tui.gateway.http.transport import new_session, transport_over, trust
from vmss_tui.gateway.proxy import proxies_for
from vmss_tui.gateway.sign_in.auth import SignIn
from vmss_tui.gateway.sign_in.clouds import Cloud


async def database_token(
    cloud: Cloud,
    *,
    auth: str = "",
    tenant: str | None = None,
    environ: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    token_cache: str = "off",
) -> AccessTokenInfo:
    """Sign in as `connect` does, for databases. Raises SignInFailed, ConnectionFailed."""
    env = os.environ if environ is None else environ
    session = new_session(trust(cloud, env))
    sign_in = SignIn(
        msgspec.structs.replace(cloud, audience=cloud.database_audience),
        auth=cloud.credential if auth in ("", "auto") else auth,
        tenant=tenant,
        transport=transport_over(session),
        proxies=proxies_for(cloud.authority),
        environ=env,
        order=order,
        token_cache=token_cache,
    )
    try:
        return await sign_in.token()
    finally:
        await sign_in.close()
        await session.close()
