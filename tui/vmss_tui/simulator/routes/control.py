"""The control endpoint: what a test or a presenter may see and change while the simulator runs.

`/control/<token>/…`, where the token is random and known from the ready line only. JSON in, JSON out; a bad
request is 400 with a message that names the key. Azure has nothing like it, and no product code may use it.
"""

import asyncio
import hmac
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.faults import LiveFault
from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.scenario.lint import complaints
from vmss_tui.simulator.scenario.model import FaultRule
from vmss_tui.simulator.scenario.scale_sets import event
from vmss_tui.simulator.scenario.seed import with_events
from vmss_tui.simulator.state import SIMULATION

CONTROL_TOKEN: web.AppKey[str] = web.AppKey("control_token", str)
SHUTDOWN: web.AppKey[asyncio.Event] = web.AppKey("shutdown", asyncio.Event)
Call = Callable[[web.Request], Awaitable[Any]]


class ControlError(Exception):
    """A control request that cannot be carried out; the text says why."""


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST clock`."""

    speed: float | None = None
    """Simulated seconds a real second, from now on."""
    advance: float = 0.0
    """Simulated seconds to jump forward at once."""
    paused: bool | None = None


class ThrottleChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST throttle`."""

    enabled: bool | None = None
    scale: float | None = None
    sizes: dict[str, tuple[int, int]] | None = None
    """Bucket -> (requests in 3 minutes, requests in 30 minutes); replaces all overrides, `{}` means Azure's own."""
    per_resource: bool | None = None
    """Whether the documented limits of one scale set and one VM are enforced as well."""


class SignInChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST sign-in`."""

    revoke: str | None = None
    """Object id whose tokens are revoked; empty for all."""
    token_lifetime: int | None = None
    """Real seconds that new tokens live."""
    hold_device_codes: bool | None = None
    """Keep device codes pending until they are approved here."""
    device: str | None = None
    """`approve` or `decline` every waiting device code."""


def routes() -> list[web.RouteDef]:
    """Return the routes of the control endpoint."""
    table: list[tuple[str, str, Call]] = [
        ("GET", "state", get_state),
        ("GET", "counters", get_counters),
        ("DELETE", "counters", reset_counters),
        ("GET", "requests", get_requests),
        ("GET", "faults", get_faults),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", remove_faults),
        ("GET", "throttle", get_throttle),
        ("POST", "throttle", set_throttle),
        ("POST", "clock", set_clock),
        ("POST", "sign-in", set_sign_in),
        ("POST", "events", add_event),
        ("POST", "hold", hold),
        ("POST", "release", release),
        ("POST", "shutdown", shutdown),
    ]
    return [web.route(method, f"/control/{{token}}/{name}", _guarded(call)) for method, name, call in table]


def _guarded(call: Call) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        if not hmac.compare_digest(request.match_info["token"].encode(), request.app[CONTROL_TOKEN].encode()):
            return json_answer({"error": "the control token is not the one of this simulator"}, 403)
        try:
            return json_answer(await call(request))
        except (ControlError, msgspec.DecodeError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)

    return handler


async def get_state(request: web.Request) -> dict[str, Any]:
    """Answer what is running and how far its clock is."""
    simulation, gate = request.app[SIMULATION], request.app[GATE]
    world = simulation.settle()
    return {
        "scenario": simulation.scenario.name,
        "pid": os.getpid(),
        "now": simulation.clock.now(),
        "speed": simulation.clock.speed,
        "paused": simulation.clock.paused,
        "scale_sets": len(world.scale_sets),
        "requests": gate.counters.total,
        "idle_seconds": round(time.monotonic() - gate.last_request, 3),
        "holds": gate.holds,
    }


async def get_counters(request: web.Request) -> dict[str, Any]:
    """Answer the counts of requests since the start or the last reset."""
    return request.app[GATE].counters.snapshot()


async def reset_counters(request: web.Request) -> dict[str, Any]:
    """Set every count to zero."""
    request.app[GATE].counters.reset()
    return {}


async def get_requests(request: web.Request) -> list[dict[str, Any]]:
    """Answer the newest requests, with `?route=` only those whose route contains the text."""
    return request.app[GATE].counters.requests(request.query.get("route", ""))


async def get_faults(request: web.Request) -> list[dict[str, Any]]:
    """Answer the rules in force and how often each has hit."""
    return [fault.as_json() for fault in request.app[GATE].faults.live]


async def add_fault(request: web.Request) -> dict[str, Any]:
    """Put a fault rule in force: the keys of a scenario's `[[fault]]`, and `duration` in real seconds."""
    body = msgspec.json.decode(await request.read(), type=dict[str, Any])
    duration = body.pop("duration", None)
    unknown = sorted(set(body) - set(FaultRule.__dataclass_fields__))
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r} of a fault")
    rule = msgspec.convert(body, FaultRule)
    fault: LiveFault = request.app[GATE].faults.add(rule, None if duration is None else float(duration))
    return fault.as_json()


async def remove_faults(request: web.Request) -> dict[str, Any]:
    """Take a rule (`?id=`) or every rule out of force."""
    wanted = request.query.get("id")
    return {"removed": request.app[GATE].faults.remove(int(wanted) if wanted else None)}


async def get_throttle(request: web.Request) -> dict[str, dict[str, float]]:
    """Answer what is left in every bucket that was used."""
    return request.app[GATE].throttle.levels()


async def set_throttle(request: web.Request) -> dict[str, Any]:
    """Change the quotas; every bucket starts full again."""
    change = msgspec.json.decode(await request.read(), type=ThrottleChange)
    throttle = request.app[GATE].throttle
    throttle.resize(change.enabled, change.scale, change.sizes, change.per_resource)
    return {"enabled": throttle.enabled, "scale": throttle.scale, "sizes": throttle.sizes}


async def set_clock(request: web.Request) -> dict[str, Any]:
    """Pause, resume, advance or re-speed simulated time."""
    change = msgspec.json.decode(await request.read(), type=ClockChange)
    simulation = request.app[SIMULATION]
    clock = simulation.clock
    if change.speed is not None:
        clock.set_speed(change.speed)
    if change.paused is not None:
        (clock.pause if change.paused else clock.resume)()
    if change.advance:
        clock.jump(change.advance)
    simulation.settle()
    return {"now": clock.now(), "speed": clock.speed, "paused": clock.paused}


async def set_sign_in(request: web.Request) -> dict[str, Any]:
    """Revoke tokens, change their lifetime, steer device codes."""
    change = msgspec.json.decode(await request.read(), type=SignInChange)
    directory, answer = request.app[GATE].directory, dict[str, Any]()
    if change.token_lifetime is not None:
        directory.token_lifetime = change.token_lifetime
    if change.hold_device_codes is not None:
        directory.hold_device_codes = change.hold_device_codes
    if change.revoke is not None:
        answer["revoked"] = directory.revoke(change.revoke)
    if change.device is not None:
        if change.device not in ("approve", "decline"):
            raise ControlError(f"device is 'approve' or 'decline', not {change.device!r}")
        answer["devices"] = directory.settle_devices(change.device == "approve")
    return answer


async def add_event(request: web.Request) -> dict[str, Any]:
    """Let something happen to a scale set: the keys of a scenario's `[[events]]`; `at` counts from now."""
    body = {"at": 0, **msgspec.json.decode(await request.read(), type=dict[str, Any])}
    simulation = request.app[SIMULATION]
    sets = [{"name": scale_set.name} for scale_set in simulation.world.scale_sets.values()]
    problems = complaints({"scale_sets": sets, "events": [body]})
    if problems:
        raise ControlError("; ".join(f"{key}: {message}" for key, message in problems))
    simulation.apply(lambda world, now: (with_events(world, [event(body)], now), None))
    simulation.settle()
    return {}


async def hold(request: web.Request) -> dict[str, Any]:
    """Take a lease: the simulator does not stop for idleness before it is released."""
    request.app[GATE].holds += 1
    return {"holds": request.app[GATE].holds}


async def release(request: web.Request) -> dict[str, Any]:
    """Give a lease back."""
    gate = request.app[GATE]
    gate.holds = max(0, gate.holds - 1)
    return {"holds": gate.holds}


async def shutdown(request: web.Request) -> dict[str, Any]:
    """Stop the simulator once this answer is out."""
    request.app[SHUTDOWN].set()
    return {"stopping": True}
