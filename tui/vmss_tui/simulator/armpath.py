"""The grammar of ARM paths: which segments are literals, which are names, and how a literal is spelt.

ARM matches literals without regard to case and keeps names as they were typed. Everything here is pure.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import web

_WORDS = """
subscriptions resourceGroups providers locations tenants resources register Microsoft.Compute
Microsoft.ResourceGraph virtualMachineScaleSets virtualMachines extensions rollingUpgrades instanceView operations
publishers artifacttypes vmextension types versions skus osUpgradeHistory manualupgrade osRollingUpgrade
extensionRollingUpgrade approveRollingUpgrade latest cancel start restart poweroff deallocate reimage reimageall
redeploy reapply delete setOrchestrationServiceState simulateEviction performMaintenance Microsoft.Insights
autoscalesettings eventtypes values Microsoft.Authorization locks permissions policyAssignments
Microsoft.StandbyPool standbyVirtualMachinePools
denyAssignments roleAssignments roleDefinitions Microsoft.KeyVault vaults runCommand Microsoft.Network networkInterfaces
"""
_LITERALS = {word.lower(): word for word in _WORDS.split()}
_FIXED_NAMES = {("rollingUpgrades", "latest"), ("rollingUpgrades", "cancel"), ("artifacttypes", "vmextension")}
_VARIABLE = re.compile(r"\{[^{}]+\}")


_ROOTS = ("subscriptions", "tenants", "providers")


@dataclass(frozen=True, slots=True)
class ArmPath:
    """What an ARM path says, taken apart."""

    pattern: str
    """The path with canonical literals and `*` for every name: the key of counters, faults and throttling."""
    scope: str
    """The id of the innermost named resource, group or subscription, as typed; `/` when there is none."""
    subscription: str = ""
    group: str = ""
    provider: str = ""
    kinds: tuple[str, ...] = ()
    """Resource types and a trailing action or list, for example `("virtualMachineScaleSets", "manualupgrade")`."""
    extends: int = 0
    """How many of `kinds` belong to the resource that the path's last provider extends: a lock extends a scale set."""
    named: bool = False
    """Whether the path ends in a name (one resource) rather than in a list or an action."""

    @property
    def leaf(self) -> str:
        """The last type or action of the path; empty for subscriptions and groups."""
        return self.kinds[-1] if self.kinds else ""


def is_arm(path: str) -> bool:
    """Whether a path is one of ARM rather than of Entra ID, the files or the control endpoint."""
    return path.split("/", 2)[1].lower() in _ROOTS


def spell(segment: str) -> str:
    """Return a literal segment in the spelling of the swagger; an unknown one as it is."""
    return _LITERALS.get(segment.lower(), segment)


@lru_cache(maxsize=4096)
def parse(path: str) -> ArmPath:
    """Take a path apart (path only, no query). Never fails: an odd path yields an odd pattern."""
    segments = [part for part in path.split("/") if part]
    pattern: list[str] = []
    typed: list[str] = []
    scope, found = "/", {"subscriptions": "", "resourceGroups": "", "providers": ""}
    literal, named, extends, kinds = "", False, 0, list[str]()
    for segment in segments:
        typed.append(segment)
        if literal and not named:
            named = True
            fixed = spell(segment)
            if literal == "providers":
                extends = len(kinds)
            if literal in found:
                found[literal] = fixed if literal == "providers" else segment
            is_fixed = literal == "providers" or (literal, fixed) in _FIXED_NAMES
            if (literal, fixed) == ("rollingUpgrades", "cancel"):
                kinds.append("cancel")
            pattern.append(fixed if is_fixed else "*")
            scope = scope if literal == "providers" else "/" + "/".join(typed)
            continue
        literal, named = spell(segment), False
        pattern.append(literal)
        if literal not in found:
            kinds.append(literal)
    return ArmPath(
        pattern="/" + "/".join(pattern),
        scope=scope,
        subscription=found["subscriptions"],
        group=found["resourceGroups"],
        provider=found["providers"],
        kinds=tuple(kinds),
        extends=extends,
        named=named,
    )


def without_case(route: web.RouteDef) -> web.RouteDef:
    """Return the route with its literal segments matched without regard to case, as ARM does."""
    parts: list[str] = []
    for number, segment in enumerate(part for part in route.path.split("/") if part):
        if _VARIABLE.search(segment) or not any(char.isalpha() for char in segment):
            parts.append(segment)
        else:
            parts.append(f"{{_{number}:(?i:{re.escape(segment)})}}")
    return web.RouteDef(route.method, "/" + "/".join(parts), route.handler, route.kwargs)
