"""A configuration in the terms of others: settings files and command lines of the Azure CLI, an ARM extension.

Pure. Secrets come out as the commands that fetch them, never as values, and never on a command line.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.profiles.format.profile import OPEN_LITERALS, WHOLE
from vmss_tui.profiles.resolve import Resolved

_PLACEHOLDER = ScaleSetId("SUBSCRIPTION", "RESOURCE-GROUP", "SCALE-SET")


@dataclass(frozen=True, slots=True)
class Exported:
    """Files by name, and the command lines that use them, in order."""

    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    @property
    def shell(self) -> str:
        """The commands as a shell script."""
        return "#!/bin/sh\nset -eu\n" + "".join(f"{command}\n" for command in self.commands)


def to_az(resolved: Resolved, target: ScaleSetId | None = None, *, stem: str = "settings") -> Exported:
    """The files and `az` command lines that do the same writes; placeholders where no target is known."""
    script, where = resolved.script, target or _PLACEHOLDER
    files = {f"{stem}.json": json.dumps(dict(script.settings), indent=2, ensure_ascii=False) + "\n"}
    commands = []
    if script.protected and WHOLE not in script.protected:
        commands.append(_protected_file(script.protected, f"{stem}.protected.json"))
    if WHOLE in script.protected:
        commands.append(
            "# protected settings come from Key Vault, which this command cannot write: use an ARM template"
        )
    commands += _policy(resolved, where)
    commands.append(_set(resolved, where, stem))
    if resolved.policy.mode is UpgradeMode.MANUAL or len(resolved.policy.steps) > 1:
        commands.append(_az("vmss update-instances", where, "--instance-ids", "INSTANCE-IDS-OF-THE-NEXT-BATCH"))
    if script.protected and WHOLE not in script.protected:
        commands.append(f"rm -f {stem}.protected.json")
    return Exported(files, tuple(commands))


def to_arm(script: ScriptConfig) -> dict[str, Any]:
    """The extension as in a template's `extensionProfile`; protected values become parameters."""
    inner: dict[str, Any] = {
        "publisher": script.handler.publisher,
        "type": script.handler.type,
        "typeHandlerVersion": script.handler.version,
        "autoUpgradeMinorVersion": script.auto_upgrade_minor,
        "settings": dict(script.settings),
    }
    if script.force_update_tag:
        inner["forceUpdateTag"] = script.force_update_tag
    if script.provision_after:
        inner["provisionAfterExtensions"] = list(script.provision_after)
    if script.suppress_failures:
        inner["suppressFailures"] = True
    whole = script.protected.get(WHOLE)
    if whole is not None:
        vault, _, secret = whole.where.partition(" ")
        inner["protectedSettingsFromKeyVault"] = {"sourceVault": {"id": vault}, "secretUrl": secret}
    elif script.protected:
        inner["protectedSettings"] = {name: _arm_value(name, ref) for name, ref in script.protected.items()}
    return {"name": script.name, "properties": inner}


def _arm_value(name: str, ref: SecretRef) -> object:
    if ref.source is SecretSource.LITERAL and name == "managedIdentity":
        return json.loads(ref.where or "{}")
    return ref.where if _open(name, ref) else f"[parameters('{name}')]"


def _open(name: str, ref: SecretRef) -> bool:
    """Whether a literal is not secret and may be shown."""
    return ref.source is SecretSource.LITERAL and name in OPEN_LITERALS


def _az(verb: str, where: ScaleSetId, *arguments: str, name: str = "--name") -> str:
    subscription = [] if where is _PLACEHOLDER else ["--subscription", where.subscription]
    words = [*subscription, "--resource-group", where.group, name, where.name, *arguments]
    return f"az {verb} " + " ".join(map(shlex.quote, words))


def _set(resolved: Resolved, where: ScaleSetId, stem: str) -> str:
    script = resolved.script
    words = ["--publisher", script.handler.publisher, "--version", script.handler.version]
    words += ["--name", script.handler.type, "--extension-instance-name", script.name]
    words += ["--settings", f"@{stem}.json"]
    if script.protected and WHOLE not in script.protected:
        words += ["--protected-settings", f"@{stem}.protected.json"]
    if script.provision_after:
        words += ["--provision-after-extensions", *script.provision_after]
    if not script.auto_upgrade_minor:
        words.append("--no-auto-upgrade-minor-version")
    if resolved.policy.force_rerun or script.force_update_tag:
        words.append("--force-update")
    return _az("vmss extension set", where, *words, name="--vmss-name")


def _policy(resolved: Resolved, where: ScaleSetId) -> list[str]:
    policy: RollingPolicy = resolved.policy.as_rolling()
    prefix = "upgradePolicy.rollingUpgradePolicy"
    values = [
        f"{prefix}.maxBatchInstancePercent={policy.batch_percent}",
        f"{prefix}.maxUnhealthyInstancePercent={policy.unhealthy_percent}",
        f"{prefix}.maxUnhealthyUpgradedInstancePercent={policy.unhealthy_upgraded_percent}",
        f"{prefix}.pauseTimeBetweenBatches={duration.iso(policy.pause_seconds)}",
    ]
    if resolved.policy.mode is UpgradeMode.MANUAL or len(resolved.policy.steps) > 1:
        return [_az("vmss update", where, "--set", "upgradePolicy.mode=Manual")]
    mode = resolved.policy.mode
    first = [f"upgradePolicy.mode={mode.value}"] if mode is not None else []
    return [_az("vmss update", where, "--set", *first, *values)]


def _protected_file(refs: Mapping[str, SecretRef], name: str) -> str:
    """A command that makes the file of protected settings; values reach jq by its environment or a file."""
    fetched, pairs = [], []
    for number, (key, ref) in enumerate(sorted(refs.items()), 1):
        source, expression = _fetched(key, ref, number)
        fetched += source
        pairs.append(f"{key}: {expression}")
    body = shlex.quote("{" + ", ".join(pairs) + "}")
    return f"( umask 077; {''.join(f'{command}; ' for command in fetched)}jq -n {body} > {name} )"


def _fetched(key: str, ref: SecretRef, number: int) -> tuple[list[str], str]:
    if _open(key, ref):
        value = ref.where if key == "managedIdentity" else json.dumps(ref.where)
        return [], value
    variable = ref.where if ref.source is SecretSource.ENV else f"SECRET_{number}"
    shaped = f'(env.{variable} | split("\\n"))' if key == "fileUris" else f"env.{variable}"
    match ref.source:
        case SecretSource.ENV:
            return [f': "${{{variable}:?}}"; export {variable}'], shaped
        case SecretSource.FILE:
            return [f'{variable}="$(cat {shlex.quote(ref.where)})"; export {variable}'], shaped
        case SecretSource.PROMPT | SecretSource.LITERAL | SecretSource.KEY_VAULT:
            return [f"printf '%s: ' {key} >&2; IFS= read -r {variable}; export {variable}"], shaped
        case _:
            assert_never(ref.source)
