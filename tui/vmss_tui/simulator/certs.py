"""The simulator's own certificate authority: a fresh CA and one leaf for the loopback names, made at every start.

The CA's private key stays in memory; only its certificate is ever written, so that clients can trust it.
"""

import ssl
from dataclasses import dataclass

import trustme

LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority and the server context that its leaf certificate is loaded into."""

    server_context: ssl.SSLContext
    ca_pem: str
    """The CA's certificate (never its key), for `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE`."""

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts this CA next to the system's own."""
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=self.ca_pem)
        return context


def make_authority() -> Authority:
    """Make a CA and a leaf certificate for 127.0.0.1, ::1 and localhost."""
    ca = trustme.CA(organization_name="vmss-tui simulator")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    ca.issue_cert(*LOOPBACK_NAMES).configure_cert(context)
    return Authority(context, ca.cert_pem.bytes().decode())
