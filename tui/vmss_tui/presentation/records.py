"""Domain data as plain dictionaries for `--json` and `--jsonl`: a contract that scripts rely on.

Keys are snake_case, times RFC 3339 in UTC with milliseconds and `Z`, durations seconds, percentages 0 to 100. Absent is
`null`, never a missing key. Nothing protected and no operation URL ever appears. Keys are added, not renamed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, assert_never

from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret, SecretRef
from vmss_tui.domain.fleet.snapshot import FleetEntry, InstanceCounts
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.forecast import Range, forecast
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy
from vmss_tui.domain.rollout.events import Logged, Planned, RollbackStarted, kind_name
from vmss_tui.domain.rollout.stage import Phase, Verdict
from vmss_tui.errors import PreflightRefused, RolloutCancelled, RolloutFailed
from vmss_tui.presentation.rollout.info import Failure, Head, Header, RolloutInfo

Record = dict[str, Any]

_PRIVATE = frozenset({"operation"})
"""Fields that stay in the journal."""


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-21T22:14:07.125Z`, or None."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_value(value: Any) -> Any:
    """Any domain value as JSON types: dataclasses by field, enums by value, amounts and ids as people write them."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return rfc3339(value)
        case Amount():
            return f"{value.value}%" if value.percent else value.value
        case Mapping():
            return {str(key): plain_value(item) for key, item in value.items()}
        case ScaleSetId() | Secret() | SecretRef():
            return str(value)
    if is_dataclass(value):
        return {attribute.name: plain_value(getattr(value, attribute.name)) for attribute in fields(value)}
    return [plain_value(item) for item in value] if isinstance(value, Iterable) else str(value)


def scale_set_record(entry: FleetEntry, *, version: str = "") -> Record:
    """One scale set of `list --json`; `version` is the label of its script's version."""
    scale_set, owner = entry.scale_set, controller_of(entry.scale_set)
    return {
        "id": str(scale_set.id),
        "name": scale_set.name,
        "subscription_id": scale_set.id.subscription,
        "subscription": entry.subscription.name,
        "subscription_state": entry.subscription.state,
        "tenant_id": entry.subscription.tenant_id or None,
        "resource_group": scale_set.id.group,
        "location": scale_set.location,
        "mode": scale_set.mode.value,
        "orchestration": scale_set.orchestration.value,
        "os": scale_set.os.value if scale_set.os else None,
        "size": scale_set.size,
        "zones": list(scale_set.zones),
        "tags": dict(scale_set.tags),
        "capacity": scale_set.capacity,
        "instances": counts_record(entry.counts),
        "health_source": scale_set.health_source.kind,
        "script": _script_of(scale_set, version),
        "managed_by": owner.name if owner is not None else None,
        "read_only": scale_set.read_only_rule or None,
        "rolling_upgrade": upgrade_record(entry.upgrade),
        "problem": entry.problem or None,
    }


def scale_set_detail(entry: FleetEntry, *, version: str = "", autoscale: Autoscale | None = None) -> Record:
    """One scale set of `show --json`: the data of the list, its policy, extensions and interference."""
    scale_set = entry.scale_set
    return {
        **scale_set_record(entry, version=version),
        "image": scale_set.image or None,
        "policy": policy_record(scale_set.policy),
        "health_source_detail": scale_set.health_source.detail or None,
        "grace_seconds": scale_set.health_source.grace_seconds,
        "extensions": [
            {
                "name": extension.name,
                "publisher": extension.publisher,
                "type": extension.type,
                "version": extension.version,
                "settings": plain_value(extension.settings),
                "force_update_tag": extension.force_update_tag or None,
                "auto_upgrade_minor": extension.auto_upgrade_minor,
                "automatic_upgrade": extension.automatic_upgrade,
                "provision_after": list(extension.provision_after),
            }
            for extension in scale_set.extensions
        ],
        "provisioning": scale_set.provisioning.value,
        "automatic_repairs": scale_set.automatic_repairs or None,
        "autoscale": autoscale_record(autoscale),
        "automatic_os_upgrade": scale_set.automatic_os_upgrade,
        "spot_eviction": scale_set.spot_eviction or None,
        "terminate_notice_seconds": scale_set.terminate_notice_seconds or None,
        "etag": scale_set.etag or None,
        "created_at": rfc3339(scale_set.created_at),
    }


def autoscale_record(autoscale: Autoscale | None) -> Record | None:
    """The autoscale setting; None when there is none, only `unknown` (why) when it could not be read."""
    if autoscale is None:
        return None
    if autoscale.unknown:
        return {"unknown": autoscale.unknown}
    return {"enabled": autoscale.enabled, "minimum": autoscale.minimum, "maximum": autoscale.maximum}


