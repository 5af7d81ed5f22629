"""Reads a scenario, by name (bundled) or from a file, into a `Scenario`."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from vmss_tui.simulator.scenario import governance, machines
from vmss_tui.simulator.scenario.lint import complaints
from vmss_tui.simulator.scenario.model import (
    Autoscale,
    Directory,
    FaultRule,
    Paging,
    Principal,
    PrincipalKind,
    ResourceGroup,
    RoleAssignment,
    ScaleSetSpec,
    Scenario,
    SignInDemand,
    Standby,
    Subscription,
    Tenant,
    Throttling,
)
from vmss_tui.simulator.scenario.scale_sets import event, scale_set
from vmss_tui.simulator.scenario.values import ids, seconds, span, typed
from vmss_tui.simulator.world.state.chance import guid
from vmss_tui.simulator.world.state.rules import Rules, ScriptBehavior, Switches, Timings
from vmss_tui.simulator.world.state.states import Execution

BUNDLED = Path(__file__).parent.parent / "scenarios"
DEFAULT = "shipping"
_SetSpecs = tuple[ScaleSetSpec, Autoscale | None, Standby | None]
"""A scale set with its autoscale setting and its standby pool."""


class ScenarioError(Exception):
    """A scenario cannot be used; `problems` says why, as `file: key: message`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def names() -> list[str]:
    """The bundled scenarios."""
    return sorted(path.stem for path in BUNDLED.glob("*.toml"))


def load(source: str | Path = DEFAULT) -> Scenario:
    """Read a scenario: a bundled one by name, any other by path.

    Raises ScenarioError: there is no such scenario, or it is not a valid one.
    """
    path = _find(source)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([f"{path}: -: cannot be read: {error}"]) from error
    return loads(text, path)


