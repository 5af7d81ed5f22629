"""Plans without the secrets in them: signed addresses and the like, which a script's public settings may hold.

A rollout needs them to write its script, and an undo to bring back the one before. The plan that readers see is
redacted; the whole one is kept beside it in one column, as long as the rollout is its set's newest.
"""

from dataclasses import replace

import msgspec

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.plan.waves import Wave, WavesPlan
from vmss_tui.redact import redacted, redacted_value


def sealed(plan: RolloutPlan) -> RolloutPlan:
    """The plan with secrets redacted; its versions keep their digests. The same plan when there are none."""
    made = replace(
        plan,
        script=_sealed_script(plan.script),
        previous=plan.previous and _sealed_script(plan.previous),
        undoes=plan.undoes and _sealed_script(plan.undoes),
        changes=tuple(replace(change, old=_text(change.old), new=_text(change.new)) for change in plan.changes),
        variables=redacted_value(dict(plan.variables)),
        files=tuple(replace(file, uri=redacted(file.uri), problem=redacted(file.problem)) for file in plan.files),
        findings=tuple(replace(finding, message=redacted(finding.message)) for finding in plan.findings),
        overrides=redacted_value(dict(plan.overrides)),
        policy=_sealed_policy(plan.policy),
        names={digest: redacted(label) for digest, label in plan.names.items()},
        from_label=redacted(plan.from_label),
    )
    return plan if made == plan else made


def sealed_waves(plan: WavesPlan) -> WavesPlan:
    """The same for a plan of several sets."""
    made = replace(
        plan,
        label=redacted(plan.label),
        waves=tuple(_sealed_wave(wave) for wave in plan.waves),
        script=plan.script and _sealed_script(plan.script),
        variables=redacted_value(dict(plan.variables)),
        sha256={redacted(uri): pin for uri, pin in plan.sha256.items()},
        findings=tuple(replace(finding, message=redacted(finding.message)) for finding in plan.findings),
        overrides=redacted_value(dict(plan.overrides)),
        agreed=tuple(
            replace(agreed, files={redacted(address): sha for address, sha in agreed.files.items()})
            for agreed in plan.agreed
        ),
    )
    return plan if made == plan else made


def _sealed_script(script: ScriptConfig) -> ScriptConfig:
    settings, label = redacted_value(dict(script.settings)), redacted(script.label)
    shown = replace(script, label=label, undo=redacted(script.undo))
    if settings == script.settings:
        return shown
    return replace(shown, settings=settings, sealed_digest=script.digest)


def _sealed_wave(wave: Wave) -> Wave:
    return replace(
        wave,
        sets=tuple(replace(member, policy=member.policy and _sealed_policy(member.policy)) for member in wave.sets),
    )


def _sealed_policy(policy: RolloutPolicy) -> RolloutPolicy:
    """The policy without what addresses and commands of hooks and gates hold."""
    made = msgspec.convert(redacted_value(msgspec.to_builtins(policy)), RolloutPolicy)
    return policy if made == policy else made


def _text(value: str | None) -> str | None:
    return None if value is None else redacted(value)
