"""Checks of what brings another model or version beside the batches: standby pools and Azure Policy."""

import shlex
from collections.abc import Iterator

from vmss_tui.domain.fleet.governance import Governance, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.text import counted, listed, one_line, plain


def standby_pools(facts: Facts) -> Iterator[Finding]:
    """VMs in a pool were prepared with the model of their day; no rollout reaches them before the set takes them."""
    for pool in _known(facts).standby_pools or ():
        size = pool.size(facts.set.capacity)
        if size:
            state = f", {plain(pool.state).lower()}" if pool.state else ""
            yield warn(
                "standby-pool",
                f"standby pool {one_line(pool.name)} holds {counted(size, 'VM')}{state}, prepared before this "
                "rollout: an instance that the set takes from it runs the version that it was prepared with",
                _refill(pool),
            )


def policies(facts: Facts) -> Iterator[Finding]:
    """Azure Policy may refuse the write, change it, or deploy to the set afterwards; only Azure knows which apply."""
    found = _known(facts).policies or ()
    if denying := _names(policy for policy in found if policy.denies):
        yield info(
            "policy-denies",
            f"Azure Policy denies some writes here ({listed(denying)}); whether this rollout's are among them is only "
            "known once Azure is asked",
            "If Azure refuses the first write, nothing has changed: ask the policy's owner for an exemption.",
        )
    if writing := _names(policy for policy in found if policy.writes):
        starts = facts.rolling_upgrade or facts.set.mode in (UpgradeMode.ROLLING, UpgradeMode.AUTOMATIC)
        yield info(
            "policy-writes",
            f"Azure Policy may change the model as it is written, or deploy to the set minutes later "
            f"({listed(writing)})" + (", which starts an upgrade of its own" if starts else ""),
            "What it deploys is in the activity log, under the identity of the policy assignment.",
        )


def _known(facts: Facts) -> Governance:
    return facts.snapshot.governance or Governance()


def _names(found: Iterator[PolicyAssignment]) -> list[str]:
    return sorted({one_line(policy.name) for policy in found})


def _refill(pool: StandbyPool) -> str:
    """How a pool gets VMs of the new model; its maximum may be 0 (REST reference of standby pools)."""
    parts = pool.id.split("/")
    group = parts[4] if len(parts) > 4 else "GROUP"
    update = (
        f"az standby-vm-pool update --resource-group {shlex.quote(plain(group))} --name {shlex.quote(plain(pool.name))}"
    )
    return (
        f"Afterwards empty and refill it: {update} --min-ready-capacity 0 --max-ready-capacity 0, "
        f"then the same with {pool.minimum} and {pool.maximum}."
    )


CHECKS: tuple[Check, ...] = (standby_pools, policies)
