"""Wire to domain for instances: power, health, model, and what the custom script of each did.

Pure, and the hot path: a thousand instances are read every few seconds, so equal settings are parsed and digested once.
Sources: recordings `vm_list_*`, `vm_instanceview_*`, custom-script-extension-linux.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from sys import intern

from vmss_tui.domain.fleet.health import Power, Provisioning
from vmss_tui.domain.fleet.instance import ExtensionStatus, Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import Handler, ScriptRun, ScriptState, digest, handler_of
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.instance_health import custom_metrics, health_of
from vmss_tui.gateway.read.mapping import moment, parsed_settings, provisioning
from vmss_tui.gateway.read.script_run import script_run
from vmss_tui.gateway.read.script_status import state_of
from vmss_tui.text import one_line

_POWER = {power.value: power for power in Power}
_NO_PROPERTIES = wire.VmProperties()
_NO_VIEW = wire.InstanceView()
_NO_STATUS = wire.Status()
_NO_EXTENSION = wire.ExtensionProperties()


def instances(vms: Iterable[wire.Vm], scale_set: ScaleSet, unread: Collection[str] = ()) -> tuple[Instance, ...]:
    """The instances of a scale set in the order of their numbers.

    `unread` names the VMs whose extensions could not be read: their version is unknown.
    """
    flexible = scale_set.orchestration is Orchestration.FLEXIBLE
    model = scale_set.script.digest if flexible and scale_set.script else ""
    digest_of_model = model if flexible else None
    result = [instance(vm, scale_set, digest_of_model, known=not unread or name_of(vm) not in unread) for vm in vms]
    result.sort(key=lambda found: found.ordinal)
    return tuple(result)


def instance(vm: wire.Vm, scale_set: ScaleSet, model_digest: str | None = None, *, known: bool = True) -> Instance:
    """One instance. `model_digest` is set for Flexible sets, where Azure does not say who has the latest model."""
    props = vm.properties or _NO_PROPERTIES
    view = props.instance_view or _NO_VIEW
    name = name_of(vm)
    resource, handler = _script_resource(vm.resources)
    config = (resource.properties if resource else None) or _NO_EXTENSION
    own = bytes(config.settings)
    sha = _digest(handler, own, config.force_update_tag or "") if handler else ""
    run = script_run(resource, view)
    state = _provisioning(props.provisioning_state, view.statuses)
    health, health_at = health_of(view, vm.resources, scale_set.health_source, known=known)
    metrics = custom_metrics(view)
    agent = _agent_ready(view.vm_agent)
    protection = props.protection_policy
    return Instance(
        id=vm.instance_id or name,
        name=name or f"{scale_set.name}_{vm.instance_id}",
        zone=str(vm.zones[0]) if vm.zones else "",
        update_domain=view.platform_update_domain,
        fault_domain=view.platform_fault_domain,
        power=_power(view.statuses),
        provisioning=state,
        latest_model=bool(props.latest_model_applied) if model_digest is None else known and sha == model_digest,
        version_known=known,
        script_digest=sha,
        script_settings=parsed_settings(own),
        script=run,
        extensions=tuple(_extension_status(found) for found in view.extensions or ()),
        health=health,
        health_at=health_at,
        skip_upgrade=metrics.skip_upgrade is True,
        upgrade_phase=metrics.phase,
        protected=bool(protection and protection.protect_from_scale_set_actions),
        protected_from_scale_in=bool(protection and protection.protect_from_scale_in),
        agent_ready=agent,
        size=_size(vm, props),
        message=_message(view, state, run, agent),
        created_at=moment(props.time_created),
    )


def _extension_status(found: wire.ExtensionView) -> ExtensionStatus:
    status = found.statuses[0] if found.statuses else _NO_STATUS
    name, version, code = found.name or "", found.type_handler_version or "", status.code or ""
    return _reported(intern(name), intern(version), intern(code), status.message, status.time)


@lru_cache(maxsize=4096)
def _reported(name: str, version: str, code: str, message: str | None, at: str | None) -> ExtensionStatus:
    """The same report gives the same object: nothing is parsed at every read."""
    state = state_of(code) if code else ScriptState.PENDING
    return ExtensionStatus(name, state, version, one_line(message or ""), moment(at))


def name_of(vm: wire.Vm) -> str:
    """A VM's name, from its id when the answer has no name."""
    return vm.name or (vm.id or "").rsplit("/", 1)[-1]


