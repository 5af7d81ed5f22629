"""Secrets of every kind with one mark in them, and the search for that mark in everything that a program leaves
behind."""

import io
import sqlite3
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "PLANTED"
_TAIL = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
S = f"{MARK}{_TAIL}"
OWN_PATTERN = "PIN-[A-Z]+"
"""What the configuration adds: shorter than every known shape."""
KINDS = {
    "shared access signature": f"https://x.blob.example.com/c/a.sh?sv=2024&sig={S}%3D&se=1",
    "account key": f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={S}==;EndpointSuffix=y",
    "service bus": f"SharedAccessKeyName=n;SharedAccessKey={S}=",
    "bearer": f"curl -H 'Authorization: Bearer {S}' x",
    "basic": f"Authorization: Basic {S}==",
    "jwt": f"eyJhbGciOiJI.eyJ{S}.{S}",
    "variable": f"export DB_PASSWORD={S}; run",
    "quoted": f"password = '{S} with spaces'",
    "yaml": f"api_key: {S}",
    "json": f'{{"clientSecret": "{S}"}}',
    "flag": f"tool --db-password {S} --verbose",
    "private token": f"https://git.example.com/x?private_token={S}",
    "gitlab": f"glpat-{S[:24]}",
    "github": f"ghp_{S}",
    "slack": f"xoxb-1234567890-{S}",
    "entra": f"abc8Q~{MARK}{'d' * 27}",
    "userinfo": f"https://bob:{S}@host.example.com/x",
    "function key": f"https://f.example.com/api/x?code={S}==",
    "s3": f"https://s3.example.com/x?X-Amz-Signature={S}",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n{S}\n-----END RSA PRIVATE KEY-----",
    "encoded signature": f"url=https%253A%252F%252Fx%253Fsv%253D1%2526sig%253D{S}",
    "signature in capitals": f"https://x.blob.example.com/c/a.sh?SV=2024&SIG={S}",
    "powershell": f"New-Login -AdminPassword '{S} x'",
    "secure string": f'ConvertTo-SecureString "{S}" -AsPlainText -Force',
    "xml": f"<AdminPassword><Value>{S}</Value></AdminPassword>",
    "block of yaml": f"dbPassword: |\n  {S}",
    "pair": f'{{"name": "DB_PASSWORD", "slotSetting": false, "value": "{S}"}}',
    "sql": f"ALTER LOGIN sa WITH PASSWORD = N'{S}'",
    "github fine-grained": f"github_pat_{S}",
    "cache": f"redis://:{S}@cache.example.com:6380/0",
    "header": f"x-functions-key: {S}1",
    "login": f"docker login -u ci -p {S} registry.example.com",
    "master key": f'{{"primaryMasterKey": "{S}1=="}}',
    "special characters": f"DB_PASSWORD=a&b;c,{S}",
    "own pattern": f"PIN-{MARK}",
}
"""One text of each kind."""


def in_text(text: str) -> str:
    """The first place of the mark in a text with what is around it; empty without one."""
    at = text.find(MARK)
    return text[max(0, at - 80) : at + 60] if at >= 0 else ""


def in_files(root: Path, *but: Path) -> dict[str, str]:
    """The files below a directory that hold the mark, archives unpacked, with the place; `but` are left alone."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(path == other or other in path.parents for other in but):
            for name, data in _unpacked(path):
                if place := in_text(data.decode("latin-1")):
                    found[name] = place
    return found


def _unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    data = path.read_bytes()
    yield str(path), data
    if path.name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member)
                yield f"{path}:{member.name}", file.read() if file is not None else b""


def columns_with_mark(journal: Path) -> set[tuple[str, str]]:
    """Table and column of every value of a journal that holds the mark."""
    found = set()
    connection = sqlite3.connect(journal, timeout=20)
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                found |= {(table, name) for name, value in zip(names, row, strict=True) if MARK in str(value)}
    finally:
        connection.close()
    return found


@contextmanager
def command_lines_watched() -> Iterator[set[str]]:
    """Collects the command lines of all processes that hold the mark, while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal():
                    try:
                        words = (entry / "cmdline").read_bytes()
                    except OSError:
                        continue
                    if MARK.encode() in words:
                        seen.add(words.replace(b"\x00", b" ").decode("utf-8", "replace"))
            time.sleep(0.02)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
