"""Checks of whether the script will run where it should, and of what nobody can see: protected settings."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.text import counted

_AGAIN = "To run the script again, use --rerun, or Run again in the form."


def nothing_to_do(facts: Facts) -> Iterator[Finding]:
    """No instances, or all of them have it."""
    plan = facts.plan
    if plan.total == 0:
        yield warn("no-instances", "the set has no instances: only the model changes, new instances will get it")
    elif not plan.batches:
        model = plan.previous is not None and plan.previous.digest == plan.script.digest
        yield warn(
            "all-current",
            "no instance needs this version" + ("" if model else ": only the model changes"),
            _AGAIN if model else "",
        )


def would_not_rerun(facts: Facts) -> Iterator[Finding]:
    """Identical settings are not run again where they ran, or failed."""
    plan = facts.plan
    if plan.previous is None or plan.previous.digest != plan.script.digest or not plan.batches:
        return
    planned = {i for batch in plan.batches for i in batch.ids}
    tried = [
        each.id
        for each in facts.snapshot.instances
        if each.id in planned and each.script_digest == plan.script.digest and each.script.state is ScriptState.FAILED
    ]
    if tried:
        yield warn(
            "identical-settings",
            f"the settings are identical: Azure would not run the script again on {counted(len(tried), 'instance')} "
            "where it failed",
            _AGAIN,
            tried,
        )


def protected_unknown(facts: Facts) -> Iterator[Finding]:
    """Protected settings cannot be read, so they can be neither compared nor brought back."""
    plan = facts.plan
    if plan.previous is None or plan.previous.protected_known:
        return
    if plan.script.protected:
        whole = bool(set(plan.previous.settings) & {"commandToExecute", "script"})
        lost = "undo cannot bring the old ones back" if whole else "the old command is among them: undo cannot go back"
        yield warn(
            "protected-unknown",
            f"Azure never shows protected settings: whether they change cannot be told, and {lost}, unless an earlier "
            "rollout in this journal knows where they came from",
        )
    else:
        yield info("protected-kept", "protected settings that Azure may hold for this extension are kept as they are")


def first_installation(facts: Facts) -> Iterator[Finding]:
    """What an undo will be able to do."""
    if facts.plan.previous is None:
        yield info(
            "first-installation",
            "the set has no script yet: undo will take this one away again, and what it did on an instance stays done",
        )


CHECKS: tuple[Check, ...] = (
    nothing_to_do,
    would_not_rerun,
    protected_unknown,
    first_installation,
)
