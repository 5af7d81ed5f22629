"""Removes what Azure's libraries create at import and this program never uses: 6 MiB of a runner.

Only in processes that belong to this program alone (`deferred.is_installed`).
"""

import gc
import ssl
import sys
import typing
from asyncio.sslproto import SSLProtocol
from types import FunctionType

from vmss_tui.gateway import deferred

_BUFFER = 64 * 1024
"""Bytes that asyncio reads at a time from a TLS connection, which keeps a buffer of this size: a quarter of its own."""
_DEFAULT_CONTEXT = "_SSL_CONTEXT_VERIFIED"
_GROUP = "Operations"
USED_GROUPS = frozenset((
    "VirtualMachineExtensions",
    "VirtualMachineScaleSetExtensions",
    "VirtualMachineScaleSetRollingUpgrades",
    "VirtualMachineScaleSetVMExtensions",
    "VirtualMachineScaleSetVMs",
    "VirtualMachineScaleSets",
    "VirtualMachines",
))  # fmt: skip
"""The groups of operations that `writes` and `run_command` use, of 54."""


def share_context(context: ssl.SSLContext) -> None:
    """Give aiohttp this TLS context for sessions without one, instead of its own with the system's certificates."""
    connector = sys.modules.get("aiohttp.connector")
    if deferred.is_installed() and hasattr(connector, _DEFAULT_CONTEXT):
        setattr(connector, _DEFAULT_CONTEXT, context)


def use_small_buffers() -> None:
    """Make asyncio keep a smaller buffer for each TLS connection that is opened from now on."""
    if deferred.is_installed() and hasattr(SSLProtocol, "max_size"):
        SSLProtocol.max_size = _BUFFER


def drop_operations() -> None:
    """Remove the operations of azure-mgmt-compute's blocking client, and of ours the groups that nothing calls.

    Both clients share the functions that build requests; these stay. So does everything of a version that was not
    tested, which may have moved an operation to another group. Overloads are for type checkers; `typing` keeps those
    of every library.
    """
    blocking = sys.modules.get("azure.mgmt.compute.operations._operations")
    ours = sys.modules.get("azure.mgmt.compute.aio.operations._operations")
    if not deferred.is_installed() or blocking is None or ours is None or not deferred.is_tested("azure.mgmt.compute"):
        return
    for name in [name for name in vars(blocking) if name.endswith(_GROUP)]:
        delattr(blocking, name)
    for name, group in list(vars(ours).items()):
        if name.endswith(_GROUP) and name.removesuffix(_GROUP) not in USED_GROUPS:
            for method in [method for method, value in vars(group).items() if isinstance(value, FunctionType)]:
                if not method.startswith("__"):
                    delattr(group, method)
    typing.clear_overloads()
    gc.collect()