def counts_record(counts: InstanceCounts | None) -> Record | None:
    """The counts of instances; None when they were not read."""
    if counts is None:
        return None
    return {
        "total": counts.total,
        "healthy": counts.healthy,
        "latest_model": counts.current,
        "failed": counts.failed if counts.health_known else None,
        "health_read": counts.health_known,
    }


def policy_record(policy: RollingPolicy) -> Record:
    """Azure's rolling upgrade policy."""
    return {attribute.name: plain_value(getattr(policy, attribute.name)) for attribute in fields(policy)}


def upgrade_record(upgrade: RollingUpgrade | None) -> Record | None:
    """Azure's latest rolling upgrade."""
    return None if upgrade is None else dict(plain_value(upgrade))


def _script_of(scale_set: ScaleSet, version: str) -> Record | None:
    scripts = (extension.as_script() for extension in scale_set.extensions)
    script = next((script_config for script_config in scripts if script_config is not None), None)
    return None if script is None else script_record(script, version)


def script_record(script: ScriptConfig, version: str = "") -> Record:
    """A custom-script configuration; protected settings as references or not at all."""
    return {
        "name": script.name,
        "publisher": script.handler.publisher,
        "type": script.handler.type,
        "version": version or script.label or None,
        "digest": script.digest,
        "file_uris": list(script.file_uris),
        "command": script.command or None,
        "settings": plain_value(script.settings),
        "protected": {name: str(reference) for name, reference in script.protected.items()},
        "force_update_tag": script.force_update_tag or None,
    }


def instance_record(instance: Instance, *, version: str = "") -> Record:
    """One instance of `instances --json`; `version` is the label of the script configuration that it has."""
    return {
        "id": instance.id,
        "name": instance.name,
        "zone": instance.zone or None,
        "update_domain": instance.update_domain,
        "fault_domain": instance.fault_domain,
        "power": instance.power.value,
        "provisioning": instance.provisioning.value,
        "latest_model": instance.latest_model,
        "version": version or instance.script_digest[:8] or None,
        "digest": instance.script_digest or None,
        "script": instance.script.state.value,
        "exit_code": instance.script.exit_code,
        "script_at": rfc3339(instance.script.at),
        "health": instance.health.value,
        "health_at": rfc3339(instance.health_at),
        "protected": instance.protected,
        "protected_from_scale_in": instance.protected_from_scale_in,
        "skip_upgrade": instance.skip_upgrade,
        "upgrade_phase": instance.upgrade_phase,
        "extensions": [
            {
                "name": status.name,
                "state": status.state.value,
                "version": status.version or None,
                "message": status.message or None,
                "at": rfc3339(status.at),
            }
            for status in instance.extensions
        ],
        "message": instance.message or None,
        "stdout": instance.script.stdout or None,
        "stderr": instance.script.stderr or None,
    }


def finding_record(finding: Finding) -> Record:
    """Something to know before a start."""
    return dict(plain_value(finding))


def plan_record(plan: RolloutPlan) -> Record:
    """A plan of `plan --json`, and of the `planned` event."""
    return {
        "target": str(plan.target),
        "location": plan.location,
        "profile": plan.profile or None,
        "variables": dict(plan.variables),
        "strategy": plan.strategy.value,
        "mode": plan.set_mode.value,
        "from_version": plan.from_label or None,
        "to_version": plan.to_label,
        "script": script_record(plan.script),
        "previous": None if plan.previous is None else script_record(plan.previous),
        "policy": rollout_policy_record(plan.policy),
        "policy_differs": plan.policy_differs,
        "total": plan.total,
        "healthy": plan.healthy,
        "affected": plan.affected,
        "batches": plain_value(plan.batches),
        "excluded": plain_value(plan.excluded),
        "changes": plain_value(plan.changes),
        "will_run": plan.forecast.will_run,
        "will_run_reason": plan.forecast.reason,
        "findings": plain_value(plan.findings),
        "overrides": dict(plan.overrides),
        "refused": bool(plan.refusals),
        "forecast": forecast_record(plan),
    }


def forecast_record(plan: RolloutPlan) -> Record:
    """What a plan will probably take and cost: seconds since the start, chances from 0 to 1."""
    expected = forecast(plan)
    return {
        "basis": expected.basis,
        "assumed": expected.assumed,
        "duration_seconds": _range_record(expected.duration),
        "batch_end_seconds": [_range_record(end) for end in expected.batch_ends],
        "lowest_healthy": None if expected.lowest_healthy is None else _range_record(expected.lowest_healthy),
        "breaches": [{"limit": breach.limit, "chance": round(breach.chance, 3)} for breach in expected.breaches],
        "completes": round(expected.completes, 3),
    }


