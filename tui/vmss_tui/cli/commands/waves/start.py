"""From the plan of waves to a running coordinator: shows the plan, asks, starts, follows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.commands.rollout.start_rollout import WIDTH, Launch, Manner, confirmed, require_answer
from vmss_tui.cli.commands.waves.follow import follow_waves, writer
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import SecretRef
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.engine.waves.set_plans import SetPlan, preview, refusals
from vmss_tui.errors import PreflightRefused, RolloutCancelled
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.presentation.waves.lines import Planned, plan_lines
from vmss_tui.text import counted

if TYPE_CHECKING:
    from vmss_tui.engine.schedule.start_later import StartTime


def planned_of(sets: Sequence[SetPlan]) -> dict[ScaleSetId, RolloutPlan | str]:
    """The plan of each set, or why there is none, by its id."""
    return {found.member.target: found.plan or found.problem for found in sets}


async def previewed(session: LiveSession, plan: WavesPlan) -> tuple[SetPlan, ...]:
    """The plan of every set as it is now."""
    return await preview(await session.connect(), plan, session.background(), session.clock)


def shown(plan: WavesPlan, planned: Planned, terminal: int | None) -> list[str]:
    """The plan for people, on a `terminal` with so many columns; None for a file or a pipe."""
    return plan_lines(plan, planned, min(terminal or WIDTH, WIDTH))


async def start_waves(
    launch: Launch, session: LiveSession, plan: WavesPlan, start: "StartTime", *, why: str = "", ticket: str = ""
) -> int:
    """Preview every set, ask, start and follow; a later start is scheduled.

    Raises PreflightRefused, LeaseHeld while another rollout over these sets runs, RolloutCancelled after a no.
    """
    from vmss_tui.engine.schedule.waves import prepare_waves_for

    plan, sets, starts_at = await prepare_waves_for(
        await session.connect(), plan, session.background(), session.clock, start
    )
    planned = planned_of(sets)
    manner = launch.manner
    if starts_at is None:
        session.journal().waves.require_apart(plan)
    refused = refusals(plan, sets)
    if not refused:
        require_answer(plan.profile, manner, _why_confirm(session, sets), "profile")
    if not manner.jsonl:
        for line in [*shown(plan, planned, diagnostics.columns()), ""]:
            diagnostics.say(line)
    if refused:
        raise PreflightRefused(
            "refused: " + "\n".join(refused[:10]) + (f"\nand {len(refused) - 10} more" if len(refused) > 10 else ""),
            hint="Correct what is refused, or keep the sets out of the profile's [waves] and [targets].",
        )
    if starts_at is not None:
        diagnostics.say(starts_in(starts_at, session.clock.now()))
    _confirm(session, manner, plan, sets)
    secrets = values_to_travel(_references(plan, planned))
    if starts_at is not None:
        waves = await session.schedule(
            plan, starts_at, at_window=start.at_window, secrets=secrets, why=why, ticket=ticket
        )
        launch.print_schedule(waves, starts_at, session.clock.now())
        return 0
    launch.warn_of_vanishing(session)
    waves = await session.start_waves(plan, secrets=secrets, why=why, ticket=ticket)
    launch.note_started(waves, session.who)
    if manner.detach:
        launch.print_id()
        return 0
    journal = session.journal()
    to = writer(journal, jsonl=manner.jsonl, annotations=manner.annotations)
    return await follow_waves(journal, waves, to)


def _references(plan: WavesPlan, planned: Planned) -> dict[str, SecretRef]:
    """The protected settings of all sets."""
    references = dict(plan.script.protected) if plan.script is not None else {}
    for found in planned.values():
        if isinstance(found, RolloutPlan):
            references |= found.script.protected
    return references


def _confirm(session: LiveSession, manner: Manner, plan: WavesPlan, sets: Sequence[SetPlan]) -> None:
    """Ask; where production is among the sets, have the profile's name typed, by the rule for single starts."""
    if confirmed(plan.profile, manner.confirm, _why_confirm(session, sets), "profile") or manner.yes:
        return
    affected = sum(_affected(found) for found in sets)
    what = "Roll back" if plan.undoes else f"Roll out {plan.label or plan.profile} to"
    where = f"{counted(affected, 'instance')} of {counted(len(plan.sets), 'scale set')}"
    if diagnostics.ask(f"{what} {where}? [y/N]").lower() not in ("y", "yes"):
        raise RolloutCancelled("nothing was started")


def _why_confirm(session: LiveSession, sets: Sequence[SetPlan]) -> str:
    """Why the profile's name is wanted; empty when yes or no will do."""
    return session.production.why_confirm_waves([(found.member.target, found.tags, _affected(found)) for found in sets])


def _affected(found: SetPlan) -> int:
    return found.plan.affected if found.plan is not None else 0
