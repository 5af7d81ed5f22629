"""Clouds: where Azure Resource Manager and Entra ID are, whose certificates to trust, how to sign in and to read.

A cloud is configuration and nothing else: the public Azure cloud, a national one, or a TOML file. Imports no azure.
Endpoints: "National clouds" (Entra ID) and "Azure Resource Manager endpoints".
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from vmss_tui.errors import UsageError
from vmss_tui.gateway.sign_in.credentials import CLOUD_NAMES, CREDENTIALS
from vmss_tui.paths import anyone_can_write, clouds_directory, toml_files

FILE_VARIABLE = "VMSS_TUI_CLOUD_FILE"
NAME_VARIABLE = "AZURE_CLOUD"
AUTHORITY_VARIABLE = "AZURE_AUTHORITY_HOST"
_ALIASES = {"environment": "env", "managed_identity": "managed-identity", "azure-cli": "cli"}
_NOT_IN_URLS = re.compile(r"[\s\x00-\x1f\x7f]")
_KEY = re.compile(r"`\$\.?([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


class Cloud(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cloud. URLs are https without a trailing slash; times are in seconds."""

    name: str
    resource_manager: str
    authority: str
    audience: str = "https://management.azure.com"
    """Tokens are asked for `audience` + `/.default`."""
    database_audience: str = "https://ossrdbms-aad.database.windows.net"
    """The same for tokens that are passwords of Azure Database for PostgreSQL."""
    ca_file: str = ""
    """PEM file of the only authorities to trust; empty means those of the system."""
    instance_discovery: bool = True
    credential: str = "auto"
    """What `--auth` defaults to."""
    tenant_id: str = ""
    portal: str = ""
    poll_seconds: float = 5.0
    """Pace of polling a long-running operation."""
    watch_seconds: float = 12.0
    """Pace of reading a scale set again while something moves: half of what Azure allows for one set."""
    idle_seconds: float = 0.0
    """The same while nothing moves; 0 means five times `watch_seconds`."""
    file_mirror: str = ""
    """Where script files are read first, as HOST/PATH below this address; empty reads them where they are."""
    clock_file: str = ""
    """File that holds the time of this cloud (`engine.shared_clock`); empty means the host's time."""
    environment: dict[str, str] = {}
    """What the credential reads where the process environment lacks it (`AZURE_CLIENT_ID`, …)."""

    @property
    def idle(self) -> float:
        """Pace of reading while nothing moves, in seconds."""
        return self.idle_seconds or 5 * self.watch_seconds

    @property
    def scope(self) -> str:
        """The token scope."""
        return f"{self.audience.rstrip('/')}/.default"

    @property
    def host(self) -> str:
        """Host of Azure Resource Manager, with its port when it is not 443."""
        return endpoint_of(self.resource_manager)


PUBLIC = Cloud(
    name=CLOUD_NAMES[0],
    resource_manager="https://management.azure.com",
    authority="https://login.microsoftonline.com",
    portal="https://portal.azure.com",
)
US_GOVERNMENT = Cloud(
    name=CLOUD_NAMES[1],
    resource_manager="https://management.usgovcloudapi.net",
    authority="https://login.microsoftonline.us",
    audience="https://management.usgovcloudapi.net",
    database_audience="https://ossrdbms-aad.database.usgovcloudapi.net",
    portal="https://portal.azure.us",
)
CHINA = Cloud(
    name=CLOUD_NAMES[2],
    resource_manager="https://management.chinacloudapi.cn",
    authority="https://login.chinacloudapi.cn",
    audience="https://management.chinacloudapi.cn",
    database_audience="https://ossrdbms-aad.database.chinacloudapi.cn",
    portal="https://portal.azure.cn",
)
CLOUDS = (PUBLIC, US_GOVERNMENT, CHINA)
"""The built-in clouds."""
_AUTHORITIES = {
    **{cloud.authority.removeprefix("https://"): cloud for cloud in CLOUDS},
    "login.partner.microsoftonline.cn": CHINA,
}
"""The built-in clouds by the hosts of their authorities, of which China has two."""
BUILT_IN = {cloud.name.lower(): cloud for cloud in CLOUDS} | {
    "public": PUBLIC,
    "azure": PUBLIC,
    "azurepubliccloud": PUBLIC,
    "azure_public_cloud": PUBLIC,
    "azureusgovernmentcloud": US_GOVERNMENT,
    "azure_us_government": US_GOVERNMENT,
    "usgovernment": US_GOVERNMENT,
    "azure_china_cloud": CHINA,
    "china": CHINA,
}
"""By name in lower case, with the names that other tools give them."""


