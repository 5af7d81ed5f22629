"""What a rollout does when a limit, a gate or a deadline stops it, by its policy: end, ask a person, or roll back.

Pure. A roll back is a plan of its own within the same log, so that a runner that takes over at any point resumes it.
Its first write is the scale set model, so that new instances do not get the failed version.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import assert_never

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.plan.overrides import Override, allow
from vmss_tui.domain.plan.rollout_plan import Purpose, Strategy
from vmss_tui.domain.plan.rollout_policy import OnFailure
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Commands, Record, Situation
from vmss_tui.domain.rollout.decide.gates import changed_outside
from vmss_tui.domain.rollout.requests import decisions
from vmss_tui.domain.rollout.rollback import SAME_BEFORE, plan_rollback
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, touched

_NOT_POSSIBLE = "; it cannot be rolled back: "
THIS = "this rollout"
"""How a roll back within a rollout names the one that it rolls back."""


def react(situation: Situation, why: str, fault: AzureFault | None) -> tuple[Commands | None, str]:
    """What the policy wants in place of the end; None with the reason (or without) when it is the end."""
    plan, state = situation.plan, situation.state
    if plan.purpose is not Purpose.ROLLOUT or situation.cancelling or not touched(state):
        return None, ""
    policy = plan.policy
    match policy.on_failure:
        case OnFailure.STOP:
            return None, ""
        case _ if changed_outside(situation):
            return None, "the scale set was changed outside this rollout, so nothing more is done to it"
        case OnFailure.ASK:
            return _ask(situation, why, fault), ""
        case OnFailure.ROLLBACK:
            return roll_back(situation, why, fault)
        case OnFailure.ROLLBACK_BATCH:
            rolling = plan.strategy is Strategy.ROLLING_UPGRADE
            return roll_back(situation, why, fault, only=None if rolling else _failed_batches(situation))
        case _:
            assert_never(policy.on_failure)


def decided(situation: Situation) -> Commands | None:
    """Wait for a person's decision, or carry it out; None when there is none to wait for."""
    state = situation.state
    if state.stage is Stage.DECISION:
        return situation.wait(f"waiting for a decision: {decisions(situation.plan, state)}")
    if not state.rollback_asked or situation.cancelling or state.rollback is not None or state.concluding is not None:
        return None
    why, fault = (state.decision.why, state.decision.fault) if state.decision is not None else ("", None)
    why = why.partition(_NOT_POSSIBLE)[0]
    request = next((asked for asked in reversed(tuple(state.asked.values())) if asked.verb is e.Verb.UNDO), None)
    commands, problem = roll_back(situation, why, fault, who=request.who if request is not None else "")
    if commands is not None:
        return commands
    return [Record((e.DecisionNeeded(f"{why}{_NOT_POSSIBLE}{problem}", state.bad, fault),))]


def roll_back(
    situation: Situation, why: str, fault: AzureFault | None, *, only: Collection[str] | None = None, who: str = ""
) -> tuple[Commands | None, str]:
    """Begin the roll back; None with the reason when it cannot be done."""
    plan, state = situation.plan, situation.state
    left = replace(state, policy_restored=False) if plan.policy_differs and state.policy_restored is None else state
    back = plan_rollback(THIS, plan, left, situation.snapshot, only=only, now=situation.now)
    back = allow(back, {Override(code): reason for code, reason in {**plan.overrides, **state.overrides}.items()})
    for refusal in back.refusals:
        if refusal.code != SAME_BEFORE:  # then there is nothing to do, which its own conclusion says
            return None, refusal.message
    policy = replace(back.policy, gate=None, on_failure=OnFailure.STOP)
    held = plan.holds_repairs and REPAIRS_OFF in state.accepted
    back = replace(back, policy=policy, history=plan.history, holds_repairs=back.holds_repairs or held)
    return [Record((e.RollbackStarted(back, why, fault, who),))], ""


def _failed_batches(situation: Situation) -> frozenset[str]:
    """The instances of the batches in which one failed; of the last batch when none did."""
    state, bad = situation.state, set(situation.state.bad)
    found = {i for batch in state.batches if bad.intersection(batch.ids) for i in batch.ids}
    last = state.batch.ids if state.batch is not None else ()
    return frozenset(found or last)


def _ask(situation: Situation, why: str, fault: AzureFault | None) -> Commands:
    state, batch = situation.state, situation.state.batch
    refused = batch.refused if batch is not None else ()
    failed = batch.failed if batch is not None else ()
    ids = tuple(dict.fromkeys((*state.bad, *failed, *refused)))
    return [Record((e.DecisionNeeded(why, tuple(i for i in ids if i not in state.waived), fault),))]
