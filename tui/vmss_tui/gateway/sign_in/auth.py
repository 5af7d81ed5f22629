"""Signing in: which credentials are tried, what each says, and tokens per tenant, asked for once and kept in memory.

Tokens never leave this module but for the Authorization header; who is signed in is read from a token's claims (not
verified: Azure does that) and the token is not kept for it. Credentials fail fast: azure-identity's own retries would
stay silent for five seconds. Source: azure-identity 1.27.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.errors import ConnectionFailed, SignInFailed, VmssTuiError
from vmss_tui.gateway.faults import from_exception, sign_in_reason
from vmss_tui.gateway.sign_in.claims import identity_of
from vmss_tui.gateway.sign_in.clouds import Cloud, endpoint_of
from vmss_tui.gateway.sign_in.device import DeviceCodePrompt, DeviceSignIn
from vmss_tui.gateway.sign_in.environment import ENDPOINT_VARIABLES, EnvironmentSignIn, read_environment

IMDS = ("169.254.169.254", 80)
PROBE_SECONDS = 0.4
"""A virtual machine's metadata service answers within milliseconds; a laptop has none."""
CLI_SECONDS = 20
RENEW_SECONDS = 5.0
"""Many requests may be refused for one stale token: it is replaced once."""
_RETRIES: dict[str, Any] = {"retry_total": 2, "retry_connect": 0, "retry_backoff_factor": 0.3, "retry_backoff_max": 2}
_AADSTS = {
    "AADSTS7000215": "the client secret is wrong: check AZURE_CLIENT_SECRET",
    "AADSTS7000222": "the client secret has expired: make a new one",
    "AADSTS700016": "check AZURE_CLIENT_ID and the tenant",
    "AADSTS90002": "check AZURE_TENANT_ID (or --tenant)",
    "AADSTS50076": "this tenant wants another factor: az login --tenant TENANT, then --auth cli",
}
_log = logging.getLogger("vmss_tui.gateway")
for _noisy in ("azure", "msal"):
    logging.getLogger(_noisy).addHandler(logging.NullHandler())


