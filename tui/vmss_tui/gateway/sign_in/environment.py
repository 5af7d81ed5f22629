"""What the environment says about signing in: the process's own variables, or else those of the cloud file.

Pure but for reading a secret's file. A set of variables is taken whole from one place, so that a secret meant for one
cloud is not mixed with the name of another's application. Variables: azure-identity's EnvironmentCredential, and
`AZURE_CLIENT_SECRET_FILE`, which keeps secrets out of environments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vmss_tui.domain.fleet.script import Secret
from vmss_tui.errors import SignInFailed
from vmss_tui.gateway.sign_in.clouds import Cloud

ENDPOINT_VARIABLES = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
_PROOFS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET_FILE",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)


@dataclass(frozen=True, slots=True)
class EnvironmentSignIn:
    """A service principal as the environment describes it; `missing` says why it cannot be used."""

    tenant: str = ""
    client_id: str = ""
    secret: Secret | None = None
    certificate: str = ""
    certificate_password: Secret | None = None
    federated: str = ""
    missing: str = ""
    asked_tenant: str = ""
    """The tenant the user asked for (`--tenant`), not one from the environment."""
    managed_client_id: str = field(default="")
    """A user-assigned managed identity's client id."""


def read_environment(cloud: Cloud, tenant: str | None, environ: Mapping[str, str]) -> EnvironmentSignIn:
    """Find the service principal. Raises SignInFailed that names a secret's file that cannot be read."""
    source = environ if _complete(environ) or not _complete(cloud.environment) else cloud.environment
    client_id = source.get("AZURE_CLIENT_ID", "")
    where = tenant or source.get("AZURE_TENANT_ID", "") or cloud.tenant_id
    secret = _secret(source)
    certificate = source.get("AZURE_CLIENT_CERTIFICATE_PATH", "")
    federated = source.get("AZURE_FEDERATED_TOKEN_FILE", "")
    unset = [
        name
        for name, value in (
            ("AZURE_TENANT_ID", where),
            ("AZURE_CLIENT_ID", client_id),
            ("AZURE_CLIENT_SECRET", secret or certificate),
        )
        if not value
    ]
    password = source.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")
    return EnvironmentSignIn(
        tenant=where,
        client_id=client_id,
        secret=secret,
        certificate="" if secret else certificate,
        certificate_password=Secret(password) if password else None,
        federated=federated if client_id and where else "",
        missing=f"{' and '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set" if unset else "",
        asked_tenant=tenant or "",
        managed_client_id=environ.get("AZURE_CLIENT_ID", ""),
    )


def _complete(source: Mapping[str, str]) -> bool:
    return bool(source.get("AZURE_CLIENT_ID")) and any(source.get(name) for name in _PROOFS)


def _secret(source: Mapping[str, str]) -> Secret | None:
    if source.get("AZURE_CLIENT_SECRET"):
        return Secret(source["AZURE_CLIENT_SECRET"])
    file = source.get("AZURE_CLIENT_SECRET_FILE", "")
    if not file:
        return None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SignInFailed(
            f"cannot read AZURE_CLIENT_SECRET_FILE {file}: {getattr(error, 'strerror', None) or 'not text'}",
            hint="check the path and its permissions",
        ) from error
    return Secret(text) if text else None
