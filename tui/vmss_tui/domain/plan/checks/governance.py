"""Checks of whether Azure will let the rollout write: the state of the subscription, rights and locks."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.governance import Lock, LockLevel
from vmss_tui.domain.fleet.rights import Role, missing, needed_to_roll_out
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, refuse, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.text import counted

_LISTED = 3


def rights(facts: Facts) -> Iterator[Finding]:
    """Every action that the rollout will use is allowed, as far as Azure says."""
    known = facts.snapshot.governance
    if known is None:
        return
    if known.permissions is None:
        yield info("rights-unknown", f"could not check your permissions: {known.unknown}")
        return
    plan = facts.plan
    lacking = missing(
        needed_to_roll_out(
            facts.set,
            writes_model=plan.writes_model,
            client_batches=not facts.rolling_upgrade,
            by_instance=plan.strategy is Strategy.VM_BATCHES,
            removes=plan.removes,
            suspends_repairs=plan.holds_repairs,
        ),
        known.permissions,
    )
    if lacking:
        more = f" and {counted(len(lacking) - _LISTED, 'other')}" if len(lacking) > _LISTED else ""
        yield refuse(
            "rights-missing",
            f"your role does not allow {', '.join(lacking[:_LISTED])}{more} on {plan.target}",
            f"Ask for a role that does: `vmss-tui roles {Role.OPERATOR.value}` prints one.",
        )


def locks(facts: Facts) -> Iterator[Finding]:
    """A ReadOnly lock refuses every write, a CanNotDelete lock what is deleted."""
    known = facts.snapshot.governance
    for lock in (known.locks if known is not None else None) or ():
        yield from _lock(facts, lock)


def _lock(facts: Facts, lock: Lock) -> Iterator[Finding]:
    named = f"lock {lock.name!r} ({lock.level.value}) on {lock.scope}" + (f": {lock.notes}" if lock.notes else "")
    way = "Whoever owns the lock can remove it (Microsoft.Authorization/locks/delete); a role does not help."
    if lock.level is LockLevel.READ_ONLY:
        yield refuse("locked", f"Azure refuses every write: {named}", way)
    elif facts.plan.removes:
        yield refuse("locked", f"Azure refuses to remove the extension: {named}", way)
    elif facts.plan.policy.surge:
        yield warn("locked", f"Azure may refuse to delete the surplus instances of a surge: {named}", way)


def subscription(facts: Facts) -> Iterator[Finding]:
    """A subscription that is warned, disabled or deleted can only be read."""
    known = facts.snapshot.governance
    place = known.subscription if known is not None else None
    if place is not None and place.is_read_only:
        yield refuse(
            "subscription-read-only",
            f"Azure refuses every write: subscription {place.name} is {place.state.lower()} and can only be read",
            "Its owner can reactivate it in the portal (Subscriptions, or Cost Management + Billing).",
        )


CHECKS: tuple[Check, ...] = (subscription, locks, rights)
