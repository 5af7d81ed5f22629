"""Reading recorded ARM traffic: single exchanges and whole traces.

Read from `tests/data/recordings`, and from the folder that `VMSS_TUI_RECORDINGS` names as well, so that more
recordings can be dropped in and just be checked.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUNDLED = Path(__file__).parent.parent / "data" / "recordings"


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    source: str
    method: str
    url: str
    """Path and query as sent, without the host."""
    sent: Any
    status: int
    headers: dict[str, str]
    """Keys in lower case."""
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Trace:
    """A story: exchanges in the order in which they happened."""

    name: str
    source: str
    exchanges: tuple[Exchange, ...]


def folders() -> list[Path]:
    extra = os.environ.get("VMSS_TUI_RECORDINGS", "")
    return [BUNDLED, *([Path(extra)] if extra else [])]


def _exchange(data: dict[str, Any], source: str) -> Exchange:
    request, response = data["request"], data["response"]
    parts = urlsplit(request["url"])
    headers = {k.lower(): v if isinstance(v, str) else v[0] for k, v in response["headers"].items()}
    return Exchange(
        source=data.get("source", source),
        method=request["method"],
        url=f"{parts.path}?{parts.query}" if parts.query else parts.path,
        sent=request.get("body"),
        status=response["status"],
        headers=headers,
        body=response["body"],
    )


def exchanges() -> list[tuple[str, Exchange]]:
    """Every single exchange with its file name; files that quote several answers are left to the gateway's tests."""
    found = []
    for folder in folders():
        for path in sorted((folder / "exchanges").glob("*.json")):
            data = json.loads(path.read_text())
            if "request" in data:
                found.append((path.stem, _exchange(data, path.stem)))
    return found


def traces() -> list[Trace]:
    """Every trace."""
    found = []
    for folder in folders():
        for path in sorted((folder / "traces").glob("*.jsonl")):
            lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            source = str(lines[0].get("source", path.stem))
            exchanges = tuple(_exchange(line, source) for line in lines[1:])
            found.append(Trace(path.stem, source, exchanges))
    return found
