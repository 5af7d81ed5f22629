"""Replaying a recorded trace against a simulator in the same starting state, and saying what differs.

The clock is paused while the recording says InProgress, is moved until the operation ends where the recording says it
did, and moves a little when no operation is in progress, so that the events have the recorded order. Recorded operation
URLs are replaced by those that the simulator handed out for the same write.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.recordings import Exchange, Trace
from support.simulated.shapes import missing
from support.simulator import Answer, SimulatorProcess
from support.swagger import swagger

EXACT_HEADERS = ("azure-asyncoperation", "location", "retry-after")
"""Sent only where Azure sends them: neither more nor less than recorded."""
NEEDED_HEADERS = (
    "content-type",
    "azure-asyncnotification",
    "x-ms-ratelimit-remaining-resource",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-writes",
    "x-ms-request-charge",
    "etag",
)
STEP = 30.0
"""Simulated seconds by which the clock moves towards the end of an operation."""
LONGEST = 6 * 3600.0
PAUSE = 60.0
"""Simulated seconds that pass before a request while no operation is in progress."""
_NUMBER = re.compile(r"/virtualMachines/(\d+)", re.IGNORECASE)
_READ_ONLY = ("provisioningState", "uniqueId")


@dataclass(frozen=True)
class Difference:
    """One thing in which our answer is not like the recorded one."""

    trace: str
    number: int
    request: str
    """Method and path."""
    what: str

    def __str__(self) -> str:
        return f"{self.trace} #{self.number} {self.request}: {self.what}"


@dataclass(frozen=True)
class Accepted:
    """A difference that stays, and why."""

    traces: list[str]
    request: str
    what: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        return (
            difference.trace in self.traces
            and fnmatchcase(difference.request, self.request)
            and fnmatchcase(difference.what, self.what)
        )


def accepted(path: Path) -> list[Accepted]:
    return [Accepted(**entry) for entry in tomllib.loads(path.read_text())["accepted"]]


def in_order(exchanges: tuple[Exchange, ...]) -> list[Exchange]:
    """The exchanges as they happened: a poll of an older operation precedes a write of the same second.

    Some traces were sorted by their Date header, which has no fractions.
    """
    known: set[str] = set()
    ordered: list[Exchange] = []
    for exchange in exchanges:
        place = len(ordered)
        if exchange.path.rpartition("/")[2] in known:
            while place and _same_second(ordered[place - 1], exchange) and ordered[place - 1].method != "GET":
                place -= 1
        ordered.insert(place, exchange)
        started = urlsplit(exchange.headers.get("azure-asyncoperation", "")).path
        if ordered[-1] is exchange:
            known.add(started.rpartition("/")[2])
    return ordered


def _operation_id(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def _is_monitor(url: str) -> bool:
    """Whether a URL asks for the result of an operation, whose HTTP status says whether it is over."""
    return "monitor=true" in urlsplit(url).query.lower()


def _runs(answer: Answer) -> bool:
    """Whether the operation of an answer is still in progress, by its status document or by its HTTP status."""
    return answer.status == 202 or (isinstance(answer.body, dict) and answer.body.get("status") == "InProgress")


def _same_second(one: Exchange, other: Exchange) -> bool:
    return "date" in one.headers and one.headers["date"] == other.headers.get("date")


def groups_of(trace: Trace) -> dict[str, str]:
    """The resource groups of a trace with the location of what is in them."""
    found: dict[str, str] = {}
    for exchange in trace.exchanges:
        parts = exchange.path.split("/")
        if len(parts) > 4 and parts[3].lower() == "resourcegroups":
            body = exchange.body if isinstance(exchange.body, dict) else {}
            found.setdefault(parts[4], str(body.get("location", "westus")))
    return found


def starting_models(trace: Trace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and model of every scale set that was there before the trace began."""
    touched: set[str] = set()
    for exchange in trace.exchanges:
        parts = exchange.path.split("/")
        if len(parts) < 9 or parts[7].lower() != "virtualmachinescalesets":
            continue
        path = "/".join(parts[:9])
        if path in touched or (exchange.method == "DELETE" and exchange.status == 204):
            continue
        touched.add(path)
        if exchange.method != "PUT":
            yield path, _model(trace, path)


def _model(trace: Trace, path: str) -> dict[str, Any]:
    """The first body of a scale set in a trace, as a client would write it."""
    shown = [e for e in trace.exchanges if e.path == path and e.status == 200 and isinstance(e.body, dict)]
    body = next((dict(e.body) for e in sorted(shown, key=lambda e: e.method != "GET")), None)
    if body is None:
        return _unseen(trace, path)
    properties = {key: value for key, value in body["properties"].items() if key not in _READ_ONLY}
    kept = {key: body[key] for key in ("location", "sku", "tags", "zones") if key in body}
    return {**kept, "properties": {**properties, "overprovision": False}}


