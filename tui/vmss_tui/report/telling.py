"""Events as sentences for a report: decisions, requests, gates, writes. Sightings and waits give none. Pure."""

from enum import StrEnum

from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.write_keys import named


class Kind(StrEnum):
    """What sort of decision it is: who made it, or how it went."""

    RUN = "run"
    WRITE = "write"
    GATE = "gate"
    PERSON = "person"
    BATCH = "batch"
    TROUBLE = "trouble"
    END = "end"


def kind_of(event: e.Event) -> Kind:
    """The sort of an event's decision."""
    if _is_trouble(event):
        return Kind.TROUBLE
    match event:
        case e.GateChecked():
            return Kind.GATE
        case e.Requested() | e.RequestAnswered() | e.Paused() | e.Resumed() | e.ApprovalNeeded() | e.Approved():
            return Kind.PERSON
        case e.BatchStarted() | e.BatchEnded():
            return Kind.BATCH
        case e.WriteIntended() | e.WriteEnded() | e.UpgradeSeen() | e.PolicyRestored():
            return Kind.WRITE
        case e.Ended() | e.Concluding():
            return Kind.END
        case _:
            return Kind.RUN


def _is_trouble(event: e.Event) -> bool:
    match event:
        case e.GateChecked(passed=False) | e.PolicyRestored(False) | e.WriteDeferred() | e.ClockStepped():
            return True
        case e.WriteEnded(_, state):
            return state is not OperationState.SUCCEEDED
        case e.UpgradeSeen(fault=fault):
            return fault is not None
        case e.BatchEnded(_, failed):
            return bool(failed)
        case e.Noted(_, severity):
            return severity is not Severity.INFO
        case e.RunnerStopped(reason):
            return bool(reason)
        case e.Concluding(verdict) | e.Ended(verdict):
            return verdict is not e.Verdict.COMPLETED
        case _:
            return False


def tell(event: e.Event) -> str:
    """The sentence of an event; empty when it decides nothing."""
    match event:
        case e.RunnerStarted(pid, host, resumed):
            return f"runner {pid} on {host} {'took over' if resumed else 'started'}"
        case e.RunnerStopped(reason):
            return f"the runner stopped: {reason or 'in good order'}"
        case e.BatchStarted(number, of, ids, zones):
            where = f" in zone {', '.join(zones)}" if zones else ""
            return f"batch {number} of {of} started: {len(ids)} instance{'' if len(ids) == 1 else 's'}{where}"
        case e.BatchEnded(number, failed):
            return f"batch {number} ended" + (f", failed: {', '.join(failed)}" if failed else "")
        case e.Ended(verdict, reason):
            return f"{verdict.value}: {reason}"
        case e.Noted(message, _, ids):
            return message + (f": {', '.join(ids)}" if ids else "")
        case e.ClockStepped(seconds):
            return f"the machine's clock was set, or it slept, by {seconds:.0f} s"
        case _:
            return _write(event) or _person(event)


def _write(event: e.Event) -> str:
    match event:
        case e.WriteIntended(what=what):
            return f"write: {what}"
        case e.WriteEnded(key, state, fault):
            return f"{named(key)} {_outcome(state)}" + (f": {fault.brief} [{fault.code}]" if fault is not None else "")
        case e.WriteDeferred(key, reason, until):
            return f"{named(key)} put off: {reason} at {until:%H:%M:%S} UTC"
        case e.UpgradeSeen(code, fault=fault, ours=ours):
            whose = "" if ours else " (not of this rollout)"
            return f"Azure's rolling upgrade{whose}: {code.value}" + (f": {fault.brief}" if fault is not None else "")
        case e.PolicyRestored(restored, message):
            return message if restored else f"the set's own upgrade policy is NOT back: {message}"
        case e.Concluding(verdict, reason):
            return f"ending as {verdict.value}: {reason}"
        case _:
            return ""


def _outcome(state: OperationState) -> str:
    return "is forgotten by Azure, judged by what is there" if state is OperationState.GONE else state.value


def _person(event: e.Event) -> str:
    match event:
        case e.GateChecked(gate, passed, message, batch):
            if gate == "deadline":
                return f"too late: {message}"
            where = f" before batch {batch}" if batch is not None else ""
            return f"gate {gate}{where} {'passed' if passed else 'FAILED'}: {message}"
        case e.Requested(verb, who, host, why):
            return f"{who} on {host} asked to {verb}" + (f": {why}" if why else "")
        case e.RequestAnswered(verb, accepted, message):
            return f"{verb} {'accepted' if accepted else 'refused'}: {message}"
        case e.Paused(reason):
            return f"paused: {reason}" if reason else "paused"
        case e.Resumed():
            return "resumed"
        case e.ApprovalNeeded(batch):
            return f"batch {batch} waits for an approval"
        case e.Approved(batch, who):
            return f"batch {batch} approved by {who}"
        case _:
            return ""
