"""What the custom script of one instance did, from everywhere that an instance view speaks of it.

The extension's own status says it where there is one. When the handler fails (download, install, update), or a time
limit passes, that status is missing, old, or still *transitioning*: the reason is then in the instance's own `statuses`
(`ProvisioningState/failed/VMExtensionHandlerNonTransientError`) or in the agent's `extensionHandlers`. Pure.
Sources: Azure/vm-scale-sets #82, WALinuxAgent pull request 3414, custom-script-extension-linux.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from sys import intern

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.script import HANDLERS, ScriptRun, ScriptState
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.mapping import moment, provisioning
from vmss_tui.gateway.read.script_status import ScriptReport, read_message, read_substatuses, state_of
from vmss_tui.text import one_line

_TYPES = {f"{handler.publisher}.{handler.type}".lower() for handler in HANDLERS}
_FINAL = (ScriptState.SUCCEEDED, ScriptState.FAILED)
_OF_HANDLER = ("vmextensionhandlernontransienterror", "vmextensionhandlertransienterror")
_FAILED = "provisioningstate/failed"
_TIMED_OUT = "vmextensionprovisioningtimeout"


def script_run(resource: wire.Extension | None, view: wire.InstanceView) -> ScriptRun:
    """What the script last did; `resource` is the extension that the instance has, None when it has none."""
    extension = extension_view(view.extensions, resource.name if resource else None)
    run = _reported(resource, extension)
    if (run.state is ScriptState.FAILED and run.message) or not _speaks_of_failure(view):
        return run
    names = _names(resource, extension)
    for at, report, timed_out in _failures(view, names):
        if run.state is ScriptState.SUCCEEDED and run.at and at and at < run.at:
            continue
        return replace(
            run,
            state=ScriptState.FAILED,
            exit_code=report.exit_code,
            message=report.summary or ("timed out" if timed_out else "the extension handler failed"),
            stdout=report.stdout or ("" if report.of_handler else run.stdout),
            stderr=report.stderr or ("" if report.of_handler else run.stderr),
            at=at or run.at,
        )
    return run


def _speaks_of_failure(view: wire.InstanceView) -> bool:
    """Whether the instance or its agent blames any extension; cheap, since a thousand instances are asked."""
    for status in view.statuses or ():
        if status.code and status.code.lower().startswith(_FAILED):
            return True
    for handler in (view.vm_agent.extension_handlers if view.vm_agent else None) or ():
        if handler.status is not None and handler.status.level != "Info":
            return True
    return False


def extension_view(found: list[wire.ExtensionView] | None, name: str | None) -> wire.ExtensionView | None:
    """The view of the script's extension: by its name, else by the type of a script handler."""
    wanted = (name or "").rsplit("/", 1)[-1].lower()
    for view in found or ():
        if wanted and (view.name or "").lower() == wanted:
            return view
    return next((view for view in found or () if (view.type or "").lower() in _TYPES), None)


def _reported(resource: wire.Extension | None, view: wire.ExtensionView | None) -> ScriptRun:
    """What the extension itself reports; without a report, what its resource's provisioning state says."""
    if view is None or not view.statuses:
        return _without_status(resource, view)
    status = view.statuses[0]
    message = status.message or ""
    read = _kept_run if len(message) <= _SHORT else _read_run
    code, display, version = status.code or "", status.display_status or "", view.type_handler_version or ""
    run = read(intern(code), message, intern(display), status.time, intern(version))
    if not view.substatuses:
        return run
    texts = read_substatuses((part.code or "", part.message or "") for part in view.substatuses)
    return replace(run, stdout=texts[0] or run.stdout, stderr=texts[1] or run.stderr)


def _read_run(code: str, message: str, display: str, time: str | None, version: str) -> ScriptRun:
    """What one status says."""
    state, report = state_of(code), read_message(message)
    exit_code = 0 if state is ScriptState.SUCCEEDED and report.exit_code is None else report.exit_code
    return ScriptRun(
        state=state,
        exit_code=exit_code if state in _FINAL else None,
        message=report.summary or one_line(display),
        stdout=report.stdout,
        stderr=report.stderr,
        at=moment(time),
        handler_version=version,
    )


_SHORT = 1024
_kept_run = lru_cache(maxsize=4096)(_read_run)
"""Most statuses are the same from one read to the next; long ones are not worth their memory."""


def _without_status(resource: wire.Extension | None, view: wire.ExtensionView | None) -> ScriptRun:
    version = (view.type_handler_version if view else None) or ""
    if resource is None:
        return ScriptRun(ScriptState.UNKNOWN if view else ScriptState.NOT_INSTALLED, handler_version=version)
    state = provisioning(resource.properties.provisioning_state if resource.properties else None)
    failed = state is Provisioning.FAILED
    return ScriptRun(ScriptState.FAILED if failed else ScriptState.PENDING, handler_version=version)


def _names(resource: wire.Extension | None, view: wire.ExtensionView | None) -> set[str]:
    """How texts may name the extension: its name, and `Publisher.Type`; lower case."""
    names = {((resource.name if resource else None) or "").rsplit("/", 1)[-1].lower()}
    if view is not None:
        names |= {(view.name or "").lower(), (view.type or "").lower()}
    if resource is not None and resource.properties is not None:
        names.add(f"{resource.properties.publisher}.{resource.properties.type}".lower())
    return names - {""}


def _failures(view: wire.InstanceView, names: set[str]) -> Iterator[tuple[datetime | None, ScriptReport, bool]]:
    """Failures that the instance or its agent blames on the extension: when, what, and whether a time limit passed."""
    if not names:
        return
    for status in view.statuses or ():
        state, _, code = (status.code or "").lower().removeprefix("provisioningstate/").partition("/")
        if state == "failed" and code.startswith("vmextension") and _mentions(status.message or "", names):
            report = read_message(status.message or "")
            of_handler = code in _OF_HANDLER or report.of_handler
            exit_code = None if of_handler or code == _TIMED_OUT else report.exit_code
            yield moment(status.time), replace(report, of_handler=of_handler, exit_code=exit_code), code == _TIMED_OUT
    for handler in (view.vm_agent.extension_handlers if view.vm_agent else None) or ():
        handler_status = handler.status
        if handler_status is None or (handler.type or "").lower() not in names:
            continue
        failed = state_of(handler_status.code or "") is ScriptState.FAILED
        if failed or (handler_status.level or "").lower() == "error":
            report = read_message(handler_status.message or handler_status.display_status or "")
            yield moment(handler_status.time), replace(report, of_handler=True, exit_code=None), False


def _mentions(text: str, names: set[str]) -> bool:
    low = text.lower()
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])(?!\.\w)", low) for name in names)
