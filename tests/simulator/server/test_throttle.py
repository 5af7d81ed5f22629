"""Quotas: bucket names and sizes of recorded `x-ms-ratelimit-remaining-resource` headers, the quoted 429 body."""

import json
from collections.abc import Iterator

import pytest

from support.simulated.people import GATE, scale_set, subscription, token_of
from support.simulator import SimulatorProcess


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(GATE)
    yield process
    process.stop()


@pytest.fixture
def sim(running: SimulatorProcess) -> SimulatorProcess:
    """The module's simulator with every bucket full, at its own size, and nothing counted."""
    running.control.throttle(enabled=True, scale=1.0, sizes={})
    running.control.reset_counters()
    return running


def remaining(header: str) -> dict[str, int]:
    pairs = (part.removeprefix("Microsoft.Compute/").split(";") for part in header.split(","))
    return {name: int(value) for name, value in pairs}


@pytest.mark.parametrize(
    ("method", "tail", "body", "bucket", "left"),
    [
        ("GET", "", None, "GetVMScaleSet3Min", 399),
        ("GET", "/instanceView", None, "HighCostGetVMScaleSet3Min", 179),
        ("GET", "/virtualMachines", None, "VMScaleSetVMViews3Min", 4997),
        ("GET", "/virtualMachines/0", None, "GetVMScaleSetVM3Min", 999),
        ("GET", "/virtualmachines/0/instanceView", None, "VMScaleSetVMViews3Min", 4999),
        ("GET", "/extensions", None, "LowCostGet3Min", 3999),
        ("GET", "/rollingUpgrades/latest", None, "GetVMScaleSet3Min", 399),
        ("PATCH", "", {"tags": {"a": "b"}}, "VMScaleSetActions3Min", 239),
        ("PUT", "", {"location": "westeurope", "tags": {"a": "b"}}, "CreateVMScaleSet3Min", 59),
        ("POST", "/manualupgrade", {"instanceIds": ["0"]}, "VMScaleSetActions3Min", 239),
        ("POST", "/poweroff", {"instanceIds": ["0"]}, "DeleteVMScaleSet3Min", 119),
        ("POST", "/virtualMachines/0/restart", None, "VMScaleSetVMActions3Min", 199),
        ("DELETE", "/virtualMachines/0", None, "DeleteVMScaleSetVM3Min", 719),
        ("POST", "/rollingUpgrades/cancel", None, "VMScaleSetActions3Min", 239),
    ],
)
def test_every_call_draws_from_its_bucket(
    sim: SimulatorProcess, method: str, tail: str, body: object, bucket: str, left: int
) -> None:
    answer = sim.request(method, scale_set(sim) + tail, body)
    assert answer.status < 500
    assert remaining(answer.headers["x-ms-ratelimit-remaining-resource"])[bucket] == left
    kind = {"GET": "reads", "DELETE": "deletes"}.get(method, "writes")
    assert f"x-ms-ratelimit-remaining-subscription-{kind}" in answer.headers
    assert f"x-ms-ratelimit-remaining-subscription-global-{kind}" in answer.headers


def test_polling_an_operation_is_the_cheapest_of_all(sim: SimulatorProcess) -> None:
    started = sim.patch(scale_set(sim), {"tags": {"a": "b"}})
    answer = sim.get(started.headers["azure-asyncoperation"])
    left = remaining(answer.headers["x-ms-ratelimit-remaining-resource"])
    assert left == {"GetOperation3Min": 14999, "GetOperation30Min": 29999}


def test_an_expanded_list_is_charged_by_its_machines(sim: SimulatorProcess) -> None:
    answer = sim.get(f"{scale_set(sim)}/virtualMachines?$expand=instanceView")
    assert int(answer.headers["x-ms-request-charge"]) >= len(answer.body["value"])


