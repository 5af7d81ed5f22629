"""Signs in: finds the credential that works, then hands out tokens per tenant, asked for once and kept in memory.

Tokens never leave this module but for the Authorization header; the account is read from a token's claims (not
verified: Azure does that), and the token is not kept for it. Credentials fail fast: azure-identity's own retries would
stay silent for five seconds.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.identity import CredentialUnavailableError

from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.errors import ConnectionFailed, SignInFailed, VmssTuiError
from vmss_tui.gateway.faults import from_exception, sign_in_failed, sign_in_reason
from vmss_tui.gateway.sign_in.candidates import PERSONS, Candidate, Candidates, TokenSource
from vmss_tui.gateway.sign_in.claims import identity_of
from vmss_tui.gateway.sign_in.clouds import Cloud, endpoint_of
from vmss_tui.gateway.sign_in.credentials import IN_PERSON, ORDERED
from vmss_tui.gateway.sign_in.environment import read_environment
from vmss_tui.gateway.sign_in.in_person import PersonPrompt

RENEW_SECONDS = 5.0
"""Many requests may be refused for one stale token: it is replaced once."""
_log = logging.getLogger("vmss_tui.gateway")
for _noisy in ("azure", "msal"):
    logging.getLogger(_noisy).addHandler(logging.NullHandler())


class SignIn:
    """The session's sign-in: finds the credential that works, then hands out tokens per tenant."""

    def __init__(
        self,
        cloud: Cloud,
        *,
        auth: str = "auto",
        tenant: str | None = None,
        transport: Any = None,
        proxies: Mapping[str, str] | None = None,
        environ: Mapping[str, str],
        on_device_code: PersonPrompt | None = None,
        order: Sequence[str] = (),
        token_cache: str = "off",
    ) -> None:
        self.cloud = cloud
        self.auth = auth
        self.environment = read_environment(cloud, tenant, environ)
        self._candidates = Candidates(
            cloud=cloud,
            environment=self.environment,
            environ=environ,
            transport=transport,
            proxies=dict(proxies or {}),
            on_person=on_device_code,
            order=tuple(order) or ORDERED,
            token_cache=token_cache,
        )
        self._winner: Candidate | None = None
        self._source: TokenSource | None = None
        self._tokens: dict[str, tuple[AccessTokenInfo, float]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._identity: Identity | None = None
        self._renewed_at = float("-inf")
        self._closed = False
        self.tried: list[str] = []
        """Each credential that was tried, and what came of it."""

    async def token(self, tenant: str = "", claims: str = "") -> AccessTokenInfo:
        """A token for Azure Resource Manager; `tenant` empty means the sign-in's own.

        Raises SignInFailed (nothing worked, or the credential was refused) or ConnectionFailed.
        """
        if tenant and self._source is None:
            await self.token()
        async with self._locks[tenant]:
            known = self._tokens.get(tenant)
            if known is not None and not claims and _fresh(*known):
                return known[0]
            found = await self._ask(tenant, claims)
            self._tokens[tenant] = (found, time.time())
            return found

    async def identity(self) -> Identity:
        """Who is signed in, and how."""
        await self.token()
        return self._identity or Identity("unknown", self._winner.name if self._winner else "")

    async def renew(self, tenant: str = "") -> None:
        """Forget the tokens of a tenant and restart the credential: Azure says that a token is no longer valid."""
        if time.monotonic() - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at = time.monotonic()
        self._tokens.pop(tenant, None)
        if self._winner is not None and self._winner.make is not None and self.auth not in IN_PERSON:
            source, self._source = self._source, (self._winner.make_anew or self._winner.make)()
            if source is not None:
                await source.close()

    async def close(self) -> None:
        """Forget everything; a request that still waits must not begin a new sign-in."""
        self._closed = True
        self._tokens.clear()
        source, self._source = self._source, None
        if source is not None:
            await source.close()

    async def _ask(self, tenant: str, claims: str) -> AccessTokenInfo:
        if self._closed:
            raise SignInFailed("the sign-in has ended", hint="sign in again")
        if self._source is None or self._winner is None:
            self._winner, self._source, found = await self._find()
            self._identity = identity_of(found.token, self._winner.name)
            if not tenant and not claims:
                return found
        try:
            found = await self._get(self._source, tenant, claims)
        except Exception as error:
            raise self._refused(self._winner, error, tenant) from error
        if not tenant:
            self._identity = identity_of(found.token, self._winner.name)
        return found

    async def _get(self, source: TokenSource, tenant: str = "", claims: str = "") -> AccessTokenInfo:
        options: TokenRequestOptions = {"enable_cae": True}
        if claims:
            options["claims"] = claims
        if tenant:
            options["tenant_id"] = tenant
        return await source.get_token_info(self.cloud.scope, options=options)

    async def _find(self) -> tuple[Candidate, TokenSource, AccessTokenInfo]:
        """Try the candidates in order; one that is set up but refused ends the search."""
        tried = self.tried = []
        async for candidate in self._candidates.of(self.auth):
            if candidate.make is None:
                tried.append(f"{candidate.name}: {candidate.missing}")
                continue
            source = _made(candidate.name, candidate.make)
            try:
                found = await self._get(source)
            except asyncio.CancelledError:
                await source.close()
                raise
            except Exception as error:
                await source.close()
                if not self._may_pass(candidate, error):
                    tried.append(f"{candidate.name}: refused")
                    raise self._refused(candidate, error) from error
                tried.append(f"{candidate.name}: {sign_in_reason(error)}")
            else:
                tried.append(f"{candidate.name}: signed in")
                _log.info("signed in with %s", candidate.name)
                return candidate, source, found
        raise SignInFailed(
            f"no way to sign in to {self.cloud.name} worked: " + "; ".join(tried),
            hint="run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use --auth device",
        )

    def _may_pass(self, candidate: Candidate, error: BaseException) -> bool:
        """Whether the next candidate may be tried: this one is not set up, or is a person's tool that does not work.

        An Azure CLI that Entra ID refuses belongs to a person, who would be surprised to act as the machine.
        """
        if isinstance(error, CredentialUnavailableError):
            return True
        broken = isinstance(error, ClientAuthenticationError) and "AADSTS" not in str(error)
        return broken and self.auth == "auto" and candidate.name in PERSONS

    def _refused(self, candidate: Candidate, error: BaseException, tenant: str = "") -> VmssTuiError:
        if isinstance(error, VmssTuiError):
            return error
        if isinstance(error, TypeError | AttributeError | KeyError):
            error = ValueError(str(error))  # the library took JSON that is not a token's answer for one
        cause = error.__cause__  # MSAL's credentials wrap what the network did
        if isinstance(cause, ServiceRequestError | ServiceResponseError):
            error = cause
        if not isinstance(error, ClientAuthenticationError):
            return from_exception(error, f"sign in with {candidate.name}", endpoint_of(self.cloud.authority))
        status = getattr(getattr(error, "response", None), "status_code", 0) or 0
        if status == 429 or status >= 500:
            return ConnectionFailed(
                f"cannot sign in with {candidate.name}: {endpoint_of(self.cloud.authority)} answers {status}",
                hint="the sign-in service itself fails; try again in a minute",
            )
        own = self._identity.tenant_id if self._identity else self.environment.asked_tenant
        return sign_in_failed(error, f"sign-in with {candidate.name} was refused", tenant=tenant or own)


def _made(name: str, make: Callable[[], TokenSource]) -> TokenSource:
    try:
        return make()
    except (OSError, ValueError) as error:
        raise SignInFailed(
            f"sign-in with {name} cannot start: {sign_in_reason(error)}",
            hint="check the file and the variables that name it",
        ) from error


def _fresh(token: AccessTokenInfo, asked_at: float) -> bool:
    """Whether a token is good for a while: at least five minutes, or a fifth of its life when that is shorter."""
    now, life = time.time(), max(1.0, token.expires_on - asked_at)
    if token.refresh_on and token.refresh_on <= now:
        return False
    return token.expires_on - now > min(300.0, life / 5)


class TenantCredential:
    """A credential for the SDK's clients that asks the sign-in for one tenant's tokens."""

    def __init__(self, sign_in: SignIn, tenant: str = "") -> None:
        self._sign_in = sign_in
        self.tenant = tenant

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token; a claims challenge asks for a new one."""
        return await self._sign_in.token(self.tenant, (options or {}).get("claims") or "")

    async def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """The older form of the same."""
        found = await self._sign_in.token(self.tenant, claims or "")
        return AccessToken(found.token, found.expires_on)

    async def renew(self) -> None:
        """Start again after Azure refused the token."""
        await self._sign_in.renew(self.tenant)

    async def close(self) -> None:
        """Nothing of its own to close."""

    async def __aenter__(self) -> "TenantCredential":
        return self

    async def __aexit__(self, *details: object) -> None:
        return None
