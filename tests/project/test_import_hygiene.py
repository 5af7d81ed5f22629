"""What a start does not load: proved in a fresh process, since only `sys.modules` shows whether a deferral defers."""

import ast
import json
import subprocess
import sys

import pytest

from support.source.modules import modules

HEAVY = ("textual", "rich", "azure", "aiohttp", "msal")

_REPORT = """
import json, sys
sys.argv = ["vmss-tui", *{arguments!r}]
from vmss_tui.cli.main import main
code = main()
print("\\n" + json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def loaded_by(*arguments: str, home: str) -> tuple[int, set[str]]:
    """Exit code and modules of a run of the program."""
    done = subprocess.run(
        [sys.executable, "-c", _REPORT.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home},
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


def packages(modules: set[str]) -> set[str]:
    """Names of the top-level packages."""
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_answers_at_once_import_next_to_nothing(argument: str, tmp_path: object) -> None:
    code, modules = loaded_by(argument, home=str(tmp_path))
    assert code == 0
    assert not packages(modules) & {*HEAVY, "click", "msgspec", "sqlite3", "asyncio", "dataclasses"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--help"),
        ("rollout", "--help"),
        ("rollouts", "--json"),
        ("profiles", "list", "--json"),
        ("profiles", "lint"),
    ],
)
def test_commands_without_a_cloud_import_no_azure_and_no_textual(arguments: tuple[str, ...], tmp_path: object) -> None:
    code, modules = loaded_by(*arguments, home=str(tmp_path))
    assert code == 0
    assert not packages(modules) & set(HEAVY)


def test_signing_in_imports_no_textual(tmp_path: object) -> None:
    code, modules = loaded_by("--auth", "env", "info", home=str(tmp_path))
    assert code == 3, "nothing in the environment signs in"
    assert not packages(modules) & {"textual", "rich"}


def test_the_app_module_imports_no_azure() -> None:
    code = "import sys, vmss_tui.app.app; print(sorted(m for m in sys.modules if m.startswith(('azure', 'aiohttp'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_frame_waits_for_nothing_that_it_does_not_show() -> None:
    """The journal, plans, the fold of a rollout, dialogs and watchers come after it."""
    code = "import sys, vmss_tui.app.app, vmss_tui.cli.session; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    later = (
        "journal.store", "domain.plan", "domain.rollout.state", "engine.prepare", "engine.watch.fleet", "config.read",
        "app.screens.dialogs", "app.screens.rollout", "app.screens.deploy", "profiles.format",
    )  # fmt: skip
    early = {name for name in done.stdout.split() if name.startswith(tuple(f"vmss_tui.{part}" for part in later))}
    assert early == set()


def test_who_only_reads_imports_no_typed_client_of_the_sdk() -> None:
    code = "import sys, vmss_tui.gateway.client; print([m for m in sys.modules if m.startswith('azure.mgmt.compute')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_writes_imports_no_models_and_what_signs_in_nothing_for_other_credentials() -> None:
    code = (
        "import sys; from vmss_tui.gateway import deferred; deferred.install();"
        "import vmss_tui.gateway.client, azure.mgmt.compute.aio; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "azure.mgmt.compute.aio.operations._operations" in modules
    assert not modules & {"azure.mgmt.compute.models._models", "azure.mgmt.resource.subscriptions", "http.server"}
    assert not packages(modules) & {"cryptography", "requests", "urllib3"}


def test_nothing_of_the_product_imports_the_simulator() -> None:
    code = (
        "import sys, vmss_tui.app.app, vmss_tui.gateway.client, vmss_tui.engine.runner.runner, vmss_tui.cli.session;"
        "print(sorted(m for m in sys.modules if m.startswith('vmss_tui.simulator')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_simulator_imports_nothing_of_the_product() -> None:
    code = (
        "import sys, vmss_tui.simulator.server, vmss_tui.simulator.__main__;"
        "print(sorted(m for m in sys.modules"
        " if m.startswith('vmss_tui.') and not m.startswith('vmss_tui.simulator')"
        " or m.partition('.')[0] in ('textual', 'azure', 'click', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_modules_that_must_not_import_textual_do_not() -> None:
    """Those whose docstring says so: controllers, and what they are made of."""
    bound = [module.name for module in modules() if "Must not import Textual" in (ast.get_docstring(module.tree) or "")]
    assert {name for name in bound if name.endswith(".controller")} == {
        module.name for module in modules() if module.name.endswith(".controller")
    }
    names = [*bound, "vmss_tui.app.running_rollouts", "vmss_tui.app.rollout_alerts", "vmss_tui.app.actions.table"]
    code = f"import sys, {', '.join(names)}; print(sorted({{*sys.modules}} & {{'textual', 'rich', 'azure'}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
