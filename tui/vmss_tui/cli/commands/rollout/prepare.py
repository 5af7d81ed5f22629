"""From a profile's name and a scale set's to a plan: what `plan` and `rollout` have in common. Writes nothing.

A person at a terminal is asked for what is missing; a script gets an error that says how to give it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from vmss_tui import duration
from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.errors import JournalUnavailable, NotUnique, UsageError
from vmss_tui.ports import FilePin
from vmss_tui.text import listed

if TYPE_CHECKING:
    from vmss_tui.engine.schedule.start_later import StartTime
    from vmss_tui.profiles.model import Profile, Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line asks for; None and empty mean: as the profile says."""

    profile: str
    scale_set: str | None = None
    variables: Mapping[str, str]
    mode: UpgradeMode | None = None
    batch: Amount | None = None
    pause_seconds: int | None = None
    unhealthy_percent: int | None = None
    rerun: bool = False
    overrides: Mapping[Override, str] = field(default_factory=dict)
    """Reasons for what the plan would otherwise refuse."""
    all_sets: bool = False
    """Every target of the profile, in its waves."""
    start: "StartTime | None" = None
    """When to start; None: at once."""
    asks: bool = True
    """A person at a terminal types the variables that nothing else gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A profile, filled in for one scale set, and the resulting plan."""

    profile: "Profile"
    resolved: "Resolved"
    plan: RolloutPlan
    snapshot: SetSnapshot
    """The set as the plan saw it."""
    pins: tuple[FilePin, ...]
    tags: Mapping[str, str]
    """Of the scale set."""
    starts_at: datetime | None = None
    """When it starts; None: at once."""


def assignments(given: Sequence[str]) -> dict[str, str]:
    """`version=2.5.0` as name and value. Raises UsageError."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--set {text}: expected NAME=VALUE", hint="write --set version=2.5.0")
        found[name.strip()] = value
    return found


def amount(text: str | None) -> Amount | None:
    """`12` or `20%`. Raises UsageError."""
    try:
        return None if text is None else Amount.parse(text)
    except ValueError as error:
        raise UsageError(f"--batch: {error}", hint="write --batch 20% or --batch 12") from error


def seconds(text: str | None) -> int | None:
    """`30s`, `5m` or ISO 8601 in seconds. Raises UsageError."""
    try:
        return None if text is None else duration.parse(text)
    except ValueError as error:
        raise UsageError(f"--pause: {error}") from error


async def prepare_order(session: LiveSession, order: Order) -> Ordered:
    """Read Azure and plan. Raises ProfileInvalid, UsageError, NotUnique and what reading Azure raises."""
    from vmss_tui.engine.prepare import RolloutWish
    from vmss_tui.engine.schedule.start_later import AT_ONCE, prepare_for
    from vmss_tui.profiles.model import resolve
    from vmss_tui.profiles.plan_findings import profile_findings, syntax_findings

    profile = session.profiles().get(order.profile)
    variables = complete(profile, order.variables) if order.asks else order.variables
    azure = await session.connect()
    target = await _target(session, profile, order.scale_set)
    scale_set = await azure.scale_set(target)
    resolved = resolve(profile, variables, environ=os.environ, scale_set=scale_set)
    wish = RolloutWish(
        target=target,
        names=session.versions.names,
        history=session.track_record(target),
        known_versions=session.known_versions(target),
        script=resolved.script,
        policy=adjusted(resolved.policy, order),
        profile=profile.name,
        variables=resolved.variables,
        sha256=resolved.sha256,
        profile_findings=(*await syntax_findings(profile), *profile_findings(profile, scale_set)),
        overrides=order.overrides,
        hooks=session.hooks,
        rules=session.rules(),
    )
    prepared, starts_at = await prepare_for(azure, wish, session.clock, order.start or AT_ONCE)
    return Ordered(
        profile=profile,
        resolved=resolved,
        plan=prepared.plan,
        snapshot=prepared.snapshot,
        pins=prepared.pins,
        tags=scale_set.tags,
        starts_at=starts_at,
    )


def naming_others(session: LiveSession, ordered: Ordered) -> Ordered:
    """The same for a start at once, with what the journal says of other rollouts of the set.

    One that is running refuses the start; those that are scheduled, or have no runner, are warnings.
    """
    from vmss_tui.engine.in_progress import finding_of, named_in, waiting

    target = ordered.plan.target
    try:
        journal = session.journal()
        others = tuple(waiting(journal, target))
        running = finding_of(journal, target)
    except JournalUnavailable:
        return ordered
    return replace(ordered, plan=named_in(ordered.plan, running, others))


def adjusted(policy: RolloutPolicy, order: Order) -> RolloutPolicy:
    """The profile's policy with what the command line says."""
    if order.mode is not None:
        policy = replace(policy, mode=order.mode)
    if order.batch is not None:
        policy = replace(policy, steps=(BatchStep(order.batch),))
    if order.pause_seconds is not None:
        policy = replace(policy, pause_seconds=order.pause_seconds)
    if order.rerun:
        policy = replace(policy, force_rerun=True)
    if order.unhealthy_percent is not None:
        policy = replace(
            policy, unhealthy_percent=order.unhealthy_percent, unhealthy_upgraded_percent=order.unhealthy_percent
        )
    return policy


def complete(profile: "Profile", given: Mapping[str, str]) -> dict[str, str]:
    """The variables of the command line, and those that a person types because nothing else gives them."""
    from vmss_tui.profiles.model import values_of

    values = dict(given)
    _, missing = values_of(profile, values, os.environ)
    if missing and diagnostics.can_ask():
        for variable in missing:
            about = f" ({variable.help})" if variable.help else ""
            values[variable.name] = diagnostics.ask(f"{variable.name}{about}:")
    return values


async def _target(session: LiveSession, profile: "Profile", text: str | None) -> ScaleSetId:
    azure, within = await session.connect(), session.subscription
    if text is not None:
        return await find.resolve(azure, text, within=within)
    targets = profile.targets
    if not targets.given:
        raise UsageError(
            f"profile {profile.name} has no [targets]",
            hint=f"name one: `vmss-tui plan {profile.name} SCALESET`",
        )
    if len(targets.ids) == 1 and not targets.match and not targets.tags:
        return await find.resolve(azure, str(targets.ids[0]), within=within)
    everything = await find.everything(azure, within=within, overview=False)
    chosen = [scale_set.id for scale_set, _ in everything.found if targets.choose(scale_set)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise UsageError(
            f"no visible scale set is a target of profile {profile.name}",
            hint="name one, or check [targets] in the profile",
        )
    names = listed(target.short for target in chosen)
    raise NotUnique(
        f"profile {profile.name} has {len(chosen)} targets",
        hint=f"name one of {names}, or give --all for all of them in waves",
    )
