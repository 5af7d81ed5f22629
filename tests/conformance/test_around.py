"""What az asks around a scale set: groups, virtual machines, locks, roles, tags, the activity log, Resource Graph."""

from support.azcli import GROUP, Az

FLEXIBLE = "flexible"


def test_the_vms_of_a_flexible_set_are_listed_and_shown(az: Az) -> None:
    """A list of VMs names the extensions only by id; the VM itself has them whole."""
    listed = az("vm", "list", "-g", GROUP)
    assert len(listed) == 4
    assert all(vm["virtualMachineScaleSet"]["id"].endswith(f"/{FLEXIBLE}") for vm in listed)
    assert all(set(extension) <= {"id", "resourceGroup"} for vm in listed for extension in vm["resources"])
    shown = az("vm", "show", "-g", GROUP, "-n", listed[0]["name"])
    assert "CustomScript" in {extension["typePropertiesType"] for extension in shown["resources"]}
    view = az("vm", "get-instance-view", "-g", GROUP, "-n", listed[0]["name"])["instanceView"]
    assert "PowerState/running" in {status["code"] for status in view["statuses"]}
