"""The Custom Script Extension: how it reads its settings, and which behavior of the scenario a script has.

Complaints about settings are those of custom-script-extension-linux (main/handlersettings.go).
"""

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from vmss_tui.simulator.world.machine.reports import TAIL_BYTES, tail
from vmss_tui.simulator.world.state.chance import draw
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.model import Instance, ScaleSet
from vmss_tui.simulator.world.state.rules import Rules, ScriptBehavior
from vmss_tui.simulator.world.state.states import FailureCause, ScriptTrait
from vmss_tui.simulator.world.state.timeline import ScriptResult

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?=[^\d]*$)")
_PUBLIC_KEYS = ("commandToExecute", "script", "fileUris", "skipDos2Unix", "timestamp")
_ADDITIONAL = "json validation error: invalid public settings JSON: (root): Additional property {} is not allowed"
_BOTH_COMMANDS = "'commandToExecute' and 'script' were both specified, but only one is validate at a time"


@dataclass(frozen=True, slots=True)
class ScriptSettings:
    """What a Custom Script handler has to do, public and protected settings together."""

    command: str = ""
    script: str = ""
    """Inline text, decoded."""
    file_uris: tuple[str, ...] = ()
    error: str = ""
    """The handler's complaint when it refuses the settings."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes: it takes `seconds` and ends with `result`, or hangs (none)."""

    seconds: float
    result: ScriptResult | None


def read_settings(spec: ExtensionSpec) -> ScriptSettings:
    """The settings as the handler reads them, with the error it reports for wrong ones."""
    public, protected = spec.settings, spec.protected if isinstance(spec.protected, Mapping) else {}
    for name in ("commandToExecute", "script", "fileUris"):
        if public.get(name) and protected.get(name):
            return ScriptSettings(
                error=f"'{name}' was specified both in public and protected settings; it must be specified only once"
            )
    unknown = [name for name in public if name not in _PUBLIC_KEYS]
    if unknown and not spec.is_windows_script:
        return ScriptSettings(error=_ADDITIONAL.format(unknown[0]))
    both = {**public, **protected}
    if "protectedSettingsFromKeyVault" in spec.properties:
        both.setdefault("commandToExecute", "from-key-vault")
    command, inline = str(both.get("commandToExecute") or ""), str(both.get("script") or "")
    uris = both.get("fileUris") or []
    if not isinstance(uris, list):
        return ScriptSettings(error="json validation error: fileUris: Invalid type. Expected: array")
    if command and inline:
        return ScriptSettings(error=_BOTH_COMMANDS)
    if not command and not inline:
        return ScriptSettings(error="'commandToExecute' is not specified")
    if bool(both.get("storageAccountName")) != bool(both.get("storageAccountKey")):
        return ScriptSettings(error="both 'storageAccountName' and 'storageAccountKey' must be specified")
    text, error = decode_inline(inline)
    return ScriptSettings(command, text, tuple(str(uri) for uri in uris), error)


def decode_inline(script: str) -> tuple[str, str]:
    """Text of an inline script (base64, perhaps gzip), and an error text when it cannot be decoded."""
    if not script:
        return "", ""
    try:
        raw = base64.b64decode(script, validate=True)
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace"), ""
    except (binascii.Error, gzip.BadGzipFile, EOFError, zlib.error) as error:
        return "", f"failed to decode script: {error}"


