"""A bad network on loopback: a TCP proxy before the simulator that can refuse, swallow, cut or garble connections."""

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from vmss_tui.gateway.sign_in.clouds import Cloud


class Weather(StrEnum):
    """What the network does to connections."""

    FINE = "fine"
    REFUSED = "refused"
    """Nobody listens."""
    BLACK_HOLE = "black hole"
    """Connections are accepted and nothing ever comes back."""
    RESET = "reset"
    """Connections are cut as soon as they are made."""
    GARBAGE = "garbage"
    """Something else answers, so that no TLS can be spoken."""


class Network:
    """The proxy. Every change of the weather cuts the connections that are open."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 443)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.weather = Weather.FINE
        self.met = 0
        """Connections that met weather that was not fine."""

    async def start(self) -> None:
        """Listen on a free port, always the same one from then on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def turn(self, weather: Weather) -> None:
        """Change the weather."""
        self.weather = weather
        if weather is Weather.REFUSED:
            await self._stop_listening()
        self._cut()
        if weather is not Weather.REFUSED and self._server is None:
            await self.start()

    async def stop(self) -> None:
        """End everything."""
        await self._stop_listening()
        self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def before(self, cloud: Cloud, host: str = "127.0.0.1") -> Cloud:
        """The cloud as it is reached through this network."""
        here = f"https://{host}:{self.port}"
        return msgspec.structs.replace(cloud, resource_manager=here, authority=here)

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _cut(self) -> None:
        for writer in list(self._open):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        try:
            if self.weather is Weather.FINE:
                await self._pass_on(reader, writer)
                return
            self.met += 1
            if self.weather is Weather.GARBAGE:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\nThis is the hotel's network: please sign in.")
                await writer.drain()
            elif self.weather is Weather.BLACK_HOLE:
                while await reader.read(65536):
                    pass
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._upstream)
        self._open.add(back)
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._open.discard(back)
            back.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
