"""Faults on the wire, by the control endpoint and by a scenario."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.simulated.people import GATE, scale_set
from support.simulator import SimulatorProcess, StartsSimulator


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(GATE)
    yield process
    process.stop()


@pytest.fixture
def sim(running: SimulatorProcess) -> SimulatorProcess:
    """The module's simulator without any fault."""
    running.control.clear_faults()
    return running


def test_a_status_is_injected_so_often_and_no_more(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(
        kind="status", path="*/virtualmachinescalesets/*", status=503, count=2, code="Busy", retry_after=7
    )
    answers = [sim.get(path) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].body["error"]["code"] == "Busy"
    assert answers[0].headers["retry-after"] == "7"
    assert "x-ms-request-id" in answers[0].headers
    assert [fault["hits"] for fault in sim.control.faults()] == [2]


def test_some_requests_pass_first(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind="status", method="GET", path=f"{path}*", status=500, after=2, count=1)
    assert [sim.get(path).status for _ in range(4)] == [200, 200, 500, 200]


def test_only_the_named_method_is_hit(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind="status", method="PATCH", status=409, code="Conflict", count=0)
    assert sim.get(path).status == 200
    assert sim.patch(path, {"tags": {"a": "b"}}).body["error"]["code"] == "Conflict"
    sim.control.clear_faults()
    assert sim.patch(path, {"tags": {"a": "b"}}).status == 200


def test_a_fault_can_last_for_a_while(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind="status", status=503, count=0, path=path, duration=0.3)
    assert sim.get(path).status == 503
    sim.wait_for(lambda: sim.get(path).status == 200, "the outage to end")


def test_a_delay_comes_before_the_answer(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind="delay", seconds=0.5, path=path)
    begun = time.monotonic()
    assert sim.get(path).status == 200
    assert time.monotonic() - begun >= 0.5


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_connection_breaks(sim: SimulatorProcess, kind: str) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind=kind, path=path)
    with pytest.raises((http.client.HTTPException, ConnectionError, ssl.SSLError)):
        sim.get(path)
    assert sim.get(path).status == 200
    assert sim.control.state()["requests"] > 0


def test_garbage_is_not_json(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.add_fault(kind="garbage", path=path)
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        sim.get(path)


def test_a_slow_drip_is_complete_in_the_end(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    whole = sim.get(path).body
    sim.control.add_fault(kind="drip", seconds=0.4, path=path)
    begun = time.monotonic()
    assert sim.get(path).body == whole
    assert time.monotonic() - begun >= 0.4


def test_a_stale_skip_token_hits_the_second_page_only(sim: SimulatorProcess) -> None:
    path = f"{scale_set(sim)}/virtualMachines"
    sim.control.add_fault(kind="stale_token", count=0)
    assert sim.get(path).status == 200
    answer = sim.get(f"{path}?%24skiptoken=2")
    assert answer.status == 400
    assert answer.body["error"] == {
        "code": "InvalidParameter",
        "message": "The request URL is not valid.",
        "target": "$skiptoken",
    }


def test_an_expired_token_can_be_injected(sim: SimulatorProcess) -> None:
    sim.control.add_fault(
        kind="status",
        path="/subscriptions",
        status=401,
        code="ExpiredAuthenticationToken",
        message="The access token expiry UTC time '8/17/2017 10:54:41 PM' is earlier than current UTC time.",
    )
    answer = sim.get("/subscriptions")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_the_token_endpoint_can_fail_too(sim: SimulatorProcess) -> None:
    sim.control.add_fault(kind="status", status=503, path="*/token")
    form = {"grant_type": "client_credentials", "client_id": sim.client_id, "client_secret": sim.client_secret}
    assert sim.form(f"/{sim.tenant_id}/oauth2/v2.0/token", **form).status == 503


def test_a_scenario_brings_its_own_faults(simulator: StartsSimulator, tmp_path: Path) -> None:
    scenario = tmp_path / "faulty.toml"
    scenario.write_text(
        GATE.read_text()
        + '\n[[faults]]\nkind = "status"\nmethod = "GET"\npath = "*/subscriptions"\nstatus = 502\ncount = 1\n'
    )
    sim = simulator(scenario)
    assert [sim.get("/subscriptions").status for _ in range(2)] == [502, 200]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"kind": "status", "color": "red"}, "color"),
        ({"kind": "explode"}, "explode"),
        ({"kind": "status", "count": "many"}, "count"),
    ],
)
def test_a_bad_rule_is_refused_with_its_key(sim: SimulatorProcess, rule: dict[str, object], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        sim.control.add_fault(**rule)


CASES = json.loads((Path(__file__).parents[2] / "data" / "arm_errors.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_any_answer_can_be_sent_as_it_was_seen(sim: SimulatorProcess, case: dict[str, Any]) -> None:
    """Statuses and bodies from the field, JSON or not, with headers of one's own."""
    path = scale_set(sim)
    headers = {"x-ms-failure-cause": "service", "Retry-After": "6"}
    sim.control.add_fault(kind="status", path=path, status=case["status"], body=case["body"], headers=headers)
    answer = sim.get(path)
    assert (answer.status, answer.body) == (case["status"], case["body"])
    assert {name: answer.headers[name.lower()] for name in headers} == headers
    assert answer.headers["content-type"].startswith("text/html" if isinstance(case["body"], str) else "application/js")
    assert sim.get(path).status == 200
