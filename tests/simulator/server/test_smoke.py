"""A client signs in to the simulator and reads."""

from support.simulator import StartsSimulator


def test_a_client_signs_in_and_reads_subscriptions(simulator: StartsSimulator) -> None:
    sim = simulator()
    answer = sim.get("/subscriptions")
    assert answer.status == 200
    assert answer.body["count"] == {"type": "Total", "value": len(answer.body["value"])}