def plan_run(rules: Rules, scale_set: ScaleSet, instance: Instance, spec: ExtensionSpec, sequence: int) -> Plan:
    """The course of the script on this instance, by the scenario's behaviors and the instance's own traits."""
    settings = read_settings(spec)
    if settings.error:
        return Plan(1.0, ScriptResult(exit_code=20, settings_error=settings.error))
    behavior, words = choose(rules, scale_set, settings)
    traits = instance.traits
    span = scale_set.traits.script_seconds if behavior is rules.default_script else None
    seconds = traits.script_seconds or draw(span or behavior.seconds, rules.seed, scale_set.key, instance.id, sequence)
    if behavior.hangs or _among(instance, behavior.hangs_on) or traits.script is ScriptTrait.HANGS:
        return Plan(seconds, None)
    words |= {"instance": instance.id, "name": instance.name, "scale_set": scale_set.name}
    if traits.script is ScriptTrait.FAILS:
        stderr = traits.script_stderr or behavior.failure_stderr or "installation failed\n"
        outputs = _fill(behavior.stdout, words), _fill(stderr, words)
        return Plan(seconds, ScriptResult(traits.script_exit_code, *outputs, cause=traits.script_failure))
    return Plan(seconds, _result(behavior, instance, words))


def choose(rules: Rules, scale_set: ScaleSet, settings: ScriptSettings) -> tuple[ScriptBehavior, dict[str, str]]:
    """The first behavior that matches, with the words its texts may use."""
    text = "\n".join((settings.command, *settings.file_uris, settings.script))
    for behavior in rules.scripts:
        if fnmatch(scale_set.name.lower(), behavior.scale_sets.lower()):
            match = re.search(behavior.match, text)
            if match is not None:
                named = {name: value for name, value in match.groupdict().items() if value is not None}
                return behavior, {"version": _version(settings), **named}
    return rules.default_script, {"version": _version(settings)}


def stays_unhealthy(rules: Rules, scale_set: ScaleSet, instance: Instance, spec: ExtensionSpec) -> bool:
    """True when a script that ends well leaves this instance unhealthy."""
    behavior, _ = choose(rules, scale_set, read_settings(spec))
    return behavior.unhealthy_after or _among(instance, behavior.unhealthy_on)


def survives_failure(rules: Rules, scale_set: ScaleSet, spec: ExtensionSpec) -> bool:
    """True when the instance continues to serve after its script failed."""
    behavior, _ = choose(rules, scale_set, read_settings(spec))
    return behavior.healthy_after_failure


def _among(instance: Instance, ids: tuple[str, ...]) -> bool:
    """Whether a scenario's list of instances names this one: by id, or a VM of a Flexible set by its number."""
    return instance.id in ids or (not instance.id.isdigit() and str(instance.number) in ids)


def _result(behavior: ScriptBehavior, instance: Instance, words: Mapping[str, str]) -> ScriptResult:
    fails_here = _among(instance, behavior.fails_on)
    if fails_here:
        stdout = behavior.failure_stdout or behavior.stdout
        return ScriptResult(
            behavior.failure_exit_code,
            _padded(_fill(stdout, words), behavior.output_bytes),
            _fill(behavior.failure_stderr or behavior.stderr, words),
            cause=behavior.failure,
        )
    exit_code = 0 if behavior.fails_on else behavior.exit_code
    stdout = _padded(_fill(behavior.stdout, words), behavior.output_bytes)
    cause = behavior.failure if exit_code else FailureCause.SCRIPT
    return ScriptResult(exit_code, stdout, _fill(behavior.stderr, words), cause=cause)


def _padded(text: str, size: int) -> str:
    """The tail of an output of `size` bytes that ends with `text`; handlers report, and the world keeps, no more."""
    missing = min(size, 2 * TAIL_BYTES) - len(text.encode())
    line = "unpacking /usr/share/application/asset.bin\n"
    return tail(line * max(0, missing // len(line) + 1) + text if missing > 0 else text)


def _fill(template: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        template = template.replace("{" + name + "}", value)
    return template


def _version(settings: ScriptSettings) -> str:
    """Something a person recognizes: the last version-like number of the command or of a file URI."""
    for text in (settings.command, *settings.file_uris):
        for word in reversed(text.split()):
            match = _VERSION.search(word.rsplit(".sh", 1)[0].rsplit(".ps1", 1)[0])
            if match:
                return match.group(1)
    return "the application"
