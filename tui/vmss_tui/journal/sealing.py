"""Plans without the secrets in them: signed addresses and the like, which a script's public settings may hold.

A rollout needs them to write its script, and an undo to bring back the one before. The plan that everybody reads is
redacted; the whole one is kept beside it in one column, as long as the rollout is its set's newest.
"""

from dataclasses import replace

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.redact import redacted, redacted_value


def sealed(plan: RolloutPlan) -> RolloutPlan:
    """The plan with secrets redacted; its versions keep their digests. The same plan when there are none."""
    made = replace(
        plan,
        script=_sealed_script(plan.script),
        previous=plan.previous and _sealed_script(plan.previous),
        changes=tuple(replace(change, old=_text(change.old), new=_text(change.new)) for change in plan.changes),
        variables=redacted_value(dict(plan.variables)),
        files=tuple(replace(file, uri=redacted(file.uri), problem=redacted(file.problem)) for file in plan.files),
        findings=tuple(replace(finding, message=redacted(finding.message)) for finding in plan.findings),
        overrides=redacted_value(dict(plan.overrides)),
    )
    return plan if made == plan else made


def sealed_waves(plan: WavesPlan) -> WavesPlan:
    """The same for a plan of several sets: only its script, its variables and its findings can hold secrets."""
    made = replace(
        plan,
        script=plan.script and _sealed_script(plan.script),
        variables=redacted_value(dict(plan.variables)),
        sha256={redacted(uri): pin for uri, pin in plan.sha256.items()},
        findings=tuple(replace(finding, message=redacted(finding.message)) for finding in plan.findings),
        overrides=redacted_value(dict(plan.overrides)),
    )
    return plan if made == plan else made


def _sealed_script(script: ScriptConfig) -> ScriptConfig:
    settings = redacted_value(dict(script.settings))
    return script if settings == script.settings else replace(script, settings=settings, sealed_digest=script.digest)


def _text(value: str | None) -> str | None:
    return None if value is None else redacted(value)