_handler = lru_cache(maxsize=256)(handler_of)


@lru_cache(maxsize=1024)
def _digest(handler: Handler, settings: bytes, tag: str) -> str:
    return digest(handler, parsed_settings(settings), tag)


def script_digest(found: wire.Extension) -> str:
    """The digest of an extension of one VM when it is a custom script; empty for others."""
    resource, handler = _script_resource([found])
    if resource is None or resource.properties is None or handler is None:
        return ""
    config = resource.properties
    return _digest(handler, bytes(config.settings), config.force_update_tag or "")


def _script_resource(found: list[wire.Extension] | None) -> tuple[wire.Extension | None, Handler | None]:
    for resource in found or ():
        props = resource.properties
        handler = _handler(props.publisher or "", props.type or "") if props else None
        if handler is not None:
            return resource, handler
    return None, None


@lru_cache(maxsize=512)
def _parts(code: str | None) -> tuple[str, str]:
    """The first two parts of a status code in lower case, such as (`powerstate`, `running`)."""
    parts = (code or "").lower().split("/")
    return parts[0], parts[1] if len(parts) > 1 else ""


def _power(statuses: list[wire.Status] | None) -> Power:
    for status in statuses or ():
        head, word = _parts(status.code)
        if head == "powerstate":
            return _POWER.get(word, Power.UNKNOWN)
    return Power.UNKNOWN


def _provisioning(state: object, statuses: list[wire.Status] | None) -> Provisioning:
    known = provisioning(state)
    if known is not Provisioning.UNKNOWN:
        return known
    status = _provisioning_status(statuses)
    return provisioning(_parts(status.code)[1]) if status else Provisioning.UNKNOWN


def _provisioning_status(statuses: list[wire.Status] | None) -> wire.Status | None:
    for status in statuses or ():
        head, word = _parts(status.code)
        if head == "provisioningstate" and word:
            return status
    return None


def _agent_ready(agent: wire.VmAgent | None) -> bool:
    statuses = (agent.statuses if agent else None) or ()
    for status in statuses:
        if _parts(status.code) == ("provisioningstate", "succeeded"):
            return True
    return not statuses


def _size(vm: wire.Vm, props: wire.VmProperties) -> str:
    return intern((vm.sku and vm.sku.name) or (props.hardware_profile and props.hardware_profile.vm_size) or "")


def _message(view: wire.InstanceView, state: Provisioning, run: ScriptRun, agent_ready: bool) -> str:
    if run.state is ScriptState.FAILED:
        last = run.stderr.strip().rsplit("\n", 1)[-1]
        return one_line(f"exit {run.exit_code}: {last}" if run.exit_code is not None and last else run.message)
    if state is Provisioning.FAILED and (status := _provisioning_status(view.statuses)) is not None:
        return one_line(status.message or (status.code or "").rsplit("/", 1)[-1])
    for extension in view.extensions or ():
        if _failed(extension):
            text = (extension.statuses or [_NO_STATUS])[0].message or "failed"
            return one_line(f"{extension.name or 'an extension'}: {text}")
    if run.state is ScriptState.RUNNING:
        return run.message
    if view.vm_agent is not None and not agent_ready:
        return "the guest agent is not ready"
    return ""


def _failed(view: wire.ExtensionView) -> bool:
    statuses = view.statuses
    return statuses is not None and statuses != [] and state_of(statuses[0].code or "") is ScriptState.FAILED
