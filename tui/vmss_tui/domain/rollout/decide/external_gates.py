"""What is asked outside before instances are touched: the external gate, and whether the files are still as planned.

Pure: says what to ask, and what an answer means. Every answer is in the log, so nobody is asked twice.
"""

from datetime import timedelta

from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Commands, Situation
from vmss_tui.domain.rollout.decide.conclude import changed_so_far, conclude
from vmss_tui.domain.rollout.stage import GateName

FILES_SECONDS = 20.0
"""How long a file may take to be fetched: `gateway.pins` gives it up then."""


def ask(situation: Situation, number: int, what: str) -> Commands | None:
    """Ask both before batch `number` (`what` names it), and stop at a no; None when both have agreed."""
    for step in (_external, _files):
        commands = step(situation, number, what)
        if commands is not None:
            return commands
    return None


def stopped(situation: Situation, gate: e.GateChecked) -> Commands:
    """Conclude: a gate said no."""
    return conclude(situation, e.Verdict.FAILED, f"{gate.message}; {changed_so_far(situation)}")


def _external(situation: Situation, number: int, what: str) -> Commands | None:
    gate = situation.plan.policy.gate
    if gate is None:
        return None
    answer = situation.state.gates.get((GateName.EXTERNAL, number))
    if answer is None:
        until = situation.now + timedelta(seconds=gate.timeout_seconds)
        return [*situation.wait(f"asking the gate whether {what} may start", until), CheckExternalGate(number, gate)]
    return None if answer.passed else stopped(situation, answer)


def _files(situation: Situation, number: int, what: str) -> Commands | None:
    """What instances download is still what was planned."""
    if not situation.plan.files:
        return None
    answer = situation.state.gates.get((GateName.FILES, number))
    if answer is None:
        until = situation.now + timedelta(seconds=FILES_SECONDS)
        return [*situation.wait(f"looking at the files again before {what}", until), CheckFiles(number)]
    return None if answer.passed else stopped(situation, answer)
