"""Faults on demand: which request is hit, and what it gets instead of an answer.

Rules come from the scenario or from the control endpoint; the newest is asked first. The world is never touched
unless a rule says so (`garbage`, `truncate`, `drip` answer with the real status after the handler ran).
"""

import asyncio
import fnmatch
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.scenario.model import FaultKind, FaultRule

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DRIP_PIECES = 20
NEVER = float("inf")


@dataclass(slots=True)
class LiveFault:
    """A rule at work: how often it has matched and hit."""

    id: int
    rule: FaultRule
    seen: int = 0
    hits: int = 0
    until: float = NEVER
    """Monotonic time after which it no longer hits."""

    def takes(self, method: str, target: str) -> bool:
        """Count a request that matches the rule and say whether it is one to hit."""
        rule = self.rule
        if rule.method not in ("*", method) or time.monotonic() > self.until:
            return False
        if not fnmatch.fnmatchcase(target.lower(), rule.path.lower()):
            return False
        self.seen += 1
        spent = rule.count and self.hits >= rule.count
        if self.seen <= rule.after or spent:
            return False
        self.hits += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the rule and its counts."""
        return {"id": self.id, "seen": self.seen, "hits": self.hits, **asdict(self.rule)}


@dataclass(slots=True)
class Faults:
    """The rules in force."""

    live: list[LiveFault] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, rule: FaultRule, duration: float | None = None) -> LiveFault:
        """Put a rule in force, for `duration` real seconds or until its count is used up."""
        until = NEVER if duration is None else time.monotonic() + duration
        fault = LiveFault(next(self._ids), rule, until=until)
        self.live.insert(0, fault)
        return fault

    def remove(self, identifier: int | None = None) -> int:
        """Take one rule (or all) out of force; return how many went."""
        before = len(self.live)
        self.live = [fault for fault in self.live if identifier is not None and fault.id != identifier]
        return before - len(self.live)

    def match(self, method: str, path: str, query: str) -> FaultRule | None:
        """Return the rule that hits this request, if any; `stale_token` only hits requests with a skip token."""
        for fault in self.live:
            if fault.rule.kind is FaultKind.STALE_TOKEN and "skiptoken" not in query.lower():
                continue
            if fault.takes(method, path):
                return fault.rule
        return None


async def answer_with_fault(rule: FaultRule, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out one fault."""
    if rule.kind is FaultKind.STATUS:
        return status_fault(rule)
    if rule.kind is FaultKind.STALE_TOKEN:
        return arm_error(400, "InvalidParameter", "The request URL is not valid.", target="$skiptoken")
    if rule.kind is FaultKind.RESET:
        return cut(request)
    if rule.kind is FaultKind.DELAY:
        await asyncio.sleep(rule.seconds)
        return await handler(request)
    answer = await handler(request)
    body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b"{}"
    if rule.kind is FaultKind.GARBAGE:
        return web.Response(body=b"\x1f\x8b<html>" + body[: len(body) // 3], content_type="application/json")
    pieces = 1 if rule.kind is FaultKind.TRUNCATE else DRIP_PIECES
    return await _send_slowly(request, answer, body, pieces, rule)


def status_fault(rule: FaultRule) -> web.Response:
    """Return the rule's status with its own body, or with an error body in ARM's shape."""
    headers = dict(rule.headers)
    if rule.retry_after is not None:
        headers["Retry-After"] = str(rule.retry_after)
    if rule.body is None:
        if rule.status == 401:
            challenge = f'Bearer error="invalid_token", error_description="{rule.message}"'
            headers.setdefault("WWW-Authenticate", challenge)
        return arm_error(rule.status, rule.code, rule.message, headers)
    if isinstance(rule.body, str):
        named = {name.lower() for name in headers}
        kind = {} if "content-type" in named else {"Content-Type": "text/html; charset=utf-8"}
        return web.Response(body=rule.body.encode(), status=rule.status, headers=headers | kind)
    return json_answer(rule.body, rule.status, headers)


def cut(request: web.Request) -> web.Response:
    """Reset the connection instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _send_slowly(
    request: web.Request, answer: web.StreamResponse, body: bytes, pieces: int, rule: FaultRule
) -> web.StreamResponse:
    slow = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    slow.content_length = len(body)
    await slow.prepare(request)
    if rule.kind is FaultKind.TRUNCATE:
        await slow.write(body[: max(1, len(body) // 2)])
        return cut(request)
    step = max(1, -(-len(body) // pieces))
    starts = range(0, len(body), step)
    for start in starts:
        await asyncio.sleep(rule.seconds / len(starts))
        await slow.write(body[start : start + step])
    return slow
