"""This process as the owner of a lease."""

import os
import socket

from vmss_tui.journal import lease as leases


def me() -> leases.Owner:
    """This very process."""
    return leases.owner(os.getpid(), socket.gethostname())
