"""Who may sign in and what their tokens say: the directory of one simulation.

Pure of HTTP. Grants raise `GrantError` with Entra ID's own error code and text (AADSTS numbers as documented in
"Microsoft Entra authentication and authorization error codes").
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vmss_tui.simulator.identity.tokens import TokenError, TokenMint
from vmss_tui.simulator.scenario.model import Principal, PrincipalKind, Scenario, SignInDemand, Tenant

AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
DATABASES = ("https://ossrdbms-aad.database.windows.net",)
"""Resources that tokens are given for, and that are not Azure Resource Manager."""
SHARED_TENANTS = ("organizations", "common", "adfs")
REFRESH_LIFETIME = 90 * 24 * 3600
DEVICE_CODE_LIFETIME = 900


class GrantError(Exception):
    """A token request that Entra ID refuses."""

    def __init__(self, error: str, code: int, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.code = code
        self.description = f"AADSTS{code}: {description}"
        self.status = status


_MFA = (
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must {} "
    "multi-factor authentication to access '797f4846-ba00-4fd7-ba43-dac1f8f63013'."
)
_DEMANDS = {
    SignInDemand.ANOTHER_FACTOR: (50076, _MFA.format("use")),
    SignInDemand.ENROLLMENT: (50079, _MFA.format("enroll in")),
    SignInDemand.MANAGED_DEVICE: (
        53003,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
}
"""Code and text of what a tenant answers as long as its demand is not met; the resource is Azure Resource Manager."""


@dataclass(slots=True)
class DeviceRequest:
    """A device code that waits for its user."""

    tenant: str
    user_code: str
    audience: str
    client_id: str
    expires: float
    polls_left: int
    denied: bool = False


@dataclass(slots=True)
class Directory:
    """The principals of a scenario, the tokens minted for them and what was revoked."""

    scenario: Scenario
    own_audience: str = ""
    """The simulator's own URL, accepted as an audience next to Azure's."""
    mint: TokenMint = field(default_factory=TokenMint)
    token_lifetime: int = 3600
    pending_polls: int = 1
    hold_device_codes: bool = False
    """While set, device codes stay pending until the control endpoint approves them."""
    _generations: dict[str, int] = field(default_factory=dict)
    _challenged: set[str] = field(default_factory=set)
    _strong: set[str] = field(default_factory=set)
    """Object ids of people who did what their tenant demands."""
    _devices: dict[str, DeviceRequest] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, own_audience: str = "") -> "Directory":
        """Make the directory that a scenario describes."""
        rules = scenario.directory
        return cls(
            scenario,
            own_audience=own_audience,
            token_lifetime=rules.token_lifetime,
            pending_polls=rules.device_code_pending_polls,
        )

    def tenant(self, name: str) -> Tenant:
        """Return a tenant by id or domain; the shared names mean the first one.

        Raises GrantError: no such tenant.
        """
        wanted = name.lower()
        for tenant in self.scenario.tenants:
            if wanted in (tenant.id.lower(), tenant.domain.lower()) or wanted in SHARED_TENANTS:
                return tenant
        raise GrantError(
            "invalid_request",
            90002,
            f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into "
            "the correct cloud. Check with your subscription administrator, this may happen if there are no "
            "active subscriptions for the tenant.",
        )

    def application(self, tenant: Tenant, client_id: str) -> Principal:
        """Return the service principal of an application in a tenant."""
        for principal in self.scenario.principals:
            same = principal.client_id.lower() == client_id.lower() and principal.tenant_id == tenant.id
            if same and principal.kind is PrincipalKind.SERVICE_PRINCIPAL:
                return principal
        raise GrantError(
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{tenant.name}'. This can "
            "happen if the application has not been installed by the administrator of the tenant or consented to "
            "by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
        )

    def user(self, tenant: Tenant, name: str = "") -> Principal:
        """Return a user of a tenant: the named one, else the tenant's first."""
        for principal in self.scenario.principals:
            wanted = not name or principal.name.lower() == name.lower()
            if principal.kind is PrincipalKind.USER and principal.tenant_id == tenant.id and wanted:
                return principal
        raise GrantError(
            "interaction_required",
            50020,
            f"User account '{name or 'unknown'}' from identity provider 'live.com' does not exist in tenant "
            f"'{tenant.name}' and cannot access the application in that tenant. The account needs to be added as "
            "an external user in the tenant first.",
        )

    def login(self, principal: Principal) -> str:
        """Return a user's sign-in name: as given, or made of the display name and the tenant's domain."""
        if "@" in principal.name:
            return principal.name
        domain = next(tenant.domain for tenant in self.scenario.tenants if tenant.id == principal.tenant_id)
        return f"{principal.name.lower().replace(' ', '.')}@{domain}"

    def managed_identity(self, client_id: str = "") -> Principal:
        """Return the managed identity with that client id, else the first one, else the first application."""
        kinds = (PrincipalKind.MANAGED_IDENTITY, PrincipalKind.SERVICE_PRINCIPAL)
        for kind in kinds[:1] if client_id else kinds:
            for principal in self.scenario.principals:
                wanted = not client_id or principal.client_id.lower() == client_id.lower()
                if principal.kind is kind and wanted:
                    return principal
        raise GrantError("invalid_request", 700016, "Identity not found")

    def audience(self, scope: str, tenant: Tenant) -> str:
        """Return the resource that a scope or resource string names, as typed less `/.default`.

        Raises GrantError: the resource is not one that this simulator stands for.
        """
        wanted = next((part for part in scope.split() if "://" in part), "")
        resource = wanted.removesuffix("/.default").removesuffix("/user_impersonation")
        if not wanted or self.accepts(resource) or resource in DATABASES:
            return resource or AUDIENCES[0]
        raise GrantError(
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named {tenant.name}. This can "
            "happen if the application has not been installed by the administrator of the tenant or consented to "
            "by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )

    def accepts(self, audience: str) -> bool:
        """Whether tokens for this audience open the simulator's ARM."""
        return audience.rstrip("/").lower() in (*AUDIENCES, self.own_audience.lower())

    def access_token(self, principal: Principal, audience: str, capabilities: bool = False) -> str:
        """Mint an access token for a principal."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{principal.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + self.token_lifetime,
            "appid": principal.client_id,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.tenant_id,
            "idtyp": "user" if principal.kind is PrincipalKind.USER else "app",
            "name": principal.name,
            "uti": secrets.token_urlsafe(12),
            "ver": "1.0",
            "gen": self._generations.get(principal.object_id, 0),
        }
        if principal.kind is PrincipalKind.USER:
            login = self.login(principal)
            claims |= {"upn": login, "unique_name": login, "scp": "user_impersonation"}
        if capabilities:
            claims["xms_cc"] = ["CP1"]
        return self.mint.sign(claims)

    def id_token(self, principal: Principal, client_id: str, nonce: str = "") -> str:
        """Mint the id token of a user for a public client; a browser's sign-in gets its `nonce` back."""
        now = int(time.time())
        return self.mint.sign(
            {
                "aud": client_id,
                "iss": f"https://login.microsoftonline.com/{principal.tenant_id}/v2.0",
                "iat": now,
                "exp": now + self.token_lifetime,
                "oid": principal.object_id,
                "sub": principal.object_id,
                "tid": principal.tenant_id,
                "preferred_username": self.login(principal),
                "name": principal.name,
                "ver": "2.0",
                **({"nonce": nonce} if nonce else {}),
            }
        )

    def refresh_token(self, principal: Principal, client_id: str) -> str:
        """Mint a refresh token; it lasts 90 days, as documented for Entra ID."""
        return self.mint.sign(
            {
                "use": "refresh",
                "user": principal.name,
                "client": client_id,
                "gen": self._generations.get(principal.object_id, 0),
                "exp": int(time.time()) + REFRESH_LIFETIME,
            }
        )

    def redeem_refresh(self, token: str, tenant: Tenant) -> Principal:
        """Return the user that a refresh token stands for, in the tenant that is asked.

        Raises GrantError: expired, revoked, or not a refresh token.
        """
        claims = self._refresh_claims(token)
        principal = self.user(tenant, str(claims.get("user", "")))
        self.check_demands(tenant, principal)
        if claims.get("gen") != self._generations.get(principal.object_id, 0):
            raise GrantError(
                "invalid_grant",
                50173,
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user "
                "might have changed or reset their password.",
            )
        return principal

    def check_demands(self, tenant: Tenant, principal: Principal, *, interactive: bool = False) -> None:
        """Refuse a person who has yet to do what the tenant demands ("Entra authentication error codes")."""
        if interactive and tenant.demands is not SignInDemand.MANAGED_DEVICE:
            self._strong.add(principal.object_id)
        if tenant.demands is SignInDemand.NOTHING or principal.object_id in self._strong:
            return
        code, text = _DEMANDS[tenant.demands]
        error = "invalid_grant" if tenant.demands is SignInDemand.MANAGED_DEVICE else "interaction_required"
        raise GrantError(error, code, text)

    def _refresh_claims(self, token: str) -> Mapping[str, Any]:
        try:
            claims = self.mint.read(token)
        except TokenError as error:
            raise GrantError("invalid_grant", 9002313, "Invalid request. Request is malformed.") from error
        if claims.get("use") != "refresh" or claims.get("exp", 0) < time.time():
            raise GrantError("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
        return claims

    def start_device(self, tenant: str, scope: str, client_id: str) -> tuple[str, DeviceRequest]:
        """Hand out a device code and the short code that its user types."""
        device = DeviceRequest(
            tenant=tenant,
            user_code="".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ23456789") for _ in range(9)),
            audience=self.audience(scope, self.tenant(tenant)),
            client_id=client_id,
            expires=time.time() + DEVICE_CODE_LIFETIME,
            polls_left=self.pending_polls,
        )
        code = secrets.token_urlsafe(48)
        self._devices[code] = device
        return code, device

    def poll_device(self, code: str) -> DeviceRequest:
        """Answer one poll of a device code: the request when its user has signed in.

        Raises GrantError: pending, denied, expired or unknown.
        """
        device = self._devices.get(code)
        if device is None:
            raise GrantError("bad_verification_code", 501481, "The Code_Verifier does not match.")
        if device.denied:
            raise GrantError("authorization_declined", 70019, "The user declined the sign-in.")
        if device.expires < time.time():
            raise GrantError("expired_token", 70020, "The provided value for the device code has expired.")
        if self.hold_device_codes or device.polls_left > 0:
            device.polls_left -= 1
            raise GrantError(
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        del self._devices[code]
        return device

    def settle_devices(self, approve: bool) -> int:
        """Approve or decline every waiting device code; return how many there were."""
        for device in self._devices.values():
            device.polls_left, device.denied = 0, not approve
        self.hold_device_codes = False
        return len(self._devices)

    def revoke(self, object_id: str = "") -> int:
        """Revoke every token of a principal (of all when empty); return how many principals it hit."""
        wanted = [p.object_id for p in self.scenario.principals if object_id in ("", p.object_id)]
        for item in wanted:
            self._generations[item] = self._generations.get(item, 0) + 1
        return len(set(wanted))

    def must_challenge(self, claims: Mapping[str, Any]) -> bool:
        """Whether this token is to be answered with a claims challenge (revoked, or the scenario asks once)."""
        object_id = str(claims.get("oid", ""))
        if claims.get("gen") != self._generations.get(object_id, 0):
            return True
        if self.scenario.directory.claims_challenge and object_id not in self._challenged:
            self._challenged.add(object_id)
            return True
        return False
