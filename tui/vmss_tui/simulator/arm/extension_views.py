"""The extensions of an instance view: a status, and substatuses for outputs and custom metrics."""

import json
from typing import Any

from vmss_tui.simulator.arm.times import stamp
from vmss_tui.simulator.world.machine.health import reports_metrics
from vmss_tui.simulator.world.machine.reports import LAST_REPORTED, status_message, tail
from vmss_tui.simulator.world.state.chance import fraction
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.model import Instance
from vmss_tui.simulator.world.state.states import FailureCause, Provisioning


def extension_views(instance: Instance, offset: str) -> list[dict[str, Any]]:
    """`extensions` of the instance view."""
    shown = (extension_view(installed, offset) for installed in instance.extensions.values())
    views = [view for view in shown if view is not None]
    if reports_metrics(instance):
        _add_metrics(views, instance)
    return views


def extension_view(installed: InstalledExtension, offset: str) -> dict[str, Any] | None:
    """One extension of the instance view; none when its handler failed before it wrote any status.

    A handler that failed in an update leaves the status of the run before (Azure/vm-scale-sets #82, WALinuxAgent PR
    3414); one whose time is over has never written more than that it is in transition.
    """
    spec, result = installed.spec, installed.result
    if result is not None and result.cause.is_handlers:
        if installed.reported is None:
            return None
        return extension_view(installed.reported, offset)
    shown: dict[str, Any] = {
        "name": spec.name,
        "type": f"{spec.publisher}.{spec.type}",
        "typeHandlerVersion": installed.version,
    }
    if spec.is_windows_script and result is not None and installed.processed and not result.timed_out:
        shown["substatuses"] = [
            _output("StdOut", result.stdout),
            _output("StdErr", result.stderr),
        ]
    shown["statuses"] = [_status(installed, offset)]
    return shown


def _status(installed: InstalledExtension, offset: str) -> dict[str, Any]:
    spec, result = installed.spec, installed.result
    timed_out = result is not None and result.timed_out
    status: dict[str, Any] = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
    }
    status["message"] = status_message(spec, result) if result is not None and spec.is_script else ""
    if timed_out or not installed.processed:
        words = "Enable in progress" if installed.started is not None else ""
        words = LAST_REPORTED if timed_out else words
        status |= {"code": "ProvisioningState/transitioning", "displayStatus": "Transitioning", "message": words}
    elif installed.state is Provisioning.FAILED:
        code = f"ProvisioningState/failed/{_clarification(installed)}"
        status |= {"code": code, "level": "Error", "displayStatus": "Provisioning failed"}
    started = installed.started if timed_out else None
    status["time"] = stamp(started or installed.since, offset)
    return status


def _clarification(installed: InstalledExtension) -> int:
    """The handler's own code for what failed, which is not the exit code of the script.

    Linux (custom-script-extension-linux, 2.1.19): 2 the command, 20 to 30 the settings, 50 to 56 a download. Windows: 3
    the command (quoted), 2 a download and 4 the settings (inferred).
    """
    result, windows = installed.result, installed.spec.is_windows_script
    if result is None or not installed.spec.is_script:
        return 1
    if result.settings_error:
        return 4 if windows else 20
    if result.cause is FailureCause.FILE_DOWNLOAD:
        return 2 if windows else 52
    return 3 if windows else 2


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
