"""The JSON shape of a rollout over several scale sets: its plan, its events, its end, and its line in a list."""

from dataclasses import fields

from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import kind_name
from vmss_tui.domain.rollout.waves.events import WavesLogged, WavesPlanned
from vmss_tui.domain.rollout.waves.forecast import forecast_waves
from vmss_tui.presentation.records import (
    Record,
    exit_code,
    fault_record,
    finding_record,
    plain_value,
    plan_record,
    rfc3339,
)
from vmss_tui.presentation.waves.info import SetInfo, WavesInfo
from vmss_tui.presentation.waves.lines import Planned


def waves_plan_record(plan: WavesPlan, planned: Planned | None = None) -> Record:
    """The plan of `plan --all --json`; with `planned`, the plan of each set too."""
    return {
        "profile": plan.profile,
        "version": plan.label or None,
        "origin": plan.origin or None,
        "sets": len(plan.sets),
        "instances": plan.total,
        "at_once": plan.rules.at_once,
        "failed_instances": str(plan.rules.failed_instances) if plan.rules.failed_instances else None,
        "failed_sets": str(plan.rules.failed_sets) if plan.rules.failed_sets else None,
        "on_failed_set": plan.rules.on_failed_set.value,
        **_forecast_record(plan, planned),
        "findings": [finding_record(finding) for finding in plan.findings],
        "waves": [
            {
                "number": wave.number,
                "name": wave.name,
                "approve": wave.approve,
                "bake_seconds": wave.bake_seconds,
                "sets": [
                    {
                        "target": str(member.target),
                        "instances": member.instances,
                        "retries": member.retries or None,
                        "undoes": member.undoes or None,
                        **_planned_record(planned.get(member.target) if planned is not None else None),
                    }
                    for member in wave.sets
                ],
            }
            for wave in plan.waves
        ],
    }


def _forecast_record(plan: WavesPlan, planned: Planned | None) -> Record:
    """What the whole probably takes, with its bake times; nothing without the plans of its sets."""
    if planned is None:
        return {}
    known = {target: found for target, found in planned.items() if isinstance(found, RolloutPlan)}
    expected = forecast_waves(plan, known)
    seconds = {"p50": round(expected.total.p50, 1), "p90": round(expected.total.p90, 1)}
    return {"forecast": {"duration_seconds": seconds, "assumed": expected.assumed}}


def _planned_record(found: RolloutPlan | str | None) -> Record:
    if found is None:
        return {}
    if isinstance(found, str):
        return {"plan": None, "problem": found}
    return {"plan": plan_record(found), "problem": None}


def waves_event_record(rollout: str, entry: WavesLogged) -> Record:
    """One line of `rollout --all --jsonl`: `event` names the kind, then rollout, seq, at and the event's own fields."""
    event = entry.event
    head: Record = {"event": kind_name(event), "rollout": rollout, "seq": entry.seq, "at": rfc3339(entry.at)}
    if entry.hash:
        head["hash"] = entry.hash
    if isinstance(event, WavesPlanned):
        person = {name: getattr(event, name) or None for name in ("who", "host", "why", "ticket")}
        return {**head, **person, **waves_plan_record(event.plan)}
    body = {attribute.name: plain_value(getattr(event, attribute.name)) for attribute in fields(event)}
    if "target" in body:
        body["target"] = str(getattr(event, "target"))  # noqa: B009 - only some events of the union have one
    if "rollout" in body:
        body["set_rollout"] = body.pop("rollout")
    return {**head, **body}


def waves_ended_record(info: WavesInfo) -> Record:
    """The last line of `rollout --all --jsonl`."""
    state = info.state
    return {
        "event": "rollout_ended",
        "rollout": info.rollout,
        "at": rfc3339(state.ended_at),
        "verdict": state.verdict.value if state.verdict else None,
        "reason": state.reason or None,
        "exit_code": exit_code(state.verdict),
        "version": state.plan.label if state.plan else None,
        "elapsed_seconds": round(info.elapsed, 3),
        "updated": info.done,
        "rolled_back": info.rolled_back,
        "failed": info.failed,
        "total": info.total,
        "sets": [set_record(member) for member in info.sets],
    }


def set_record(member: SetInfo) -> Record:
    """One set of the whole."""
    progress = member.progress
    return {
        "target": str(progress.target),
        "wave": progress.wave,
        "wave_name": member.wave_name,
        "state": progress.stage.value,
        "rollout": progress.rollout or None,
        "rollback": progress.rollback or None,
        "updated": member.done,
        "rolled_back": member.rolled_back,
        "failed": member.failed,
        "total": member.total,
        "reason": member.reason or None,
        "fault": fault_record(member.fault),
    }
