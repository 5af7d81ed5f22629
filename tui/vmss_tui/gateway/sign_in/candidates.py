"""The credentials that a sign-in tries, in their order, each made only when its turn comes.

A person's `az login` comes before the host's managed identity: on a bastion, signing a person in as the machine gives
the wrong rights, and the wrong name in every log (azure-sdk-for-python #29883). Source: azure-identity 1.27.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.identity.aio import (
    AzureCliCredential,
    AzureDeveloperCliCredential,
    AzurePowerShellCredential,
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from vmss_tui.gateway.sign_in.clouds import Cloud
from vmss_tui.gateway.sign_in.credentials import ORDERED
from vmss_tui.gateway.sign_in.environment import ENDPOINT_VARIABLES, EnvironmentSignIn
from vmss_tui.gateway.sign_in.in_person import PersonPrompt, by_browser, by_device_code
from vmss_tui.gateway.sign_in.kept_account import keep_account, kept_account
from vmss_tui.gateway.sign_in.token_cache import OFF, cache_options

IMDS = ("169.254.169.254", 80)
PROBE_SECONDS = 0.4
"""A virtual machine's metadata service answers within milliseconds; a laptop has none."""
CLI_SECONDS = 20
CLI_AT_ONCE = 4
"""Processes of the Azure CLI at a time: each takes a third of a second of a core and 50 MiB."""
CLI = "Azure CLI"
TOOLS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "azd": ("Azure Developer CLI", ("azd",)),
    "powershell": ("Azure PowerShell", ("pwsh", "powershell")),
}
"""Sign-ins of further tools: name, and the commands of which one must be there."""
PERSONS = frozenset((CLI, *(title for title, _ in TOOLS.values())))
"""Where a person has signed in to another tool."""
MANAGED = "managed identity"
_RETRIES: dict[str, Any] = {"retry_total": 2, "retry_connect": 0, "retry_backoff_factor": 0.3, "retry_backoff_max": 2}


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
    make_anew: Callable[[], TokenSource] | None = None
    """The same without tokens of an earlier process, for when Azure refuses one of them; None when there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Makes the candidates for a cloud from what the environment says."""

    cloud: Cloud
    environment: EnvironmentSignIn
    environ: Mapping[str, str]
    transport: Any = None
    proxies: Mapping[str, str]
    on_person: PersonPrompt | None = None
    order: tuple[str, ...] = ORDERED
    """What `auto` tries."""
    token_cache: str = OFF
    """Where tokens are kept for other processes: a value of the setting of this name."""

    async def of(self, auth: str) -> AsyncIterator[Candidate]:
        """What `--auth` asks for; with `auto` what needs no person, in the order of the settings.

        Raises ValueError for any other word than those of `credentials.CREDENTIALS`.
        """
        match auth:
            case "cli":
                yield self._cli()
            case "azd" | "powershell":
                yield self._tool(auth)
            case "managed-identity":
                yield self._managed()
            case "browser" | "device":
                yield self._in_person(auth)
            case "env":
                for candidate in self._of_environment():
                    yield candidate
            case "auto" | "":
                async for candidate in self._in_order():
                    yield candidate
            case _:
                raise ValueError(f"the credential {auth!r} has no candidate")

    async def _in_order(self) -> AsyncIterator[Candidate]:
        for name in self.order:
            if name == "managed-identity":
                yield await self._managed_if_near()
            elif name not in TOOLS or self._is_installed(name):
                async for candidate in self.of(name):
                    yield candidate

    def _of_environment(self) -> list[Candidate]:
        found = self.environment
        options = {**self._options, **self._authority, "additionally_allowed_tenants": ["*"]}
        kept = cache_options(self.token_cache, self.cloud)
        anew = _service_principal(found, options)
        make = _service_principal(found, options | kept) if kept else anew
        principal = Candidate("environment", make, found.missing, make_anew=anew if kept else None)
        if not found.federated:
            return [principal]
        ids = {"tenant_id": found.tenant, "client_id": found.client_id, "token_file_path": found.federated}
        return [principal, Candidate("workload identity", lambda: WorkloadIdentityCredential(**ids, **options))]

    @property
    def _options(self) -> dict[str, Any]:
        return {"transport": self.transport, **_RETRIES}

    @property
    def _authority(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "authority": self.cloud.authority,
            "disable_instance_discovery": not self.cloud.instance_discovery,
        }
        return common | ({"proxies": dict(self.proxies)} if self.proxies else {})

    async def _managed_if_near(self) -> Candidate:
        if any(self.environ.get(name) for name in ENDPOINT_VARIABLES) or await is_listening(*IMDS):
            return self._managed()
        return Candidate(MANAGED, missing="this host has no metadata service")

    def _managed(self) -> Candidate:
        options = {**self._options, "retry_total": 0, "connection_timeout": 2}
        if self.environment.managed_client_id:
            options["client_id"] = self.environment.managed_client_id
        return Candidate(MANAGED, lambda: ManagedIdentityCredential(**options))

    def _cli(self) -> Candidate:
        options: dict[str, Any] = {"process_timeout": CLI_SECONDS, "additionally_allowed_tenants": ["*"]}
        tenant = self.environment.asked_tenant
        return Candidate(CLI, lambda: FewAtOnce(AzureCliCredential(tenant_id=tenant, **options), CLI_AT_ONCE))

    def _is_installed(self, auth: str) -> bool:
        return any(shutil.which(command, path=self.environ.get("PATH", "")) for command in TOOLS[auth][1])

    def _tool(self, auth: str) -> Candidate:
        options: dict[str, Any] = {"process_timeout": CLI_SECONDS, "additionally_allowed_tenants": ["*"]}
        options["tenant_id"] = self.environment.asked_tenant

        def make() -> TokenSource:
            return AzureDeveloperCliCredential(**options) if auth == "azd" else AzurePowerShellCredential(**options)

        return Candidate(TOOLS[auth][0], lambda: FewAtOnce(make(), CLI_AT_ONCE))

    def _in_person(self, auth: str) -> Candidate:
        name, sign_in = ("browser", by_browser) if auth == "browser" else ("device code", by_device_code)
        if auth == "browser" and self.on_person is not None and not has_browser(self.environ):
            return Candidate(name, missing="this host has none; use --auth device")
        kept = cache_options(self.token_cache, self.cloud)
        options, tenant = {**self._authority, **kept}, self.environment.asked_tenant
        if self.cloud.ca_file:
            options["connection_verify"] = self.cloud.ca_file
        if tenant or self.cloud.tenant_id:
            options["tenant_id"] = tenant or self.cloud.tenant_id
        if not kept:
            return Candidate(name, lambda: sign_in(options, self.on_person))
        known, keep = kept_account(self.cloud, tenant), partial(keep_account, self.cloud, tenant)
        return Candidate(name, lambda: sign_in(options, self.on_person, known, keep))


def has_browser(environ: Mapping[str, str]) -> bool:
    """Whether a browser can open a window here; one that would draw into the terminal does not count."""
    return sys.platform == "darwin" or any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    )


class FewAtOnce:
    """A credential that is asked for at most `most` tokens at a time: each starts a process."""

    def __init__(self, source: TokenSource, most: int) -> None:
        self._source = source
        self._room = asyncio.Semaphore(most)

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token, when it is this question's turn."""
        async with self._room:
            return await self._source.get_token_info(*scopes, options=options)

    async def close(self) -> None:
        """Let go of connections."""
        await self._source.close()


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


async def is_listening(host: str, port: int) -> bool:
    """Whether a service takes a connection there within `PROBE_SECONDS`."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
