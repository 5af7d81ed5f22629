"""The proxy that requests go through, from the environment (`HTTPS_PROXY`, `NO_PROXY`)."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxies_for(url: str) -> dict[str, str]:
    """The proxy for a URL as azure-core takes it; empty when there is none or `no_proxy` names the host."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return {}
    known = getproxies()
    return {scheme: known[scheme] for scheme in ("https", "http") if scheme == parts.scheme and scheme in known}


def proxy_name(host: str) -> str:
    """The proxy in front of a host as people know it, without user and password; empty when there is none."""
    address = proxies_for(f"https://{host}").get("https", "")
    if not address:
        return ""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
    except ValueError:
        return "one whose address is invalid"
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or ''}{port}"
