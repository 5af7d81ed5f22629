"""The api-versions that this simulator knows, and Azure's two refusals of one that it does not.

A cloud that is behind, such as an Azure Stack Hub, knows only the older ones: `newest_api_version` of a scenario.
"""

from vmss_tui.simulator.armpath import ArmPath

COMPUTE = (
    "2015-06-15",
    "2016-03-30",
    "2016-04-30-preview",
    "2017-03-30",
    "2017-12-01",
    "2018-04-01",
    "2018-06-01",
    "2018-10-01",
    "2019-03-01",
    "2019-07-01",
    "2019-12-01",
    "2020-06-01",
    "2020-12-01",
    "2021-03-01",
    "2021-04-01",
    "2021-07-01",
    "2021-11-01",
    "2022-03-01",
    "2022-08-01",
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2025-11-01",
    "2026-04-01",
)
"""Versions of Microsoft.Compute's scale sets and virtual machines."""
RESOURCES = ("2014-04-01", "2016-06-01", "2018-05-01", "2019-10-01", "2020-01-01", "2021-04-01", "2022-12-01")
"""Some versions of ARM's own types; every other one that is not newer than `_NEWEST` is taken too."""
EXTENDING = {
    "Microsoft.Authorization/locks": ("2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"),
    "Microsoft.Authorization/permissions": (
        "2015-07-01",
        "2016-07-01",
        "2018-01-01-preview",
        "2018-07-01",
        "2022-04-01",
    ),
    "Microsoft.Authorization/policyAssignments": ("2016-12-01", "2018-05-01", "2019-09-01", "2020-09-01", "2022-06-01"),
    "Microsoft.Authorization/denyAssignments": ("2018-07-01-preview", "2022-04-01"),
    "Microsoft.Insights/autoscalesettings": ("2014-04-01", "2015-04-01", "2021-05-01-preview", "2022-10-01"),
    "Microsoft.Insights/eventtypes": ("2014-04-01", "2015-04-01", "2017-03-01-preview"),
    "Microsoft.ResourceGraph/resources": ("2018-09-01-preview", "2019-04-01", "2021-03-01", "2022-10-01"),
    "Microsoft.StandbyPool/standbyVirtualMachinePools": ("2023-12-01-preview", "2024-03-01", "2025-03-01"),
}
"""Versions of other types, of which a cloud that is behind has the older ones; public Azure takes every one here."""
_NEWEST = "2026-12-31"
_MISSING = ("InvalidResourceNamespace", "The resource namespace '{}' is invalid.")


def refusal(path: ArmPath, version: str, newest: str, locations: list[str]) -> tuple[str, str] | None:
    """Code and message for a version that is not known, none when it is; `newest` of the scenario, or empty."""
    known = _of_provider(path, newest)
    if known is not None:
        if version in known:
            return None
        if not known:
            return _MISSING[0], _MISSING[1].format(path.provider)
        kinds = path.kinds[path.extends :]
        kind = "/".join(kinds[:1] if kinds[0] != "locations" else kinds[:2])
        where = locations[0] if locations else "global"
        return (
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{where}' and API version '{version}' for type "
            f"'{kind}'. The supported api-versions are '{', '.join(known)}'. The supported locations are "
            f"'{', '.join(locations)}'.",
        )
    if version <= (newest or _NEWEST):
        return None
    older = [known_version for known_version in RESOURCES if not newest or known_version <= newest]
    message = f"The api-version '{version}' is invalid. The supported versions are '{','.join(reversed(older))}'."
    return "InvalidApiVersionParameter", message


def _of_provider(path: ArmPath, newest: str) -> list[str] | None:
    """The versions of a provider's type, of which a cloud may have none; None where every version is taken."""
    kinds = path.kinds[path.extends :]
    if not kinds:
        return None
    listed = EXTENDING.get(f"{path.provider}/{kinds[0]}", ()) if newest else ()
    every = COMPUTE if path.provider == "Microsoft.Compute" else listed
    return [version for version in every if not newest or version <= newest] if every else None
