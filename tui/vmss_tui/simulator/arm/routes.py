"""The table of Microsoft.Compute routes: method, path, handler. Literals in the swagger's spelling."""

from aiohttp import web

from vmss_tui.simulator.arm import extensions, flexible, interfaces, machines, rolling, run_command, sets
from vmss_tui.simulator.arm.instance_extensions import InstanceExtensions
from vmss_tui.simulator.world.changes.actions import MACHINE_ACTIONS, POWER_ACTIONS

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_NETWORK = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
_SETS = f"{_GROUP}/virtualMachineScaleSets"
_SET = f"{_SETS}/{{name}}"
_ONE = f"{_SET}/virtualMachines/{{instance}}"
_MACHINE = f"{_GROUP}/virtualMachines/{{machine}}"


def routes() -> list[web.RouteDef]:
    """Every route of Microsoft.Compute that this simulator answers."""
    return [*_scale_sets(), *_rolling(), *_instances(), *_flexible()]


def _scale_sets() -> list[web.RouteDef]:
    return [
        web.get(f"{_SUBSCRIPTION}/virtualMachineScaleSets", sets.list_in_subscription),
        web.get(f"{_SUBSCRIPTION}/locations/{{location}}/virtualMachineScaleSets", sets.list_in_location),
        web.get(_SETS, sets.list_in_group),
        web.get(_SET, sets.get),
        web.put(_SET, sets.put),
        web.patch(_SET, sets.patch),
        web.delete(_SET, sets.delete),
        web.get(f"{_SET}/instanceView", sets.instance_view),
        web.get(f"{_SET}/skus", sets.skus),
        web.post(f"{_SET}/setOrchestrationServiceState", sets.set_repairs),
        web.get(f"{_SET}/extensions", extensions.list_all),
        web.get(f"{_SET}/extensions/{{extension}}", extensions.get),
        web.put(f"{_SET}/extensions/{{extension}}", extensions.put),
        web.patch(f"{_SET}/extensions/{{extension}}", extensions.patch),
        web.delete(f"{_SET}/extensions/{{extension}}", extensions.delete),
    ]


def _rolling() -> list[web.RouteDef]:
    return [
        web.get(f"{_SET}/rollingUpgrades/latest", rolling.get_latest),
        web.post(f"{_SET}/rollingUpgrades/cancel", rolling.cancel),
        web.post(f"{_SET}/osRollingUpgrade", rolling.start_os_roll),
        web.post(f"{_SET}/extensionRollingUpgrade", rolling.start_extension_roll),
        web.get(f"{_SET}/osUpgradeHistory", rolling.get_history),
        web.get(f"{_SUBSCRIPTION}/locations/{{location}}/operations/{{operation}}", rolling.get_operation),
    ]


def _instances() -> list[web.RouteDef]:
    on_set = [web.post(f"{_SET}/{verb}", machines.on_set(verb)) for verb in sorted(POWER_ACTIONS)]
    on_one = [web.post(f"{_ONE}/{verb}", machines.on_one(verb)) for verb in sorted(POWER_ACTIONS)]
    return [
        web.post(f"{_SET}/manualupgrade", machines.upgrade),
        web.post(f"{_SET}/delete", machines.delete_many),
        web.post(f"{_SET}/approveRollingUpgrade", machines.approve),
        web.post(f"{_ONE}/approveRollingUpgrade", machines.approve_one),
        *on_set,
        web.get(f"{_SET}/virtualMachines", machines.list_all),
        web.get(_ONE, machines.get),
        web.put(_ONE, machines.put),
        web.delete(_ONE, machines.delete),
        web.get(f"{_ONE}/instanceView", machines.get_view),
        *InstanceExtensions(machines.find).routes(_ONE),
        web.post(f"{_ONE}/runCommand", run_command.on(machines.find)),
        web.get(f"{_ONE}/networkInterfaces", interfaces.of_instance),
        *on_one,
    ]


def _flexible() -> list[web.RouteDef]:
    return [
        web.get(f"{_SUBSCRIPTION}/virtualMachines", flexible.list_in_subscription),
        web.get(f"{_GROUP}/virtualMachines", flexible.list_in_group),
        web.get(_MACHINE, flexible.get),
        web.delete(_MACHINE, flexible.delete),
        web.get(f"{_MACHINE}/instanceView", flexible.get_view),
        *InstanceExtensions(flexible.find).routes(_MACHINE),
        web.post(f"{_MACHINE}/runCommand", run_command.on(flexible.find)),
        web.get(f"{_NETWORK}/networkInterfaces/{{interface}}", interfaces.get),
        *(web.post(f"{_MACHINE}/{verb}", flexible.act(verb)) for verb in sorted(MACHINE_ACTIONS)),
    ]
