"""A door before a PostgreSQL server that wants a token of Entra ID as the password, as Azure's service does.

It asks for a password in clear text (message `AuthenticationCleartextPassword`), looks at the token's audience and age,
and passes the rest of the connection on. Sources: "Message Formats" of the PostgreSQL documentation, "Use Microsoft
Entra ID for authentication with Azure Database for PostgreSQL". Connections can be cut, as by a network that fails.
"""

import base64
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

AUDIENCE = "https://ossrdbms-aad.database.windows.net"
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_CLEAR_TEXT = b"R" + struct.pack("!II", 8, 3)


class EntraDoor:
    """The door of one server; `tokens` are the passwords that opened it, `refused` those that did not."""

    def __init__(self, server: str) -> None:
        self._backend = str(Path(parse_qs(urlsplit(server).query)["host"][0]) / ".s.PGSQL.5432")
        self._database = urlsplit(server).path.lstrip("/")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.tokens: list[str] = []
        self.refused: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def address(self, user: str = "postgres") -> str:
        """Where to connect."""
        port = self._listener.getsockname()[1]
        return f"postgresql://{user}@127.0.0.1:{port}/{self._database}?auth=entra"

    def cut(self) -> None:
        """End every connection that is open."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        """Close the door."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            startup = _startup(client)
            client.sendall(_CLEAR_TEXT)
            kind, size = struct.unpack("!cI", _exactly(client, 5))
            token = _exactly(client, size - 4).rstrip(b"\0").decode()
            if kind != b"p" or not _good(token):
                self.refused.append(token)
                client.sendall(_error("28P01", "password authentication failed for user"))
                return
            self.tokens.append(token)
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(self._backend)
                server.sendall(startup)
                self._open += [client, server]
                back = threading.Thread(target=_pour, args=(server, client), daemon=True)
                back.start()
                _pour(client, server)
                back.join()


def _startup(client: socket.socket) -> bytes:
    """The startup packet; requests for encryption are declined, since nothing leaves this host."""
    while True:
        head = _exactly(client, 8)
        size, code = struct.unpack("!II", head)
        if code not in (_SSL_REQUEST, _GSS_REQUEST):
            return head + _exactly(client, size - 8)
        client.sendall(b"N")


def _exactly(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = source.recv(size - len(found))
        if not part:
            raise OSError("closed")
        found += part
    return found


def _good(token: str) -> bool:
    claims = claims_of(token)
    return claims["aud"] == AUDIENCE and float(claims["exp"]) > time.time()


def claims_of(token: str) -> dict[str, str]:
    """What a token says; ValueError for what is none."""
    body = token.split(".")[1] if token.count(".") == 2 else ""
    found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert isinstance(found, dict)
    return found


def _error(code: str, message: str) -> bytes:
    fields = b"".join(key + text.encode() + b"\0" for key, text in ((b"S", "FATAL"), (b"C", code), (b"M", message)))
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"


def _pour(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def entra_door(server: str) -> Iterator[EntraDoor]:
    """A door before the database of an address, for as long as the block runs."""
    door = EntraDoor(server)
    try:
        yield door
    finally:
        door.close()
