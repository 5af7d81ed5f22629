"""Large estates: 2,000 scale sets in five subscriptions, and one of 1,000 instances."""

import psutil

from support.simulator import SimulatorProcess, StartsSimulator

MEMORY_LIMIT = 300 * 1024 * 1024


def everything(sim: SimulatorProcess, url: str) -> list[dict[str, object]]:
    """All items of a list, page by page."""
    found: list[dict[str, object]] = []
    while url:
        page = sim.get(url).body
        found += page["value"]
        url = page.get("nextLink", "")
    return found


def test_two_thousand_scale_sets_are_listed_page_by_page(simulator: StartsSimulator) -> None:
    sim = simulator("fleet")
    ids = set()
    for each in sim.get("/subscriptions").body["value"]:
        url = f"{each['id']}/providers/Microsoft.Compute/virtualMachineScaleSets"
        ids |= {str(one["id"]).lower() for one in everything(sim, url)}
    assert len(ids) == 2000
    assert psutil.Process(sim.pid).memory_info().rss < MEMORY_LIMIT


def test_a_thousand_instances_are_expanded(simulator: StartsSimulator) -> None:
    sim = simulator("thousand")
    home = sim.get("/subscriptions").body["value"][0]["id"]
    found = everything(sim, f"{home}/providers/Microsoft.Compute/virtualMachineScaleSets")
    instances = everything(sim, f"{found[0]['id']}/virtualMachines?$expand=instanceView")
    assert len(instances) == 1000
    assert len({each["instanceId"] for each in instances}) == 1000
    assert psutil.Process(sim.pid).memory_info().rss < MEMORY_LIMIT
