"""Passes connections on: `python -m support.relay LISTEN TARGET …`, each HOST:PORT; a target may be a Unix socket.

It runs inside a network namespace, where the servers of a test are on a loopback that is not theirs.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence


async def relay(listen: str, target: str) -> asyncio.Server:
    """Listen, and pass every connection on until the server is closed."""
    host, port = listen.rsplit(":", 1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if target.startswith("/"):
                there, back = await asyncio.open_unix_connection(target)
            else:
                name, number = target.rsplit(":", 1)
                there, back = await asyncio.open_connection(name, int(number))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, back), _pour(there, writer))

    return await asyncio.start_server(serve, host, int(port))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


async def main(words: Sequence[str]) -> None:
    """Relay for ever; says so on stdout when it listens."""
    servers = [await relay(listen, target) for listen, target in zip(words[::2], words[1::2], strict=True)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
