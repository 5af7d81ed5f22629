"""One HTTP request on a connection of its own, for tests that want to see exactly what is answered."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `body` is decoded when it is JSON, else text."""

    status: int
    headers: Mapping[str, str]
    """Keys in lower case."""
    body: Any


def send(
    origin: str,
    method: str,
    path: str,
    *,
    context: ssl.SSLContext | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one HTTP request on a connection of its own."""
    parts = urlsplit(origin)
    host = f"{parts.hostname}:{parts.port}"
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        raw = response.read()
        received = {key.lower(): value for key, value in response.getheaders()}
    finally:
        connection.close()
    if "json" in received.get("content-type", "") and raw:
        return Answer(response.status, received, json.loads(raw))
    return Answer(response.status, received, raw.decode("utf-8", "replace"))
