"""Checks of whether Azure will let the rollout write: the state of the subscription, rights and locks."""

from collections.abc import Iterator, Sequence

from vmss_tui.domain.fleet.governance import DenyAssignment, Lock, LockLevel
from vmss_tui.domain.fleet.rights import DEPLOY_FROM_VAULT, Role, allowed, missing, needed_to_roll_out
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import SecretSource
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, refuse, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.text import counted

_LISTED = 3


def rights(facts: Facts) -> Iterator[Finding]:
    """Every action that the rollout will use is allowed, as far as Azure says."""
    known = facts.snapshot.governance
    if known is None:
        return
    plan = facts.plan
    needed = needed_to_roll_out(
        facts.set,
        writes_model=plan.writes_model,
        client_batches=not facts.rolling_upgrade,
        by_instance=plan.strategy is Strategy.VM_BATCHES,
        removes=plan.removes,
        suspends_repairs=plan.holds_repairs,
    )
    if not facts.set.denied_by:  # what denies every write is about who manages the set
        yield from _denied(needed, known.denials)
    if known.permissions is None:
        yield info("rights-unknown", f"could not check your permissions: {known.unknown}")
        return
    lacking = missing(needed, known.permissions)
    if lacking:
        more = f" and {counted(len(lacking) - _LISTED, 'other')}" if len(lacking) > _LISTED else ""
        yield refuse(
            "rights-missing",
            f"your role does not allow {', '.join(lacking[:_LISTED])}{more} on {plan.target}",
            f"Ask for a role that does: `vmss-tui roles {Role.OPERATOR.value}` prints one.",
        )


def _denied(needed: Sequence[str], denials: Sequence[DenyAssignment]) -> Iterator[Finding]:
    """An action that a deny assignment takes away, regardless of roles."""
    for denial in denials:
        taken = [action for action in needed if allowed(action, denial.denied)]
        if taken:
            yield refuse(
                "action-denied",
                f"the deny assignment {denial.name!r} on {denial.scope} denies {', '.join(taken[:_LISTED])}",
                "No role helps against it: ask the service or deployment stack that owns it.",
            )
            return


def vaults(facts: Facts) -> Iterator[Finding]:
    """Every Key Vault that the write refers to may be used for deployments, as far as Azure says."""
    known = facts.snapshot.governance
    if known is None:
        return
    for vault in needed_vaults(facts.set, facts.plan):
        if vault not in known.vaults:
            continue
        permissions, name = known.vaults[vault], vault.rstrip("/").rpartition("/")[2]
        if permissions is None:
            yield info("rights-unknown", f"whether you may deploy from the Key Vault {name} is unknown")
        elif not allowed(DEPLOY_FROM_VAULT, permissions):
            yield refuse(
                "linked-rights-missing",
                f"your role does not allow {DEPLOY_FROM_VAULT} on {vault}, which holds the extension's secret",
                "Ask for a role with this action on the vault, such as Key Vault Contributor.",
            )


def needed_vaults(scale_set: ScaleSet, plan: RolloutPlan) -> tuple[str, ...]:
    """Ids of the Key Vaults that the plan's write refers to: the script's, and all of the model when it is patched."""
    if not plan.writes_model:
        return ()
    secrets = (ref for ref in plan.script.protected.values() if ref.source is SecretSource.KEY_VAULT)
    found = [ref.where.partition(" ")[0] for ref in secrets] if not plan.removes else []
    for extension in scale_set.extensions:
        ours = extension.name.casefold() == plan.script.name.casefold()
        keeps_reference = ours and not plan.script.protected and not plan.removes
        if keeps_reference or (not ours and (plan.policy_differs or plan.removes)):
            found.append(extension.key_vault)
    return tuple(dict.fromkeys(vault for vault in found if vault))


def locks(facts: Facts) -> Iterator[Finding]:
    """A ReadOnly lock refuses every write, a CanNotDelete lock what is deleted."""
    known = facts.snapshot.governance
    for lock in (known.locks if known is not None else None) or ():
        yield from _lock(facts, lock)


def _lock(facts: Facts, lock: Lock) -> Iterator[Finding]:
    named = f"lock {lock.name!r} ({lock.level.value}) on {lock.scope}" + (f": {lock.notes}" if lock.notes else "")
    way = "The owner of the lock can remove it (Microsoft.Authorization/locks/delete); a role does not help."
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


CHECKS: tuple[Check, ...] = (subscription, locks, rights, vaults)