def _unseen(trace: Trace, path: str) -> dict[str, Any]:
    """A scale set that a trace never shows: as many instances as it names, in the region of its group."""
    named = {int(part) for e in trace.exchanges for part in _NUMBER.findall(e.path) if e.path.startswith(path)}
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}
    profile = {"storageProfile": {"imageReference": image}, "osProfile": {"computerNamePrefix": "vmss"}}
    return {
        "location": groups_of(trace).get(path.split("/")[4], "westus"),
        "sku": {"name": "Standard_DS1_v2", "tier": "Standard", "capacity": max(named, default=1) + 1},
        "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile, "overprovision": False},
    }


@dataclass
class Replay:
    """One trace on its way through a simulator."""

    sim: SimulatorProcess
    trace: Trace
    _operations: dict[str, str] = field(default_factory=dict)
    """Recorded operation URL (path and query) -> ours."""
    _open: set[str] = field(default_factory=set)
    """Ids of recorded operations that have begun and not ended so far."""

    def set_up(self) -> None:
        """Bring the simulator to where the trace begins."""
        self.sim.control.clock(paused=True)
        for path, model in starting_models(self.trace):
            answer = self.sim.put(path, model)
            assert answer.status == 201, answer.body
            self._wait(answer.headers["azure-asyncoperation"])

    def run(self) -> list[Difference]:
        """Replay every request; return the differences in order."""
        self.set_up()
        found = []
        for number, exchange in enumerate(in_order(self.trace.exchanges), 1):
            request = f"{exchange.method} {exchange.path}"
            answer = self._answer(exchange)
            complaints = [*self._compare(exchange, answer), *self._check_swagger(exchange, answer)]
            found += [Difference(self.trace.name, number, request, what) for what in complaints]
        return found

    def _answer(self, exchange: Exchange) -> Answer:
        url = self._operations.get(exchange.url, exchange.url)
        if url != exchange.url and isinstance(exchange.body, dict) and "status" in exchange.body:
            if exchange.body["status"] == "InProgress":
                return self.sim.get(url)
            self._open.discard(_operation_id(exchange.url))
            return self._wait(url)
        if url != exchange.url and _is_monitor(url):
            if exchange.status == 202:
                return self.sim.get(url)
            self._open.discard(_operation_id(exchange.url))
            return self._wait(url)
        if not self._open:
            self.sim.control.clock(advance=PAUSE)
        answer = self.sim.request(exchange.method, url, exchange.sent)
        for name in ("azure-asyncoperation", "location"):
            if name in exchange.headers and name in answer.headers:
                recorded = exchange.headers[name].partition("//")[2]
                self._operations["/" + recorded.partition("/")[2]] = answer.headers[name]
                self._open.add(_operation_id(recorded))
        return answer

    def _wait(self, url: str) -> Answer:
        waited = 0.0
        while _runs(answer := self.sim.get(url)):
            assert waited < LONGEST, f"{url} does not end"
            self.sim.control.clock(advance=STEP)
            waited += STEP
        return answer

    def _compare(self, exchange: Exchange, answer: Answer) -> Iterator[str]:
        if answer.status != exchange.status:
            yield f"status {exchange.status} recorded, {answer.status} here: {str(answer.body)[:300]}"
            return
        recorded = exchange.body.get("status") if isinstance(exchange.body, dict) else None
        ours = answer.body.get("status") if isinstance(answer.body, dict) else None
        if isinstance(recorded, str) and not _is_monitor(exchange.url) and ours != recorded:
            yield f"operation {recorded} recorded, {answer.body} here"
        yield from _compare_headers(exchange.headers, answer.headers)
        if exchange.body in ("", None):
            if answer.body:
                yield "no body recorded, one here"
        else:
            for line in missing(exchange.body, answer.body):
                yield f"body {line}"

    def _check_swagger(self, exchange: Exchange, answer: Answer) -> Iterator[str]:
        if "/operations/" in exchange.path or "/publishers/" in exchange.path:
            return
        for line in swagger().problems(exchange.method, exchange.path, answer.status, answer.body):
            yield f"swagger {line}"


def _compare_headers(recorded: Mapping[str, str], ours: Mapping[str, str]) -> Iterator[str]:
    for name in EXACT_HEADERS:
        if (name in recorded) != (name in ours):
            yield f"header {name} {'recorded, absent' if name in recorded else 'not recorded, sent'} here"
    for name in NEEDED_HEADERS:
        if name in recorded and name not in ours:
            yield f"header {name} recorded, absent here"
