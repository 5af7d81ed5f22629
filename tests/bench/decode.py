"""How much CPU it takes to read 1,000 instances: our way against the SDK's typed models, in one process.

`python tests/bench/decode.py` prints the figures; `measure()` returns them for a report.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import instance_mapping, wire

RECORDING = Path(__file__).parent.parent / "data" / "recordings" / "exchanges" / "vm_list_with_resources_updating.json"
SET = ScaleSet(id=ScaleSetId("s", "g", "web"), location="westeurope", mode=UpgradeMode.ROLLING)
OUTPUT = "Enable succeeded: \n[stdout]\nInstalling web\nSetting up web\nRestarting\n[stderr]\n"


@dataclass(frozen=True)
class Figures:
    """CPU seconds for one read of `instances` instances."""

    instances: int
    sdk: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.sdk / self.ours


def page(instances: int) -> bytes:
    """A page of instances with their views, after the recorded list."""
    pattern = json.loads(RECORDING.read_text())["response"]["body"]["value"][0]
    return json.dumps({"value": [_instance(pattern, number) for number in range(instances)]}).encode()


def _instance(pattern: dict[str, Any], number: int) -> dict[str, Any]:
    when = f"2024-05-0{number % 9 + 1}T07:14:34.1234567+00:00"
    extension = pattern["resources"][0]
    view = {
        "platformUpdateDomain": number % 5,
        "platformFaultDomain": number % 3,
        "vmAgent": {"vmAgentVersion": "2.2", "statuses": [{"code": "ProvisioningState/succeeded", "time": when}]},
        "extensions": [
            {
                "name": extension["name"],
                "type": f"{extension['properties']['publisher']}.{extension['properties']['type']}",
                "typeHandlerVersion": "2.1.19",
                "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info", "message": OUTPUT, "time": when}],
            }
        ],
        "vmHealth": {"status": {"code": "HealthState/healthy", "level": "Info", "time": when}},
        "statuses": [{"code": "ProvisioningState/succeeded", "time": when}, {"code": "PowerState/running"}],
    }
    properties = {**pattern["properties"], "instanceView": view, "provisioningState": "Succeeded"}
    return {**pattern, "instanceId": str(number), "name": f"web_{number}", "properties": properties}


def ours(body: bytes, before: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Decode, map, and find what differs from the read before."""
    found = instance_mapping.instances(map(_VM, _DECODE(body).value or ()), SET)
    known = {instance.id: instance for instance in before}
    changed = [instance for instance in found if known.get(instance.id) != instance]
    assert before == () or not changed
    return found


_DECODE, _VM = decoder(wire.VmPage), decoder(wire.Vm)


def sdk(body: bytes) -> int:
    """Decode into the SDK's typed models and touch what we show."""
    from azure.mgmt.compute._utils.model_base import _deserialize
    from azure.mgmt.compute.models import VirtualMachineScaleSetVM

    count = 0
    for vm in _deserialize(list[VirtualMachineScaleSetVM], json.loads(body)["value"]):
        view = vm.instance_view
        count += bool(
            view.statuses
            and view.vm_health.status.code
            and view.extensions[0].statuses[0].message
            and view.extensions[0].statuses[0].time
            and vm.resources[0].settings
            and vm.latest_model_applied is not None
        )
    return count


def measure(instances: int = 1000, rounds: int = 5) -> Figures:
    """The best of some rounds of each."""
    body = page(instances)
    before = ours(body, ())
    return Figures(
        instances,
        sdk=_best(lambda: sdk(body), max(1, rounds // 2)),
        ours=_best(lambda: ours(body, before), rounds),
    )


def _best(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


if __name__ == "__main__":
    figures = measure()
    sys.stdout.write(
        f"{figures.instances} instances: SDK models {figures.sdk * 1000:.0f} ms, "
        f"ours {figures.ours * 1000:.1f} ms, {figures.ratio:.0f} times less\n"
    )
