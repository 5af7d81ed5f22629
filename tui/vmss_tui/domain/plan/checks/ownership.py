"""Checks of whose scale set it is: one that a controller manages, or that the configuration protects, is not ours."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.set_rules import read_only_words
from vmss_tui.domain.plan.checks.facts import Check, Facts, refuse
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.overrides import Override


def controller(facts: Facts) -> Iterator[Finding]:
    """Another controller writes this set's model, and breaks or is broken by a change of ours."""
    owner = controller_of(facts.set)
    if owner is not None:
        yield refuse(
            Override.MANAGED_BY_OTHERS.value,
            f"the scale set belongs to {owner.name} ({owner.evidence}): a change of its extensions can break nodes and "
            "may be undone by the controller",
            f"Change it through {owner.channel}. To roll out anyway, use {Override.MANAGED_BY_OTHERS.option}.",
        )


def read_only(facts: Facts) -> Iterator[Finding]:
    """The configuration of this installation says that this set is only read."""
    if facts.set.read_only_rule:
        yield refuse("read-only-rule", *read_only_words(facts.set))


CHECKS: tuple[Check, ...] = (read_only, controller)
