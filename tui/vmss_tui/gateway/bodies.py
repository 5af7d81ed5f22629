"""The JSON that writes send, built from what Azure has now and what is to change.

Pure. A set's `extensions` array replaces the stored one, so the others are sent verbatim; without `protectedSettings`
Azure keeps what it holds, and an empty object would wipe it (facts: FL-CanUpdateWithExtensionProtectedSettings,
azure-sdk-for-net #2716). Secrets are revealed here and nowhere else, and only into the value that is sent.
"""

from collections.abc import Mapping
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.fleet.scale_set import Extension
from vmss_tui.domain.fleet.script import ScriptConfig, Secret, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import UsageError

_PROTECTED = ("protectedSettings", "protectedSettingsFromKeyVault")
WHOLE = ("", "*")
"""Name under which a reference stands for all protected settings together (a Key Vault secret)."""


def extension_properties(
    script: ScriptConfig, protected: Mapping[str, Secret] | None, current: Extension | None
) -> dict[str, Any]:
    """Properties of the extension to write; version, spelling and switches of the present one are kept."""
    same = current if current is not None and script.handler.matches(current.publisher, current.type) else None
    found: dict[str, Any] = {
        "publisher": same.publisher if same else script.handler.publisher,
        "type": same.type if same else script.handler.type,
        "typeHandlerVersion": (same.version if same else "") or script.handler.version,
        "autoUpgradeMinorVersion": script.auto_upgrade_minor,
        "settings": dict(script.settings),
    }
    if same is not None and same.automatic_upgrade:
        found["enableAutomaticUpgrade"] = True
    if script.force_update_tag:
        found["forceUpdateTag"] = script.force_update_tag
    if script.provision_after:
        found["provisionAfterExtensions"] = list(script.provision_after)
    if script.suppress_failures:
        found["suppressFailures"] = True
    return found | protected_part(script, protected)


def protected_part(script: ScriptConfig, protected: Mapping[str, Secret] | None) -> dict[str, Any]:
    """The protected member, or nothing: never an empty object. Raises UsageError for a bad Key Vault reference."""
    vault = _key_vault(script.protected)
    if vault is not None:
        return {"protectedSettingsFromKeyVault": vault}
    if not protected:
        return {}
    return {"protectedSettings": {name: secret.reveal() for name, secret in protected.items()}}


def _key_vault(references: Mapping[str, SecretRef]) -> dict[str, Any] | None:
    vaults = {name: reference for name, reference in references.items() if reference.source is SecretSource.KEY_VAULT}
    if not vaults:
        return None
    if len(references) != 1 or next(iter(vaults)) not in WHOLE:
        raise UsageError(
            "a Key Vault secret holds all protected settings together; no other can be given beside it",
            hint="put everything into the one secret, or use no Key Vault reference",
        )
    vault_id, _, secret_url = next(iter(vaults.values())).where.partition(" ")
    if not vault_id or not secret_url:
        raise UsageError(
            "the Key Vault reference lacks its vault or its secret", hint="give both vault_id and secret_url"
        )
    return {"secretUrl": secret_url.strip(), "sourceVault": {"id": vault_id}}


def vault_of(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The Key Vault reference that an extension has now: unlike stored protected settings it must be sent again."""
    for known in extension_profile(raw).get("extensions") or ():
        found = (known.get("properties") or {}).get("protectedSettingsFromKeyVault")
        if str(known.get("name", "")).lower() == name.lower() and found:
            return {"protectedSettingsFromKeyVault": found}
    return {}


def extension_profile(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The extension profile of a set's JSON; empty when it has none."""
    return dict(((raw.get("properties") or {}).get("virtualMachineProfile") or {}).get("extensionProfile") or {})


def extensions_array(raw: Mapping[str, Any], script: ScriptConfig, ours: Mapping[str, Any]) -> dict[str, Any]:
    """The extension profile with ours in its place (or at the end), all else verbatim less read-only members."""
    profile = extension_profile(raw)
    if not any(key in ours for key in _PROTECTED):
        ours = {**ours, **vault_of(raw, script.name)}
    array, placed = [], False
    for known in profile.get("extensions") or ():
        if str(known.get("name", "")).lower() == script.name.lower():
            array.append({"name": known["name"], "properties": dict(ours)})
            placed = True
        else:
            array.append(_verbatim(known))
    if not placed:
        array.append({"name": script.name, "properties": dict(ours)})
    return {**profile, "extensions": array}


def extensions_without(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The extension profile without one extension, all else verbatim less read-only members."""
    profile = extension_profile(raw)
    kept = [known for known in profile.get("extensions") or () if str(known.get("name", "")).lower() != name.lower()]
    return {**profile, "extensions": [_verbatim(known) for known in kept]}


def _verbatim(extension: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        key: value
        for key, value in (extension.get("properties") or {}).items()
        if key not in ("provisioningState", "protectedSettings")
    }
    return {key: value for key, value in extension.items() if key not in ("id", "type")} | {"properties": properties}


def upgrade_policy(raw: Mapping[str, Any], mode: UpgradeMode | None, policy: RollingPolicy | None) -> dict[str, Any]:
    """The upgrade policy with what changes; the rest (such as automatic OS upgrades) verbatim."""
    found = dict((raw.get("properties") or {}).get("upgradePolicy") or {})
    if mode is not None:
        found["mode"] = mode.value
    if policy is not None:
        found["rollingUpgradePolicy"] = dict(found.get("rollingUpgradePolicy") or {}) | _rolling(
            policy, found.get("rollingUpgradePolicy") or {}
        )
    return found


def _rolling(policy: RollingPolicy, current: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "maxBatchInstancePercent": policy.batch_percent,
        "maxUnhealthyInstancePercent": policy.unhealthy_percent,
        "maxUnhealthyUpgradedInstancePercent": policy.unhealthy_upgraded_percent,
        "pauseTimeBetweenBatches": duration.iso(policy.pause_seconds),
    }
    switches = {
        "enableCrossZoneUpgrade": policy.cross_zone,
        "prioritizeUnhealthyInstances": policy.prioritise_unhealthy,
        "rollbackFailedInstancesOnPolicyBreach": policy.rollback_on_breach,
        "maxSurge": policy.surge,
    }
    return found | {name: value for name, value in switches.items() if value or name in current}
