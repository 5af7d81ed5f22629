"""What is asked outside before instances are touched: the external gate, and whether the files are still as planned.

Pure: says what to ask, and what an answer means. Every answer is in the log, so nobody is asked twice.
"""

from datetime import timedelta

from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import AskGate, CheckFiles, Commands, Scene
from vmss_tui.domain.rollout.decide.conclude import changed_so_far, conclude

ASKED = ("external", "files")
"""Names of these gates in the log."""
FILES_SECONDS = 20.0
"""How long a file may take to be fetched: `gateway.pins` gives it up then."""


def ask(scene: Scene, number: int, what: str) -> Commands | None:
    """Ask both before batch `number` (`what` names it), and stop at a no; None when both have agreed."""
    for step in (_external, _files):
        commands = step(scene, number, what)
        if commands is not None:
            return commands
    return None


def stopped(scene: Scene, gate: e.GateChecked) -> Commands:
    """Conclude: a gate said no."""
    return conclude(scene, e.Verdict.FAILED, f"{gate.message}; {changed_so_far(scene)}")


def _external(scene: Scene, number: int, what: str) -> Commands | None:
    gate = scene.plan.policy.gate
    if gate is None:
        return None
    answer = scene.state.gates.get(("external", number))
    if answer is None:
        until = scene.now + timedelta(seconds=gate.timeout_seconds)
        return [*scene.wait(f"asking the gate whether {what} may start", until), AskGate(number, gate)]
    return None if answer.passed else stopped(scene, answer)


def _files(scene: Scene, number: int, what: str) -> Commands | None:
    """What instances download is still what was planned."""
    if not scene.plan.files:
        return None
    answer = scene.state.gates.get(("files", number))
    if answer is None:
        until = scene.now + timedelta(seconds=FILES_SECONDS)
        return [*scene.wait(f"looking at the files again before {what}", until), CheckFiles(number)]
    return None if answer.passed else stopped(scene, answer)
