"""The extensions of an instance view: a status, and substatuses for outputs and custom metrics."""

import json
from typing import Any

from vmss_tui.simulator.arm.times import stamp
from vmss_tui.simulator.world.machine.health import reports_metrics
from vmss_tui.simulator.world.machine.scripts import status_message, tail
from vmss_tui.simulator.world.state.chance import fraction
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.model import Instance
from vmss_tui.simulator.world.state.states import Provisioning


def extension_views(instance: Instance, offset: str) -> list[dict[str, Any]]:
    """`extensions` of the instance view."""
    views = [extension_view(installed, offset) for installed in instance.extensions.values()]
    if reports_metrics(instance):
        _add_metrics(views, instance)
    return views


def extension_view(installed: InstalledExtension, offset: str) -> dict[str, Any]:
    """One extension of the instance view."""
    spec, result = installed.spec, installed.result
    status: dict[str, Any] = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
    }
    status["message"] = status_message(spec, result) if result is not None and spec.is_script else ""
    if installed.state is Provisioning.FAILED:
        code = result.exit_code if result is not None else 1
        status |= {"code": f"ProvisioningState/failed/{code}", "level": "Error", "displayStatus": "Provisioning failed"}
    elif installed.state is not Provisioning.SUCCEEDED:
        words = "Enable in progress" if installed.started is not None else ""
        status |= {"code": "ProvisioningState/transitioning", "displayStatus": "Transitioning", "message": words}
    status["time"] = stamp(installed.since, offset)
    shown: dict[str, Any] = {
        "name": spec.name,
        "type": f"{spec.publisher}.{spec.type}",
        "typeHandlerVersion": installed.version,
    }
    if spec.is_windows_script and result is not None and installed.processed:
        shown["substatuses"] = [
            _output("StdOut", result.stdout),
            _output("StdErr", result.stderr),
        ]
    shown["statuses"] = [status]
    return shown


def _add_metrics(views: list[dict[str, Any]], instance: Instance) -> None:
    """The custom metrics that the health extension passes on from the application, as a substatus."""
    spec = next(installed.spec for installed in instance.extensions.values() if installed.spec.is_health)
    message = _metrics(instance)
    if message:
        view = next(view for view in views if view["name"] == spec.name)
        view["substatuses"] = [_substatus("CustomMetrics", message)]


def _metrics(instance: Instance) -> str:
    """The text that the application sent, which has no schema: each VM's application spells it in its own way.

    "Custom metrics for rolling upgrades" itself has booleans and their texts, objects and JSON inside JSON, and two
    casings of every name.
    """
    wanted: dict[str, Any] = {}
    if instance.traits.skip_upgrade:
        wanted["SkipUpgrade"] = True
    if instance.traits.phase is not None:
        wanted["PhaseOrderingNumber"] = instance.traits.phase
    if not wanted:
        return ""
    texts = {name: str(value).lower() for name, value in wanted.items()}
    lower = {name[0].lower() + name[1:]: value for name, value in wanted.items()}
    spellings: tuple[dict[str, Any], ...] = (
        {"rollingUpgrade": wanted},
        {"RollingUpgrade": texts},
        {"customMetrics": json.dumps({"rollingUpgrade": texts})},
        {"CustomMetrics": {"RollingUpgrade": lower}},
    )
    return json.dumps(spellings[int(fraction(instance.vm_id) * len(spellings))])


def _output(stream: str, text: str) -> dict[str, Any]:
    """One stream of a Windows script's output (as raw in RunCommand operations)."""
    return _substatus(stream, tail(text))


def _substatus(component: str, message: str) -> dict[str, Any]:
    return {
        "code": f"ComponentStatus/{component}/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": message,
    }
