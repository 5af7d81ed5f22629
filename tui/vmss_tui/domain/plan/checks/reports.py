"""Checks of what instances report: health that is not reported yet, and wishes of their applications."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, warn
from vmss_tui.domain.plan.exclusions import ExclusionKind
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.text import counted


def no_report_yet(facts: Facts) -> Iterator[Finding]:
    """Instances from before the health extension was added to the model say nothing of their health."""
    ids = [found.id for found in facts.snapshot.instances if found.health is Health.NOT_REPORTED and not found.is_off]
    if ids:
        verb, where = ("reports", "it is not") if len(ids) == 1 else ("report", "they are not")
        yield info(
            "health-not-reported",
            f"{counted(len(ids), 'instance')} {verb} no health yet: {where} on the model that has the health extension",
            "They count as neither healthy nor unhealthy until they are updated.",
            ids,
        )


def skipped_by_application(facts: Facts) -> Iterator[Finding]:
    """Azure skips instances whose application sets the custom metric SkipUpgrade."""
    ids = [found.id for found in facts.plan.excluded if found.kind is ExclusionKind.SKIPPED]
    if ids:
        verb = "asks" if len(ids) == 1 else "ask"
        yield warn(
            "skip-upgrade",
            f"{counted(len(ids), 'instance')} {verb} rolling upgrades to skip them (custom metric SkipUpgrade)",
            "Azure skips them until the application clears the request; retry the rollout then.",
            ids,
        )


def ordered_by_application(facts: Facts) -> Iterator[Finding]:
    """Azure upgrades instances in phases when their applications report PhaseOrderingNumber."""
    phases = {found.upgrade_phase for found in facts.snapshot.instances if found.upgrade_phase is not None}
    if phases and facts.rolling_upgrade:
        numbers = ", ".join(str(phase) for phase in sorted(phases))
        yield info(
            "phase-ordering",
            f"Azure upgrades in phases that the application sets (PhaseOrderingNumber {numbers})",
            "Each phase has batches of its own; instances without a number come last.",
        )


CHECKS: tuple[Check, ...] = (no_report_yet, skipped_by_application, ordered_by_application)
