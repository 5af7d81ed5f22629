"""What may interfere with a rollout of a scale set, in words and as a record; what could not be read says so. Pure."""

from collections.abc import Sequence

from vmss_tui import text
from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.governance import Governance, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.records import Record, plain_value
from vmss_tui.presentation.table import Line, Piece

_TITLE: Piece = ("Interference  ", Role.DIM)


def interfering(snapshot: SetSnapshot) -> tuple[str, ...]:
    """What may interfere: another controller, locks, repairs, autoscale, the platform, a change in progress."""
    of, found = snapshot.scale_set, []
    if (owner := controller_of(of)) is not None:
        found.append(f"managed by {owner.name}")
    governance = snapshot.governance or Governance()
    found += [f"lock {text.plain(lock.name)} ({lock.level.value})" for lock in governance.locks or ()]
    if of.automatic_repairs:
        held = ", suspended" if of.repairs_suspended else ""
        found.append(f"automatic repairs on ({of.automatic_repairs}{held})")
    if snapshot.autoscale is not None and snapshot.autoscale.enabled:
        found.append(f"autoscale {snapshot.autoscale.minimum}–{snapshot.autoscale.maximum}")
    found += [f"standby pool {pool_words(pool, of.capacity)}" for pool in governance.standby_pools or ()]
    if of.automatic_os_upgrade:
        found.append("automatic OS image upgrades on")
    if of.overprovision:
        found.append("overprovisioning on")
    if of.spot_eviction:
        found.append(f"spot, evicted instances: {text.plain(of.spot_eviction)}")
    if protected := sum(instance.protected for instance in snapshot.instances):
        found.append(f"{text.counted(protected, 'protected instance')}")
    if of.provisioning is Provisioning.FAILED:
        found.append("last change failed")
    if of.provisioning in (Provisioning.UPDATING, Provisioning.DELETING):
        found.append(f"a change is in progress ({of.provisioning.value})")
    return tuple(found)


def pool_words(pool: StandbyPool, instances: int) -> str:
    """`5 VMs (Running)`, for a set with this number of instances."""
    return text.counted(pool.size(instances), "VM") + (f" ({text.plain(pool.state)})" if pool.state else "")


def azure_policy_words(policies: Sequence[PolicyAssignment]) -> str:
    """`3 assignments; denies writes: Only approved VM extensions`; whether a policy matters is for Azure to say."""
    if not policies:
        return "no assignment"
    count = text.counted(len(policies), "assignment")
    parts = [f"{words}: {text.listed(names)}" for words, names in policy_effects(policies)]
    return "; ".join((count, *parts)) if parts else f"{count}, none says that it denies writes"


def policy_effects(policies: Sequence[PolicyAssignment]) -> tuple[tuple[str, list[str]], ...]:
    """What assignments do to writes, each with the names of the assignments; an effect that none has is absent."""
    denying = sorted({text.one_line(policy.name) for policy in policies if policy.denies})
    writing = sorted({text.one_line(policy.name) for policy in policies if policy.writes})
    return tuple((words, names) for words, names in (("denies writes", denying), ("may deploy", writing)) if names)


def governance_record(known: Governance | None) -> Record:
    """Locks, policy assignments and standby pools for `show --json`; null for what was not read."""
    found = known or Governance()
    return {
        "locks": plain_value(found.locks),
        "policy_assignments": plain_value(found.policies),
        "standby_pools": plain_value(found.standby_pools),
    }


def line(snapshot: SetSnapshot) -> Line:
    """`Interference  automatic repairs on (Replace) · autoscale 30–90`; amber, dim what could not be read."""
    found, unknown = interfering(snapshot), _unknown(snapshot.autoscale)
    pieces: list[Piece] = [_TITLE]
    if found:
        pieces.append((" · ".join(found), Role.WARN))
    if unknown:
        pieces.append(((" · " if found else "") + unknown, Role.DIM))
    if len(pieces) == 1:
        pieces.append(("none detected", Role.PLAIN))
    return tuple(pieces)


def _unknown(autoscale: Autoscale | None) -> str:
    return f"autoscale unknown ({text.plain(autoscale.unknown)})" if autoscale is not None and autoscale.unknown else ""
