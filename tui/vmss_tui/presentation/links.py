"""Where a scale set can be seen elsewhere: its page in the cloud's portal, and the Azure CLI's commands. Pure."""

import shlex

from vmss_tui.domain.fleet.ids import ScaleSetId


def portal_link(portal: str, tenant: str, target: ScaleSetId, instance: str = "") -> str:
    """The page of a scale set, or of an instance; empty for a cloud without a portal.

    Source: "Share Azure portal links" (Azure portal documentation): `#@TENANT/resource/ID`.
    """
    if not portal:
        return ""
    resource = f"{target}/virtualMachines/{instance}" if instance else f"{target}/overview"
    return f"{portal.rstrip('/')}/#{f'@{tenant}/' if tenant else ''}resource{resource}"


def az_command(target: ScaleSetId, instance: str = "") -> str:
    """The Azure CLI's command that shows a scale set, or an instance."""
    words = ["az", "vmss", "show", "--subscription", target.subscription, "--resource-group", target.group]
    words += ["--name", target.name, *(("--instance-id", instance) if instance else ())]
    return shlex.join(words)