def loads(text: str, path: Path = Path("scenario.toml")) -> Scenario:
    """Read a scenario from TOML text; relative files are beside `path`, which names the scenario in messages.

    Raises ScenarioError: it is not a valid scenario.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError([f"{path}: -: is not TOML: {error}"]) from error
    problems = [f"{path}: {key}: {message}" for key, message in complaints(document)]
    if problems:
        raise ScenarioError(problems)
    try:
        return _scenario(document, path)
    except (OSError, ValueError) as error:
        raise ScenarioError([f"{path}: -: {error}"]) from error


def _find(source: str | Path) -> Path:
    text = str(source)
    bundled = BUNDLED / f"{text}.toml"
    if "/" not in text and not text.endswith(".toml") and bundled.is_file():
        return bundled
    path = Path(source)
    if path.is_file():
        return path
    raise ScenarioError(
        [f"{source}: -: there is no such scenario; give the path of a TOML file, or one of {', '.join(names())}"]
    )


def _scenario(document: Mapping[str, Any], path: Path) -> Scenario:
    head = document.get("scenario", {})
    tenants = _tenants(document)
    subscriptions = _subscriptions(document, tenants)
    places = {subscription.name: subscription.id for subscription in subscriptions} | {
        subscription.id: subscription.id for subscription in subscriptions
    }
    specs = [spec for keys in document.get("scale_sets", ()) for spec in _sets(document, keys, places, path)]
    throttling = dict(document.get("throttling", {}))
    throttling["sizes"] = {name: tuple(size) for name, size in throttling.get("sizes", {}).items()}
    hint = head.get("poll_hint_ms", 200)
    scope = partial(_scope, places=places)
    return Scenario(
        name=head.get("name", path.stem),
        title=head.get("title", ""),
        seed=head.get("seed", 1),
        speed=float(head.get("speed", 1.0)),
        execution=Execution(head.get("execution", "simulate")),
        script_timeout=seconds(head.get("script_timeout", 5400)),
        health_command=head.get("health_command", ""),
        poll_hint_ms=None if hint is False else hint,
        graph_lag=seconds(head.get("graph_lag", 30)),
        newest_api_version=head.get("newest_api_version", ""),
        tenants=tenants,
        subscriptions=subscriptions,
        groups=_groups(document, places, specs),
        principals=_principals(document, tenants, places),
        roles=governance.roles(document),
        locks=governance.locks(document, scope),
        denials=governance.denials(document, scope),
        policies=governance.policies(document, scope),
        directory=_directory(document),
        throttling=Throttling(**throttling),
        paging=Paging(**document.get("paging", {})),
        faults=tuple(FaultRule(**typed(FaultRule, fault)) for fault in document.get("faults", ())),
        files=_files(document, path.parent),
        rules=_rules(document),
        scale_sets=tuple(spec for spec, _, _ in specs),
        events=tuple(event(table) for table in document.get("events", ())),
        autoscales=tuple(setting for _, setting, _ in specs if setting is not None),
        standby_pools=tuple(pool for _, _, pool in specs if pool is not None),
    )


def _sets(
    document: Mapping[str, Any], keys: Mapping[str, Any], places: Mapping[str, str], path: Path
) -> Iterable[_SetSpecs]:
    filled = {**document.get("defaults", {}), **keys}
    named = filled.get("subscription", next(iter(places)))
    for subscription in _copied_subscriptions(document, named) or [named]:
        yield from _copied_sets(document, {**filled, "subscription": places[subscription]}, path)


def _copied_subscriptions(document: Mapping[str, Any], name: str) -> list[str]:
    """Names of the copies of a subscription by the name of their table; empty for any other name."""
    tables = (table for table in document.get("subscriptions", ()) if table["name"] == name and "copies" in table)
    return [copy for table in tables for copy in _copies(table)]


def _copies(table: Mapping[str, Any]) -> list[str]:
    """The names that a table stands for: its own, or one with a number for each copy."""
    copies = table.get("copies")
    if not copies:
        return [table["name"]]
    return [table["name"].replace("{n}", f"{number:03}") for number in range(1, copies + 1)]


def _copied_sets(document: Mapping[str, Any], filled: dict[str, Any], path: Path) -> Iterable[_SetSpecs]:
    filled.setdefault("group", "rg-" + document.get("scenario", {}).get("name", "simulated"))
    if "location" not in filled:
        named = [group for group in document.get("groups", ()) if group["name"] == filled["group"]]
        filled["location"] = next((item["location"] for item in named if "location" in item), "westeurope")
    if "machines" in filled:
        filled["items"] = machines.read(json.loads((path.parent / filled["machines"]).read_text(encoding="utf-8")))
    if "model" in filled:
        filled["document"] = json.loads((path.parent / filled["model"]).read_text(encoding="utf-8"))
    for name in _copies(filled):
        yield scale_set({**filled, "name": name})


def _tenants(document: Mapping[str, Any]) -> tuple[Tenant, ...]:
    found = document.get("tenants") or [{"name": "Simulated"}]
    return tuple(
        Tenant(
            item.get("id", guid("tenant", item["name"])),
            item["name"],
            item.get("domain", item["name"].lower().replace(" ", "") + ".onmicrosoft.com"),
            SignInDemand(item.get("demands", "")),
        )
        for item in found
    )


def _tenant(tenants: tuple[Tenant, ...], wanted: str | None) -> str:
    for tenant in tenants:
        if wanted in (None, tenant.id, tenant.name):
            return tenant.id
    raise ValueError(f"there is no tenant {wanted!r} in this file")


def _subscriptions(document: Mapping[str, Any], tenants: tuple[Tenant, ...]) -> tuple[Subscription, ...]:
    found = document.get("subscriptions") or [{"name": "simulated"}]
    return tuple(
        Subscription(
            guid("subscription", name) if "copies" in item else item.get("id", guid("subscription", name)),
            name,
            _tenant(tenants, item.get("tenant")),
            item.get("state", "Enabled"),
        )
        for item in found
        for name in _copies(item)
    )


def _groups(
    document: Mapping[str, Any],
    places: Mapping[str, str],
    specs: Iterable[_SetSpecs],
) -> tuple[ResourceGroup, ...]:
    first = next(iter(places.values()))
    found = {}
    for table in document.get("groups", ()):
        group = ResourceGroup(
            places[table["subscription"]] if "subscription" in table else first,
            table["name"],
            table.get("location", "westeurope"),
            dict(table.get("tags", {})),
            table.get("managed_by", ""),
        )
        found[group.subscription_id, group.name.lower()] = group
    for spec, _, _ in specs:
        key = spec.subscription_id, spec.group.lower()
        found.setdefault(key, ResourceGroup(spec.subscription_id, spec.group, str(spec.model["location"])))
    return tuple(found.values())


def _principals(
    document: Mapping[str, Any], tenants: tuple[Tenant, ...], places: Mapping[str, str]
) -> tuple[Principal, ...]:
    everything: list[dict[str, Any]] = [
        {"name": "deployer", "tenant": tenant.name, "roles": [{"role": "Owner", "scope": "/"}]} for tenant in tenants
    ]
    made = []
    for principal in document.get("principals") or everything:
        tenant = _tenant(tenants, principal.get("tenant"))
        roles = tuple(
            RoleAssignment(item["role"], _scope(item["scope"], places)) for item in principal.get("roles", ())
        )
        made.append(
            Principal(
                client_id=principal.get("client_id", guid("client", tenant, principal["name"])),
                object_id=principal.get("object_id", guid("object", tenant, principal["name"])),
                tenant_id=tenant,
                name=principal["name"],
                kind=PrincipalKind(principal.get("kind", "service_principal")),
                secret=principal.get("secret", "simulated-secret-of-" + principal["name"].replace(" ", "-")),
                roles=roles,
            )
        )
    return tuple(made)


def _scope(text: str, places: Mapping[str, str]) -> str:
    """The ARM id of a scope: `/`, an id, a subscription, `subscription/group`, or `subscription/group/scale set`."""
    if text.startswith("/"):
        return text
    subscription, _, rest = text.partition("/")
    group, _, name = rest.partition("/")
    if subscription not in places:
        raise ValueError(f"there is no subscription {subscription!r} for the scope {text!r}")
    scope = f"/subscriptions/{places[subscription]}"
    if name:
        return f"{scope}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    return f"{scope}/resourceGroups/{group}" if group else scope


def _directory(document: Mapping[str, Any]) -> Directory:
    keys = dict(document.get("directory", {}))
    if "token_lifetime" in keys:
        keys["token_lifetime"] = int(seconds(keys["token_lifetime"]))
    return Directory(**keys)


def _files(document: Mapping[str, Any], folder: Path) -> dict[str, bytes]:
    found = {}
    for uri, value in document.get("files", {}).items():
        found[uri] = (folder / value["file"]).read_bytes() if isinstance(value, Mapping) else str(value).encode()
    return found


def _rules(document: Mapping[str, Any]) -> Rules:
    head = document.get("scenario", {})
    timings: dict[str, Any] = {
        setting.name: span(document["timings"][setting.name])
        if isinstance(setting.default, tuple)
        else seconds(document["timings"][setting.name])
        for setting in fields(Timings)
        if setting.name in document.get("timings", {})
    }
    return Rules(
        seed=head.get("seed", 1),
        execution=Execution(head.get("execution", "simulate")),
        scripts=tuple(_behavior(item) for item in document.get("scripts", ())),
        timings=Timings(**timings),
        switches=Switches(**typed(Switches, document.get("switches", {}))),
    )


def _behavior(keys: Mapping[str, Any]) -> ScriptBehavior:
    converted = dict(keys)
    for name in ("fails_on", "hangs_on", "unhealthy_on"):
        if name in converted:
            converted[name] = ids(converted[name])
    if "seconds" in converted:
        converted["seconds"] = span(converted["seconds"])
    return ScriptBehavior(**{"match": "", **typed(ScriptBehavior, converted)})
