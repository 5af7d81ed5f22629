"""Addresses in the portal and commands of the Azure CLI."""

from support.build import WEB
from vmss_tui.presentation.links import az_command, portal_link


def test_a_link_names_tenant_and_resource_and_each_cloud_has_its_portal() -> None:
    link = portal_link("https://portal.azure.us/", "t-1", WEB)
    assert link == f"https://portal.azure.us/#@t-1/resource{WEB}/overview"
    assert portal_link("https://portal.azure.com", "", WEB, "3").endswith(f"/#resource{WEB}/virtualMachines/3")
    assert portal_link("", "t-1", WEB) == "", "the cloud has no portal"


def test_the_command_can_be_typed_as_it_stands() -> None:
    assert az_command(WEB) == "az vmss show --subscription sub --resource-group rg --name web"
    assert az_command(WEB, "3").endswith("--name web --instance-id 3")