def endpoint_of(url: str) -> str:
    """Host and port of a URL in lower case, without the port 443."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower(), parts.port
    return host if port in (None, 443) else f"{host}:{port}"


def load_cloud(
    name: str | None = None,
    file: Path | str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directories: Sequence[Path] = (),
) -> Cloud:
    """The cloud asked for: a file, else a name, else `$VMSS_TUI_CLOUD_FILE`, `$AZURE_CLOUD`, else public Azure.

    A name is a built-in cloud, or `NAME.toml` in one of `directories` or in the user's `clouds` directory.
    `$AZURE_AUTHORITY_HOST` chooses the built-in cloud of that authority, or replaces public Azure's, when nothing else
    names a cloud. Raises UsageError that names the variable, or the file and the key.
    """
    env = os.environ if environ is None else environ
    if file is not None:
        return read_cloud(Path(file))
    if name is not None:
        return _named(name, directories)
    if env.get(FILE_VARIABLE):
        return read_cloud(Path(env[FILE_VARIABLE]), said_by=f"${FILE_VARIABLE}")
    if env.get(NAME_VARIABLE):
        try:
            return _named(env[NAME_VARIABLE], directories)
        except UsageError as error:
            raise UsageError(f"{error.message} (from ${NAME_VARIABLE})", hint=error.hint) from error
    return _of_authority(env.get(AUTHORITY_VARIABLE, ""))


def _of_authority(address: str) -> Cloud:
    """The built-in cloud with this authority, else public Azure with it; its scheme is optional."""
    if not address:
        return PUBLIC
    url = (address if "//" in address else f"https://{address}").rstrip("/")
    _check_url(f"${AUTHORITY_VARIABLE}", "authority", url)
    return msgspec.structs.replace(_AUTHORITIES.get(endpoint_of(url), PUBLIC), authority=url)


def own_clouds(directories: Sequence[Path] = ()) -> Mapping[str, Path]:
    """The cloud files by name: of the directories, the first of a name, and of the user's own."""
    places = (*directories, clouds_directory())
    files = [path for place in places for path in toml_files(place)]
    return {path.stem: path for path in reversed(files)}


def _named(name: str, directories: Sequence[Path]) -> Cloud:
    if name.lower() in BUILT_IN:
        return BUILT_IN[name.lower()]
    mine = own_clouds(directories)
    if name in mine:
        return read_cloud(mine[name])
    path = clouds_directory() / f"{name}.toml"
    known = [*(cloud.name for cloud in CLOUDS), *sorted(mine)]
    raise UsageError(f"there is no cloud named {name!r}", hint=f"known: {', '.join(known)}; or write {path}")


def read_cloud(path: Path, *, said_by: str = "") -> Cloud:
    """Read and check a cloud file. Raises UsageError that names the file and the key."""
    where = f"{path}" + (f" (from {said_by})" if said_by else "")
    try:
        cloud = msgspec.toml.decode(path.read_bytes(), type=Cloud)
    except OSError as error:
        raise UsageError(
            f"cannot read the cloud file {where}: {error.strerror or error}",
            hint="is the simulator that wrote it still running?" if said_by else "check the path",
        ) from error
    except msgspec.ValidationError as error:
        raise UsageError(*_explain(where, str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: not valid TOML: {error}", hint="fix the file or name another cloud") from error
    return _check(cloud, path, where)


def _explain(where: str, text: str) -> tuple[str]:
    unknown = _UNKNOWN.search(text)
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[1], Cloud.__struct_fields__, n=1)
        return (f"{where}: unknown key {unknown[1]!r}" + (f"; did you mean {near[0]!r}?" if near else ""),)
    key = _KEY.search(text)
    said = text.split(" - at ", maxsplit=1)[0].lower()
    return (f"{where}: {key[1]}: {said}" if key and key[1] else f"{where}: {said}",)


def _check(cloud: Cloud, path: Path, where: str) -> Cloud:
    ca_file = str((path.parent / cloud.ca_file).resolve()) if cloud.ca_file else ""
    for file in (path, Path(ca_file)) if ca_file else (path,):
        if unsafe := anyone_can_write(file):
            raise UsageError(
                f"{where}: tokens are sent where this file says, and everyone can write {unsafe}",
                hint=f"chmod o-w {unsafe}",
            )
    for key in ("resource_manager", "authority", "audience", "portal", "file_mirror"):
        _check_url(where, key, getattr(cloud, key))
    for key in ("poll_seconds", "watch_seconds", "idle_seconds"):
        if not getattr(cloud, key) > 0 and not (key == "idle_seconds" and cloud.idle_seconds == 0):
            raise UsageError(f"{where}: {key}: {getattr(cloud, key)} is not a number of seconds above 0")
    credential = _ALIASES.get(cloud.credential, cloud.credential)
    if credential not in CREDENTIALS:
        raise UsageError(f"{where}: credential: {cloud.credential!r} is unknown", hint=f"use {', '.join(CREDENTIALS)}")
    if ca_file and not Path(ca_file).is_file():
        raise UsageError(f"{where}: ca_file: there is no file {ca_file}", hint="check the path")
    return msgspec.structs.replace(
        cloud,
        credential=credential,
        ca_file=ca_file,
        resource_manager=cloud.resource_manager.rstrip("/"),
        authority=cloud.authority.rstrip("/"),
    )


def _check_url(where: str, key: str, url: str) -> None:
    if not url and key in ("portal", "file_mirror"):
        return
    try:
        parts = urlsplit(url)
        bare = not (parts.username or parts.query or parts.fragment or _NOT_IN_URLS.search(url))
        good = parts.scheme == "https" and bool(parts.hostname) and bare and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"{where}: {key}: {url!r} is not an https address", hint="plain http would send tokens in the clear"
        )
