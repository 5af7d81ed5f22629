"""What a person may choose from: decisions after a failure, and the versions that a roll back may go to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.requests import failed_now, retriable
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.failures import why_failed
from vmss_tui.presentation.rollout.info import arrow
from vmss_tui.presentation.table import Column, Line, Row, cell
from vmss_tui.text import counted, listed, natural, plain

COLUMNS = (Column("what", "DECISION", width=36, longest=48), Column("why", "WHY", width=20, flex=1))

REVISION_COLUMNS = (
    Column("version", "VERSION", width=16, longest=40),
    Column("rollout", "ROLLOUT", width=8),
    Column("at", "WHEN", width=16),
    Column("who", "WHO", width=8, flex=1),
)


def revision_row(script: ScriptConfig, rollout: str, at: datetime, who: str) -> Row:
    """An earlier version; its key is its digest."""
    name = plain(script.label or unnamed(script.digest))
    when = f"{at.astimezone():%Y-%m-%d %H:%M}"
    return Row(script.digest, (cell(name), cell(rollout, Role.DIM), cell(when), cell(plain(who), Role.DIM)))


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: the verb, the instances that it names, and its words."""

    verb: Verb
    ids: tuple[str, ...]
    words: str
    about: str = ""

    @property
    def key(self) -> str:
        """Names the choice within its list."""
        return f"{self.verb.value}:{','.join(self.ids)}"

    @property
    def argument(self) -> str:
        """The instances as a request takes them."""
        return ",".join(self.ids)

    @property
    def row(self) -> Row:
        """As a row of the dialog."""
        return Row(self.key, (cell(self.words), cell(self.about, Role.DIM)))


def choices(state: RolloutState) -> tuple[Choice, ...]:
    """Every decision that is possible now; none when none is waited for."""
    return tuple(_choices(state)) if state.decision is not None else ()


def _choices(state: RolloutState) -> Iterator[Choice]:
    plan = state.plan
    failed = sorted(failed_now(plan, state) if plan is not None else (), key=natural)
    if failed:
        here = retriable(state, failed)
        if len(here) > 1:
            many = counted(len(here), "failed instance")
            yield Choice(Verb.RETRY, here, f"retry all {many}", listed(here))
        for instance in here:
            yield Choice(Verb.RETRY, (instance,), f"retry {_name(state, instance)}", _why(state, instance))
        if len(failed) > 1:
            yield Choice(Verb.EXCLUDE, tuple(failed), "exclude all of them and continue", "asks for a reason")
        for instance in failed:
            words = f"exclude {_name(state, instance)} and continue"
            yield Choice(Verb.EXCLUDE, (instance,), words, "asks for a reason")
    before = plan.previous.label if plan is not None and plan.previous is not None else ""
    back = f"to {plain(before)}" if before else "to the version before"
    yield Choice(Verb.UNDO, (), "roll back", f"everything that was updated, {back}; the model first")
    yield Choice(Verb.CANCEL, (), "cancel the rollout", "updated instances keep the new version")


def roll_back_question(plan: RolloutPlan, instances: int) -> tuple[str, tuple[Line, ...]]:
    """The question before a rollout that has failed is rolled back within itself: title, and what will happen."""
    before = plain(plan.previous.label or unnamed(plan.previous.digest)) if plan.previous is not None else "nothing"
    title = f"Roll back {plain(plan.target.name)}: {counted(instances, 'instance')}?"
    return title, (
        ((arrow(plain(plan.to_label), before), Role.ACCENT),),
        (("The scale set model goes first, so that new instances do not get the failed version.", Role.PLAIN),),
        (("Then the instances that this rollout updated, and those that got its version from the model.", Role.PLAIN),),
    )


def _name(state: RolloutState, instance: str) -> str:
    known = state.instances.get(instance)
    return plain(known.seen.name or instance) if known is not None else plain(instance)


def _why(state: RolloutState, instance: str) -> str:
    known = state.instances.get(instance)
    return why_failed(known.seen.message, known.seen.stderr, known.seen.exit_code) if known is not None else ""