def test_an_empty_bucket_answers_429_as_compute_does(sim: SimulatorProcess) -> None:
    sim.control.throttle(sizes={"GetVMScaleSet": [3, 100]})
    path = scale_set(sim)
    answers = [sim.get(path) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    error = refused.body["error"]
    assert error["code"] == "OperationNotAllowed"
    assert error["innererror"] == {"internalErrorCode": "TooManyRequestsReceived"}
    assert error["details"][0]["code"] == "TooManyRequests"
    assert error["details"][0]["target"] == "GetVMScaleSet3Min"
    detail = json.loads(error["details"][0]["message"])
    assert detail["operationGroup"] == "GetVMScaleSet3Min"
    assert detail["allowedRequestCount"] == 3
    assert detail["measuredRequestCount"] > 3
    assert sim.control.counters()["throttled"] == 1


def test_buckets_are_those_of_one_subscription(sim: SimulatorProcess) -> None:
    sim.control.throttle(sizes={"HighCostGetVMScaleSet": [1, 100]})
    lists = [
        f"{subscription(sim, name)}/providers/Microsoft.Compute/virtualMachineScaleSets"
        for name in ("prod-europe", "prod-us")
    ]
    assert [sim.get(path).status for path in (lists[0], lists[0], lists[1])] == [200, 429, 200]


def test_a_bucket_refills_evenly(sim: SimulatorProcess) -> None:
    sim.control.throttle(sizes={"GetVMScaleSet": [360, 10000]})
    path = scale_set(sim)
    sim.get(path)
    quota = "GetVMScaleSet3Min"
    level = sim.control.quotas()
    before = min(buckets[quota] for buckets in level.values() if quota in buckets)
    after = sim.wait_for(
        lambda: [b[quota] for b in sim.control.quotas().values() if b.get(quota, 0) > before], "a refill"
    )
    assert after[0] <= 360


def test_arms_own_buckets_are_those_of_a_principal_in_a_subscription(sim: SimulatorProcess) -> None:
    """ "Understand how Azure Resource Manager throttles requests" (2024): 250 reads, 200 writes, 200 deletes."""
    path = scale_set(sim)
    read = sim.get(path).headers
    assert 0 < 249 - int(read["x-ms-ratelimit-remaining-subscription-reads"]) + 1 <= 5
    assert 3740 <= int(read["x-ms-ratelimit-remaining-subscription-global-reads"]) < 3750
    other = sim.get(path, token=token_of(sim, "auditor")).headers
    assert other["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    written = sim.patch(path, {"tags": {"a": "b"}}).headers
    assert 195 <= int(written["x-ms-ratelimit-remaining-subscription-writes"]) < 200
    removed = sim.request("DELETE", f"{path}/extensions/none").headers
    assert removed["x-ms-ratelimit-remaining-subscription-deletes"] == "199"


def test_the_documented_limits_of_one_scale_set_hold_when_asked_for(sim: SimulatorProcess) -> None:
    """ "Compute throttling limits": of one set 36 low-cost reads at once and 12 a minute, 30 instance views and 10."""
    sim.control.throttle(per_resource=True)
    path = scale_set(sim)
    answers = [sim.get(f"{path}/instanceView") for _ in range(32)]
    assert [answer.status for answer in answers].count(200) == 30
    refused = answers[-1]
    assert refused.status == 429 and 4 <= int(refused.headers["retry-after"]) <= 6
    assert refused.body["error"]["details"][0]["target"] == "HighCostGetVMScaleSetResource"
    assert sim.get(path).status == 200
    assert sim.get(f"{path}/virtualMachines/1").status == 200
    lists = f"{subscription(sim, 'prod-europe')}/providers/Microsoft.Compute/virtualMachineScaleSets"
    assert sim.get(lists).status == 200
    sim.control.throttle(per_resource=False)
    assert sim.get(f"{path}/instanceView").status == 200


def test_arms_own_limit_names_the_caller(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.throttle(sizes={"SubscriptionReads": [1, 1]}, scale=1.0)
    answers = [sim.get(path) for _ in range(30)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert refused[0].body["error"]["code"] == "SubscriptionRequestsThrottled"
    assert "actor '44444444-4444-4444-8444-444444444401'" in refused[0].body["error"]["message"]


def test_a_scale_factor_shrinks_every_bucket_and_can_be_switched_off(sim: SimulatorProcess) -> None:
    sim.control.throttle(scale=0.01)
    answer = sim.get(scale_set(sim))
    assert remaining(answer.headers["x-ms-ratelimit-remaining-resource"])["GetVMScaleSet3Min"] == 3
    sim.control.throttle(enabled=False)
    assert {sim.get(scale_set(sim)).status for _ in range(10)} == {200}


def test_counters_tell_calls_by_route_group_client_and_status(sim: SimulatorProcess) -> None:
    path = scale_set(sim)
    sim.control.reset_counters()
    for _ in range(3):
        sim.get(path.upper())
    sim.get(f"{path}/virtualMachines/7")
    counters = sim.control.counters()
    pattern = "/subscriptions/*/resourceGroups/*/providers/Microsoft.Compute/virtualMachineScaleSets/*"
    assert counters["routes"] == {f"GET {pattern}": 3, f"GET {pattern}/virtualMachines/*": 1}
    assert counters["groups"] == {"GetVMScaleSet": 3, "GetVMScaleSetVM": 1}
    assert counters["clients"] == {"33333333-3333-4333-8333-333333333301": 4}
    assert counters["statuses"] == {"200": 3, "404": 1}
    assert counters["total"] == 4
    assert counters["connections"] == 4
    seen = sim.control.requests("virtualMachines/*")
    assert [answer["status"] for answer in seen] == [404]
