"""The control endpoint of a running simulator, as tests use it."""

import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from support.wire import send


@dataclass
class Control:
    """The control endpoint of a simulator."""

    url: str
    context: ssl.SSLContext

    def call(self, method: str, name: str, body: Any = None) -> Any:
        parts = urlsplit(self.url)
        answer = send(
            f"{parts.scheme}://{parts.netloc}",
            method,
            f"{parts.path}/{name}",
            context=self.context,
            body=None if body is None else json.dumps(body).encode(),
        )
        if answer.status != 200:
            raise AssertionError(f"control {method} {name}: {answer.status} {answer.body}")
        return answer.body

    def state(self) -> dict[str, Any]:
        return dict(self.call("GET", "state"))

    def counters(self) -> dict[str, Any]:
        return dict(self.call("GET", "counters"))

    def reset_counters(self) -> None:
        self.call("DELETE", "counters")

    def requests(self, route: str = "") -> list[dict[str, Any]]:
        return list(self.call("GET", f"requests?{urlencode({'route': route})}"))

    def writes(self) -> list[dict[str, Any]]:
        """Requests that could change something in Azure: sign-ins and queries are asked by POST and change nothing."""
        queries = ("/oauth2/", "/Microsoft.ResourceGraph/resources")
        asked = [request for request in self.requests() if request["method"] not in ("GET", "HEAD")]
        return [request for request in asked if not any(query in request["path"] for query in queries)]

    def add_fault(self, **rule: Any) -> dict[str, Any]:
        """Keys of `FaultRule` (kind, method, path, count, after, status, …) and `duration` in seconds."""
        return dict(self.call("POST", "faults", rule))

    def faults(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "faults"))

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def throttle(self, **change: Any) -> dict[str, Any]:
        """Keys: `enabled`, `scale`, `sizes={"GetVMScaleSet": (3-minute size, 30-minute size)}` (replaces all)."""
        return dict(self.call("POST", "throttle", change))

    def quotas(self) -> dict[str, dict[str, float]]:
        return dict(self.call("GET", "throttle"))

    def clock(self, **change: Any) -> dict[str, Any]:
        """Keys: `speed`, `advance` (simulated seconds), `paused`."""
        return dict(self.call("POST", "clock", change))

    def sign_in(self, **change: Any) -> dict[str, Any]:
        """Keys: `revoke` (object id or ""), `token_lifetime`, `hold_device_codes`, `device`."""
        return dict(self.call("POST", "sign-in", change))

    def events(self, **event: Any) -> dict[str, Any]:
        """Make something happen in the world now; the keys of a scenario's `[[event]]`."""
        return dict(self.call("POST", "events", event))

    def hold(self) -> None:
        self.call("POST", "hold")

    def release(self) -> None:
        self.call("POST", "release")

    def shutdown(self) -> None:
        self.call("POST", "shutdown")
