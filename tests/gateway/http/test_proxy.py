"""A proxy of the environment is used, and named when it fails."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.connects import MODEL, PATH, TARGET
from support.scripted import (
    ENVIRON,
    Authority,
    Scripted,
    reply,
)
from vmss_tui.errors import (
    ConnectionFailed,
)
from vmss_tui.gateway.client import connect
from vmss_tui.ports import Azure


@pytest.fixture
async def proxy(authority: Authority) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that tunnels, and notes where to."""
    asked: list[str] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0]
        asked.append(line)
        host, _, port = line.split()[1].partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    listening = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", asked
    listening.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


async def test_a_proxy_of_the_environment_is_used_and_no_proxy_heeded(
    server: Scripted, authority: Authority, proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = proxy
    server.on(PATH, reply(MODEL))
    monkeypatch.setenv("HTTPS_PROXY", url)
    azure = await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    await azure.scale_set(TARGET)
    await azure.close()
    assert asked and all(line.startswith("CONNECT 127.0.0.1:") for line in asked)
    asked.clear()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    azure = await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    await azure.scale_set(TARGET)
    await azure.close()
    assert asked == []


async def test_a_dead_proxy_is_named_without_its_password(
    azure: Azure, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@127.0.0.1:9")
    with pytest.raises(ConnectionFailed) as caught:
        await azure.scale_set(TARGET)
    assert "the proxy 127.0.0.1:9" in caught.value.message and "127.0.0.1:9" in caught.value.hint
    assert "s3cret" not in caught.value.message + caught.value.hint
    assert server.seen == []


async def test_a_proxy_that_wants_credentials_is_named(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(ConnectionFailed, match=f"the proxy 127.0.0.1:{port} .*407"):
        await azure.scale_set(TARGET)
    listening.close()
