"""Nothing that the program uses is removed from Azure's libraries: seen in processes of their own."""

import re
import ssl
import subprocess
import sys
from asyncio.sslproto import SSLProtocol
from pathlib import Path

import aiohttp
import pytest

from vmss_tui.gateway import deferred, unused, writes
from vmss_tui.gateway.http.arm import import_writes
from vmss_tui.gateway.sign_in.auth import TenantCredential

_THE_PROGRAM = """
import ssl, sys
from vmss_tui.gateway import deferred, unused
"""
_THAT_WRITES = """
deferred.install()
from vmss_tui.gateway.http.arm import import_writes
import aiohttp
sdk = import_writes()
operations = sys.modules["azure.mgmt.compute.aio.operations._operations"]
blocking = sys.modules["azure.mgmt.compute.operations._operations"]
"""


def holds(statement: str, before: str = "") -> None:
    """Whether a statement holds in a process of the program that is about to write; `before` is run first."""
    code = _THE_PROGRAM + before + _THAT_WRITES + statement
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_group_that_is_used_keeps_its_operations() -> None:
    holds("""
for group in unused.USED_GROUPS:
    assert any(name.startswith("begin_") for name in vars(getattr(operations, group + "Operations"))), group
""")


def test_what_blocks_and_what_nothing_uses_is_gone() -> None:
    holds("""
assert import_writes() is sdk
assert not [name for name in vars(blocking) if name.endswith("Operations")]
assert not hasattr(operations.DisksOperations, "begin_delete")
""")


def test_a_session_without_a_context_of_its_own_trusts_what_the_others_trust() -> None:
    holds("""
import asyncio
from vmss_tui.gateway.http.transport import new_session
own = ssl.create_default_context()
async def use():
    async with new_session(own), aiohttp.ClientSession() as session:
        request = type("Request", (), {"is_ssl": lambda self: True, "ssl": True})()
        assert session.connector._get_ssl_context(request) is own
asyncio.run(use())
""")


def test_operations_of_a_version_that_was_not_tested_stay() -> None:
    """A newer SDK may have moved an operation to a group that is not in the table."""
    holds(
        """
assert hasattr(operations.DisksOperations, "begin_delete")
assert hasattr(blocking, "DisksOperations")
""",
        before="deferred.TESTED['azure.mgmt.compute'] = ('_version.py', '38.9')\n",
    )


def test_a_connection_keeps_a_small_buffer() -> None:
    holds("""
from asyncio.sslproto import SSLProtocol
unused.use_small_buffers()
assert SSLProtocol.max_size == 64 * 1024
""")


def test_the_table_has_the_groups_that_the_gateway_uses() -> None:
    """The first call of a group that is not in the table would fail."""
    client = import_writes().ComputeManagementClient(TenantCredential(None), "s", base_url="https://x", policies=[])  # type: ignore[arg-type]
    source = "".join(path.read_text() for path in Path(writes.__file__).parent.glob("*.py"))
    used = {type(getattr(client, name)).__name__ for name in re.findall(r"\.(virtual_machine[a-z_]*)\b", source)}
    assert {name.removesuffix("Operations") for name in used} == unused.USED_GROUPS


def test_nothing_is_taken_from_a_process_of_others() -> None:
    assert not deferred.is_installed()
    before = aiohttp.connector._SSL_CONTEXT_VERIFIED
    unused.share_context(ssl.create_default_context())
    unused.drop_operations()
    size = SSLProtocol.max_size
    unused.use_small_buffers()
    assert SSLProtocol.max_size == size
    assert aiohttp.connector._SSL_CONTEXT_VERIFIED is before
    assert hasattr(pytest.importorskip("azure.mgmt.compute.aio.operations").DisksOperations, "begin_delete")
