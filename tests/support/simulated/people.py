"""The people and places of `gate.toml`, and how tests reach them."""

from pathlib import Path

from support.simulator import SimulatorProcess

GATE = Path(__file__).with_name("gate.toml")


def token_of(sim: SimulatorProcess, name: str, tenant: str = "contoso.com") -> str:
    number = {"deployer": 1, "auditor": 2, "web-team": 3, "stranger": 4, "haulier": 5}[name]
    secret = {3: "made-up-web"}.get(number, f"made-up-{name}")
    return sim.token(tenant, f"33333333-3333-4333-8333-33333333330{number}", secret)


def subscription(sim: SimulatorProcess, name: str, token: str | None = None) -> str:
    found = sim.get("/subscriptions", token=token).body["value"]
    return str(next(person["id"] for person in found if person["displayName"] == name))


def scale_set(sim: SimulatorProcess, name: str = "web", group: str = "rg-web") -> str:
    home = subscription(sim, "prod-europe")
    return f"{home}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
