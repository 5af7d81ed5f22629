"""Checks of whether the script will run where it should."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.text import counted

_AGAIN = "To force a re-run, use --rerun, or Force re-run in the form."

_UNSEEN = "The values of protected settings are not compared. "


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
            f"{_UNSEEN if plan.script.protected else ''}{_AGAIN}" if model else "",
        )


def would_not_rerun(facts: Facts) -> Iterator[Finding]:
    """Azure does not re-run unchanged settings where they ran or failed."""
    plan = facts.plan
    if plan.previous is None or plan.previous.digest != plan.script.digest or not plan.batches:
        return
    planned = {i for batch in plan.batches for i in batch.ids}
    tried = [
        instance.id
        for instance in facts.snapshot.instances
        if instance.id in planned
        and instance.script_digest == plan.script.digest
        and instance.script.state is ScriptState.FAILED
    ]
    if tried:
        yield warn(
            "identical-settings",
            f"settings are unchanged: Azure would not re-run the script on {counted(len(tried), 'instance')} where it "
            "failed",
            _AGAIN,
            tried,
        )


def first_installation(facts: Facts) -> Iterator[Finding]:
    """What an undo will be able to do."""
    if facts.plan.previous is None:
        yield info(
            "first-installation",
            "the set has no script yet: undo removes this one again, and what it did on an instance stays done",
        )


CHECKS: tuple[Check, ...] = (
    nothing_to_do,
    would_not_rerun,
    first_installation,
)