class TokenSource(Protocol):
    """What every credential of azure-identity's aio side can do."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token for the scope."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to sign in. `make` is None when it is not set up, and `missing` says what is missing."""

    name: str
    make: Callable[[], TokenSource] | None = None
    missing: str = ""


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
        on_device_code: DeviceCodePrompt | None = None,
    ) -> None:
        self.cloud = cloud
        self.auth = auth
        self.environment = read_environment(cloud, tenant, environ)
        self._environ = environ
        self._options: dict[str, Any] = {"transport": transport, **_RETRIES}
        self._proxies = dict(proxies or {})
        self._on_device_code = on_device_code
        self._winner: Candidate | None = None
        self._source: TokenSource | None = None
        self._tokens: dict[str, tuple[AccessTokenInfo, float]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._identity: Identity | None = None
        self._renewed_at = float("-inf")
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
        """Forget the tokens of a tenant and start the credential anew: Azure says a token is no longer good."""
        if time.monotonic() - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at = time.monotonic()
        self._tokens.pop(tenant, None)
        if self._winner is not None and self._winner.make is not None and self.auth != "device":
            source, self._source = self._source, self._winner.make()
            if source is not None:
                await source.close()

    async def close(self) -> None:
        """Forget everything."""
        self._tokens.clear()
        source, self._source = self._source, None
        if source is not None:
            await source.close()

    async def _ask(self, tenant: str, claims: str) -> AccessTokenInfo:
        if self._source is None or self._winner is None:
            self._winner, self._source, found = await self._find()
            self._identity = identity_of(found.token, self._winner.name)
            if not tenant and not claims:
                return found
        try:
            return await self._get(self._source, tenant, claims)
        except Exception as error:
            raise self._refused(self._winner, error) from error

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
        for each in await self._candidates():
            if each.make is None:
                tried.append(f"{each.name}: {each.missing}")
                continue
            source = _made(each.name, each.make)
            try:
                found = await self._get(source)
            except CredentialUnavailableError as error:
                await source.close()
                tried.append(f"{each.name}: {sign_in_reason(error)}")
            except Exception as error:
                await source.close()
                tried.append(f"{each.name}: refused")
                raise self._refused(each, error) from error
            else:
                tried.append(f"{each.name}: signed in")
                _log.info("signed in with %s", each.name)
                return each, source, found
        raise SignInFailed(
            f"no way to sign in to {self.cloud.name} worked: " + "; ".join(tried),
            hint="run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use --auth device",
        )

    async def _candidates(self) -> list[Candidate]:
        env, cli = self._environment_candidates, self._cli
        if self.auth == "env":
            return env()
        if self.auth == "cli":
            return [cli()]
        if self.auth == "managed-identity":
            return [self._managed()]
        if self.auth == "device":
            return [self._device()]
        return [*env(), await self._managed_if_near(), cli()]

    def _environment_candidates(self) -> list[Candidate]:
        found = self.environment
        options = {**self._options, **self._authority(), "additionally_allowed_tenants": ["*"]}
        secret = Candidate("environment", _service_principal(found, options), found.missing)
        if not found.federated:
            return [secret]
        ids = {"tenant_id": found.tenant, "client_id": found.client_id, "token_file_path": found.federated}
        return [secret, Candidate("workload identity", lambda: WorkloadIdentityCredential(**ids, **options))]

    def _authority(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "authority": self.cloud.authority,
            "disable_instance_discovery": not self.cloud.instance_discovery,
        }
        return common | ({"proxies": self._proxies} if self._proxies else {})

    async def _managed_if_near(self) -> Candidate:
        if any(self._environ.get(name) for name in ENDPOINT_VARIABLES) or await is_listening(*IMDS):
            return self._managed()
        return Candidate("managed identity", missing="this machine has no metadata service")

    def _managed(self) -> Candidate:
        options = {**self._options, "retry_total": 0, "connection_timeout": 2}
        if self.environment.managed_client_id:
            options["client_id"] = self.environment.managed_client_id
        return Candidate("managed identity", lambda: ManagedIdentityCredential(**options))

    def _cli(self) -> Candidate:
        options: dict[str, Any] = {"process_timeout": CLI_SECONDS, "additionally_allowed_tenants": ["*"]}
        return Candidate("Azure CLI", lambda: AzureCliCredential(tenant_id=self.environment.asked_tenant, **options))

    def _device(self) -> Candidate:
        options = self._authority()
        if self.cloud.ca_file:
            options["connection_verify"] = self.cloud.ca_file
        if self.environment.asked_tenant or self.cloud.tenant_id:
            options["tenant_id"] = self.environment.asked_tenant or self.cloud.tenant_id
        return Candidate("device code", lambda: DeviceSignIn(options, self._on_device_code))

    def _refused(self, candidate: Candidate, error: BaseException) -> VmssTuiError:
        if isinstance(error, VmssTuiError):
            return error
        if not isinstance(error, ClientAuthenticationError):
            return from_exception(error, f"sign in with {candidate.name}", endpoint_of(self.cloud.authority))
        status = getattr(getattr(error, "response", None), "status_code", 0) or 0
        if status == 429 or status >= 500:
            return ConnectionFailed(
                f"cannot sign in with {candidate.name}: {endpoint_of(self.cloud.authority)} answers {status}",
                hint="the sign-in service itself fails; try again in a minute",
            )
        reason = sign_in_reason(error)
        hint = next((text for code, text in _AADSTS.items() if code in str(error)), "")
        return SignInFailed(
            f"sign-in with {candidate.name} was refused: {reason}",
            hint=hint or "check the credential, or choose another with --auth",
        )


def _made(name: str, make: Callable[[], TokenSource]) -> TokenSource:
    try:
        return make()
    except (OSError, ValueError) as error:
        raise SignInFailed(
            f"sign-in with {name} cannot start: {sign_in_reason(error)}",
            hint="check the file and the variables that name it",
        ) from error


def _service_principal(found: EnvironmentSignIn, options: dict[str, Any]) -> Callable[[], TokenSource] | None:
    ids = {"tenant_id": found.tenant, "client_id": found.client_id}
    if found.missing:
        return None
    if found.secret is not None:
        secret = found.secret
        return lambda: ClientSecretCredential(**ids, client_secret=secret.reveal(), **options)
    if found.certificate:
        password = found.certificate_password.reveal() if found.certificate_password else None
        return lambda: CertificateCredential(
            **ids, certificate_path=found.certificate, password=password, send_certificate_chain=True, **options
        )
    return None


def _fresh(token: AccessTokenInfo, asked_at: float) -> bool:
    """Whether a token is good for a while: at least five minutes, or a fifth of its life when that is shorter."""
    now, life = time.time(), max(1.0, token.expires_on - asked_at)
    if token.refresh_on and token.refresh_on <= now:
        return False
    return token.expires_on - now > min(300.0, life / 5)


async def is_listening(host: str, port: int) -> bool:
    """Whether somebody takes a connection there within `PROBE_SECONDS`."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


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
        """Start anew after Azure refused the token."""
        await self._sign_in.renew(self.tenant)

    async def close(self) -> None:
        """Nothing of its own to close."""

    async def __aenter__(self) -> "TenantCredential":
        return self

    async def __aexit__(self, *details: object) -> None:
        return None
