"""Checks outside Azure before instances are updated: the external gate, and whether the files are unchanged.

Pure: says what to check, and what an answer means. Every answer is in the log, so nothing is checked twice.
"""

from datetime import timedelta

from vmss_tui.domain.plan.pinned_files import FETCH_SECONDS
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Commands, Situation
from vmss_tui.domain.rollout.decide.conclude import stop
from vmss_tui.domain.rollout.stage import GateName


def check_external(situation: Situation, number: int, what: str) -> Commands | None:
    """Check both before batch `number` (`what` names it), and conclude when one fails; None when both have passed."""
    for step in (_external, _files):
        commands = step(situation, number, what)
        if commands is not None:
            return commands
    return None


def _external(situation: Situation, number: int, what: str) -> Commands | None:
    gate = situation.plan.policy.gate
    if gate is None:
        return None
    answer = situation.state.gates.get((GateName.EXTERNAL, number))
    if answer is None:
        until = situation.now + timedelta(seconds=gate.timeout_seconds)
        return [*situation.wait(f"checking the external gate before {what}", until), CheckExternalGate(number, gate)]
    return None if answer.passed else stop(situation, answer.message)


def _files(situation: Situation, number: int, what: str) -> Commands | None:
    """The files that instances download are still the planned ones."""
    if not situation.plan.files:
        return None
    answer = situation.state.gates.get((GateName.FILES, number))
    if answer is None:
        until = situation.now + timedelta(seconds=FETCH_SECONDS)
        return [*situation.wait(f"checking the files before {what}", until), CheckFiles(number)]
    return None if answer.passed else stop(situation, answer.message)
