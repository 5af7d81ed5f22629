"""The question before a plan is carried out: the question, the word on the button, what will happen. Pure."""

from typing import assert_never

from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.lines import STRATEGIES, sentence
from vmss_tui.presentation.rollout.info import arrow
from vmss_tui.presentation.table import Line
from vmss_tui.text import counted, cut_middle, plain


def confirm_title(plan: RolloutPlan) -> str:
    """Names what is done, the set and the number of instances: `Roll back web-weu: 9 instances?`."""
    name, many = plain(plan.target.name), counted(plan.affected, "instance")
    match plan.purpose:
        case Purpose.ROLLOUT:
            return f"Start on {name}: {many}?"
        case Purpose.RETRY:
            return f"Retry on {name}: {counted(plan.affected, 'failed instance')}?"
        case Purpose.ROLLBACK:
            return f"Roll back {name}: {many}?"
        case _:
            assert_never(plan.purpose)


def confirm_yes(plan: RolloutPlan) -> str:
    """The word on the button."""
    match plan.purpose:
        case Purpose.ROLLOUT:
            return "Start"
        case Purpose.RETRY:
            return "Retry"
        case Purpose.ROLLBACK:
            return "Roll back"
        case _:
            assert_never(plan.purpose)


def confirm_lines(plan: RolloutPlan) -> tuple[Line, ...]:
    """The action to confirm."""
    lines: list[Line] = [
        ((f"{plan.target.short}, {plain(plan.location)}", Role.DIM),),
        ((_change(plan), Role.ACCENT),),
        ((sentence(plan), Role.PLAIN),),
        ((STRATEGIES[plan.strategy], Role.PLAIN),),
    ]
    if plan.origin:
        lines.insert(1, ((plain(plan.origin), Role.PLAIN),))
    if plan.policy_differs:
        after = "restored afterwards" if plan.policy.restore_policy else "not restored"
        lines.append(((f"The scale set's own upgrade policy is changed for this rollout and {after}", Role.WARN),))
    if plan.holds_repairs:
        lines.append((("Automatic repairs are suspended during the rollout", Role.WARN),))
    lines += [((f"▲ {message}", Role.WARN),) for message in _messages(plan, Severity.WARN)]
    if plan.origin:
        lines += [((message, Role.DIM),) for message in _messages(plan, Severity.INFO)]
    return tuple(lines)


def _change(plan: RolloutPlan) -> str:
    """From which version to which; the version alone where it stays."""
    return plan.to_label if plan.from_label == plan.to_label else arrow(plan.from_label or "nothing", plan.to_label)


def _messages(plan: RolloutPlan, severity: Severity) -> list[str]:
    return [_tamed(finding.message) for finding in plan.findings if finding.severity is severity]


def _tamed(text: str) -> str:
    """Long addresses cut in the middle, so that lines break between words."""
    return " ".join(cut_middle(word, 48) for word in plain(text).split())
