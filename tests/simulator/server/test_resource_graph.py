"""Resource Graph of a running simulator: rows, pages, quota, lag, and queries that it does not take."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.simulator import Answer, SimulatorProcess

SETS = "Resources | where type =~ 'microsoft.compute/virtualmachinescalesets'"
MACHINES = "ComputeResources | where type =~ 'microsoft.compute/virtualmachinescalesets/virtualmachines'"


@pytest.fixture
def sim() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start("shipping")
    process.control.clock(paused=True)
    yield process
    process.stop()


def ask(sim: SimulatorProcess, query: str, **options: Any) -> Answer:
    body = {"query": query, "options": {"resultFormat": "objectArray", **options}}
    return sim.post("/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", body)


def test_one_query_gives_every_set_and_how_many_instances_are_current(sim: SimulatorProcess) -> None:
    answer = ask(sim, f"{SETS} | project id, name, mode = properties.upgradePolicy.mode, resourceGroup")
    assert answer.status == 200 and answer.body["resultTruncated"] == "false"
    assert answer.headers["x-ms-user-quota-remaining"] == "14"
    rows = {row["name"]: row for row in answer.body["data"]}
    assert rows["web-weu"]["mode"] in ("Rolling", "Manual", "Automatic")
    assert rows["web-weu"]["resourceGroup"] == "rg-ship-web" and "web-stg" not in rows
    counts = ask(sim, f"{MACHINES} | summarize total = count() by current = properties.latestModelApplied").body["data"]
    assert {row["current"] for row in counts} == {True, False} and all(row["total"] for row in counts)
    machine = ask(sim, MACHINES, **{"$top": 1}).body["data"][0]["properties"]
    assert machine["extended"]["instanceView"]["powerState"]["code"].startswith("PowerState/")
    assert "vmHealth" not in str(machine)


def test_flexible_machines_and_their_extensions_are_in_resources(sim: SimulatorProcess) -> None:
    rows = ask(sim, "Resources | where type =~ 'microsoft.compute/virtualmachines/extensions'").body["data"]
    assert {row["properties"]["type"] for row in rows} >= {"CustomScript"}
    vms = ask(sim, "Resources | where type =~ 'microsoft.compute/virtualmachines'").body["data"]
    assert vms and all("virtualMachineScaleSet" in row["properties"] for row in vms)


def test_owners_of_groups_are_in_resource_containers(sim: SimulatorProcess) -> None:
    kind = "where type =~ 'microsoft.resources/subscriptions/resourcegroups'"
    rows = ask(sim, f"ResourceContainers | {kind} | where isnotempty(managedBy) | project id, managedBy").body["data"]
    assert [row["managedBy"].rpartition("/")[2] for row in rows] == ["ship-aks"]


def test_long_answers_come_in_pages(sim: SimulatorProcess) -> None:
    first = ask(sim, SETS, **{"$top": 5}).body
    assert (first["count"], first["resultTruncated"]) == (5, "true")
    second = ask(sim, SETS, **{"$top": 1000, "$skipToken": first["$skipToken"]}).body
    assert first["totalRecords"] == 5 + second["count"] and "$skipToken" not in second
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}


def test_fifteen_queries_in_five_seconds_are_the_most(sim: SimulatorProcess) -> None:
    answers = [ask(sim, SETS, **{"$top": 1}) for _ in range(17)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and refused[0].body["error"]["code"] == "RateLimiting"
    assert refused[0].headers["x-ms-user-quota-resets-after"] < "00:00:05"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 5


def test_what_changed_is_seen_only_after_a_while(sim: SimulatorProcess) -> None:
    row = next(row for row in ask(sim, SETS).body["data"] if row["name"] == "web-weu")
    assert sim.patch(row["id"], {"tags": {"seen": "yes"}}).status == 200
    wanted = f"{SETS} | where tags.seen =~ 'yes'"
    assert ask(sim, wanted).body["data"] == []
    sim.control.clock(advance=31)
    assert [row["name"] for row in ask(sim, wanted).body["data"]] == ["web-weu"]


COUNTS = (
    f"{MACHINES} | extend set = tostring(split(tolower(id), '/virtualmachines/')[0])"
    " | summarize total = count(), current = countif(properties.latestModelApplied == true) by id = set"
    " | order by id asc"
)


def test_instances_are_counted_by_their_set_over_every_page(sim: SimulatorProcess) -> None:
    rows = {row["id"].rpartition("/")[2]: row for row in ask(sim, COUNTS).body["data"]}
    assert rows["web-weu"]["total"] >= rows["web-weu"]["current"] > 0
    one = ask(sim, COUNTS, **{"$top": 1}).body
    assert one["resultTruncated"] == "true" and one["$skipToken"]
    without = ask(sim, f"{MACHINES} | project name", **{"$top": 1}).body
    assert without["resultTruncated"] == "true" and "$skipToken" not in without, "pages need an id"


def test_flexible_machines_name_their_set(sim: SimulatorProcess) -> None:
    query = (
        "Resources | where type =~ 'microsoft.compute/virtualmachines'"
        " | where isnotempty(properties.virtualMachineScaleSet.id)"
        " | project id, set = tolower(tostring(properties.virtualMachineScaleSet.id)) | order by id desc"
    )
    rows = ask(sim, query).body["data"]
    assert rows and all("/virtualmachinescalesets/" in row["set"] for row in rows)
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)


OTHERS = [
    f"{SETS} | project x = substring(id, 3)",
    f"{SETS} | summarize n = max(id) by type",
    "Nothing",
    f"{SETS} | join kind=inner (Resources) on id",
    "Resources | where a has 'b'",
]


@pytest.mark.parametrize("query", OTHERS)
def test_other_kql_is_refused(sim: SimulatorProcess, query: str) -> None:
    answer = ask(sim, query)
    assert (answer.status, answer.body["error"]["code"]) == (400, "BadRequest")
    assert answer.body["error"]["details"][0]["code"] == "InvalidQuery"
