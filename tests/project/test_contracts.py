"""The import contracts of `pyproject.toml` leave no package out, and every library is imported where it belongs."""

import sys
import tomllib
from typing import Any

from support.source.dependencies import imported
from support.source.modules import PACKAGE, ROOT, modules

TOP = frozenset(
    f"vmss_tui.{path.stem}"
    for path in PACKAGE.iterdir()
    if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
)
"""Every package and module at the top."""
LIBRARIES = {
    "app": {"rich", "textual"},
    "cli": {"click", "jmespath", "tomli_w", "yaml"},
    "engine": {"aiohttp", "apprise", "msgspec"},
    "gateway": {"aiohttp", "azure", "msal_extensions", "msgspec"},
    "journal": {"msgspec", "procrastinate", "psycopg"},
    "paths": {"platformdirs"},
    "patterns": {"re2"},
    "profiles": {"icalendar", "recurring_ical_events", "tomli_w", "tomlkit"},
    "simulator": {"aiohttp", "msgspec", "trustme"},
    "web": {"aiohttp", "textual_serve"},
}
"""What each package imports beyond the standard library; one that is absent, such as the domain, imports nothing."""


def contract(name: str) -> dict[str, Any]:
    """An import contract by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table: dict[str, Any] = next(it for it in project["tool"]["importlinter"]["contracts"] if it["name"] == name)
    return table


def test_the_layers_have_every_package() -> None:
    layers = contract("front ends over the engine over the journal over the domain")["layers"]
    known = {".".join(name.strip().split(".")[:2]) for layer in layers for name in layer.split("|")}
    assert known == TOP - {"vmss_tui.simulator"}, "the simulator has contracts of its own"


def test_the_contracts_of_the_simulator_and_of_azure_have_every_package() -> None:
    assert set(contract("nobody imports the simulator")["source_modules"]) == TOP - {"vmss_tui.simulator"}
    assert set(contract("the simulator stands alone")["forbidden_modules"]) == TOP - {"vmss_tui.simulator"} | {
        "textual"
    }
    assert set(contract("only the gateway imports azure")["source_modules"]) == TOP - {"vmss_tui.gateway"}


def test_every_library_is_imported_by_its_packages_alone() -> None:
    found: dict[str, set[str]] = {}
    for module in modules():
        libraries = {name.partition(".")[0] for name in imported([module])} - {"vmss_tui", *sys.stdlib_module_names}
        if libraries:
            found.setdefault(module.name.split(".")[1], set()).update(libraries)
    assert found == LIBRARIES


def test_the_domain_meets_no_library_through_another_module() -> None:
    """But the engine of foreign patterns, which `redact` uses."""
    libraries = {name for names in LIBRARIES.values() for name in names} - {"re2"}
    assert set(contract("the domain is standard library only")["forbidden_modules"]) == libraries