def _range_record(value: Range) -> Record:
    return {"p50": round(value.p50), "p90": round(value.p90)}


def rollout_policy_record(policy: RolloutPolicy) -> Record:
    """What a rollout asks for."""
    return {attribute.name: plain_value(getattr(policy, attribute.name)) for attribute in fields(policy)}


def identity_record(identity: Identity) -> Record:
    """Who is signed in."""
    return dict(plain_value(identity))


def fault_record(fault: AzureFault | None) -> Record | None:
    """Azure's reason."""
    return None if fault is None else dict(plain_value(fault))


def event_record(rollout: str, entry: Logged) -> Record:
    """One line of `rollout --jsonl`: `event` names the kind, then rollout, seq, at and the event's own fields."""
    event = entry.event
    head: Record = {"event": kind_name(event), "rollout": rollout, "seq": entry.seq, "at": rfc3339(entry.at)}
    if entry.hash:
        head["hash"] = entry.hash
    if isinstance(event, Planned):
        person = {"who": event.who or None, "host": event.host or None, "why": event.why or None}
        return {**head, **person, "ticket": event.ticket or None, **plan_record(event.plan)}
    if isinstance(event, RollbackStarted):
        reason = {"why": event.why, "who": event.who or None, "fault": fault_record(event.fault)}
        return {**head, **reason, **plan_record(event.plan)}
    body = {
        attribute.name: plain_value(getattr(event, attribute.name))
        for attribute in fields(event)
        if attribute.name not in _PRIVATE
    }
    return {**head, **body}


def ended_record(rollout: str, info: RolloutInfo) -> Record:
    """The last line of `rollout --jsonl`: verdict, counts, and the instances that failed with their stderr."""
    return {
        "event": "rollout_ended",
        "rollout": rollout,
        "at": rfc3339(info.ended_at),
        "verdict": info.verdict.value if info.verdict else None,
        "reason": info.reason or None,
        "exit_code": exit_code(info.verdict),
        "target": str(info.plan.target) if info.plan else None,
        "version": info.new if info.plan else None,
        "counts": phase_counts(info),
        "healthy": info.healthy,
        "total": info.total,
        "floor": info.floor,
        "lowest_healthy": info.lowest.healthy if info.lowest else None,
        "lowest_healthy_at": rfc3339(info.lowest.at) if info.lowest else None,
        "elapsed_seconds": round(info.elapsed, 3) if info.started_at and info.ended_at else None,
        "failed": [failure_record(failure) for failure in info.failures],
        "fault": fault_record(info.fault),
        "policy_restored": info.policy_restored,
    }


def exit_code(verdict: Verdict | None) -> int:
    """0 completed, 1 failed or not ended, 4 refused, 5 canceled."""
    match verdict:
        case Verdict.COMPLETED:
            return 0
        case Verdict.CANCELLED:
            return RolloutCancelled.exit_code
        case Verdict.REFUSED:
            return PreflightRefused.exit_code
        case Verdict.FAILED | None:
            return RolloutFailed.exit_code
        case _:
            assert_never(verdict)


def phase_counts(info: RolloutInfo) -> dict[str, int]:
    """Instances by phase, every phase present; keys as `awaiting_health`."""
    return {phase.value.replace(" ", "_"): info.count(phase) for phase in Phase}


def failure_record(failure: Failure) -> Record:
    """An instance that did not make it."""
    return {
        "id": failure.id,
        "name": failure.name,
        "phase": failure.phase.value,
        "batch": failure.batch,
        "exit_code": failure.exit_code,
        "health": failure.health.value,
        "message": failure.message or None,
        "stderr": failure.stderr or None,
    }


def header_record(header: Header) -> Record:
    """A rollout of one set at a glance."""
    return {**head_record(header, kind="set"), "target": str(header.target), "waves": header.waves or None}


def head_record(header: Head, *, kind: str) -> Record:
    """What the rollout of one set (kind `set`) and one over several (`waves`) share."""
    return {
        "id": header.id,
        "kind": kind,
        "target": None,
        "waves": None,
        "version": header.label,
        "profile": header.profile or None,
        "stage": header.stage.value,
        "who": header.who,
        "why": header.why or None,
        "ticket": header.ticket or None,
        "host": header.host,
        "created_at": rfc3339(header.created_at),
        "starts_at": rfc3339(header.starts_at),
        "ended_at": rfc3339(header.ended_at),
        "reason": header.reason or None,
    }


def log_records(rollout: str, log: Iterable[Logged], info: RolloutInfo) -> Iterator[Record]:
    """The whole log, an event a record; the verdict last when it has ended."""
    yield from (event_record(rollout, entry) for entry in log)
    if info.over:
        yield ended_record(rollout, info)
