"""The rehearsal of a plan from the deploy form: ask for faults, carry it out on a copy, play it in the live screens.

Effects only. Must not import Textual.
"""

from vmss_tui.app.effects import AskText, Complain, Effects, Open, Say, Work
from vmss_tui.app.session import Session
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.rehearsal import Recording, parse_faults
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.text import seconds_between

_PLAYS_SECONDS = 60.0
"""How long a rehearsal is played, however long it took on the copy."""
_SLOWEST = 16.0
TITLE = "Rehearse with these faults, or none: fail=3,17 slow=4 unhealthy-after=5 autoscale=+5@2m colleague=3m"


def ask_and_rehearse(plan: RolloutPlan | None, snapshot: SetSnapshot | None, session: Session) -> Effects:
    """Ask which failures to simulate (empty: none), then rehearse the current plan."""
    if plan is None or snapshot is None:
        return (Say("nothing to rehearse: there is no plan yet", Role.WARN),)
    if not plan.batches:
        return (Say("nothing to rehearse: the plan updates no instance", Role.WARN),)

    def answered(text: str | None) -> Effects:
        return () if text is None else _rehearse(plan, snapshot, session, text)

    return (AskText(TITLE, "", answered, optional=True),)


def _rehearse(plan: RolloutPlan, snapshot: SetSnapshot, session: Session, text: str) -> Effects:
    try:
        faults = parse_faults(text)
    except VmssTuiError as error:
        return (Complain(error),)
    unknown = sorted(faults.instances - {instance.id for instance in snapshot.instances})
    if unknown:
        return (Say(f"{plan.target.name} has no instance {unknown[0]}", Role.BAD),)

    async def carry_out() -> Effects:
        recording = await session.rehearse(plan, snapshot, faults)
        return (Open(OpenRollout(recording.header.id, _speed(recording), recording)),)

    words = f"rehearsing on a simulated copy of {plan.target.name}"
    return (Work(group="rehearsal", job=carry_out, waiting=words, local=True),)


def _speed(recording: Recording) -> float:
    took = seconds_between(recording.log[0].at, recording.log[-1].at) if recording.log else 0.0
    return max(_SLOWEST, round(took / _PLAYS_SECONDS))
