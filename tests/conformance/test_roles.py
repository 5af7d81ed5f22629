"""The documented way to the operator's role, with az: the definition, its assignment, and the job that it is for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.azcli import GROUP, Az, AzError
from support.simulator import SimulatorProcess

COMMAND = Path(sys.executable).with_name("vmss-tui")
NEWCOMER = "44444444-4444-4444-8444-444444444404"
NEWCOMERS_CLIENT = "33333333-3333-4333-8333-333333333304"
PROFILE = """
schema = 1
name = "web"
[script]
os = "linux"
label = "web 2"
files = ["https://raw.githubusercontent.com/yourrepo/master/custom_application_v2.sh"]
command = "./custom_application_v2.sh"
[rollout]
batch = "50%"
pause = "0s"
"""


def as_newcomer(sim: SimulatorProcess, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run vmss-tui as the principal that has no role but those which a test gives it."""
    cloud, secret = home / "cloud.toml", home / "secret"
    secret.write_text("made-up-newcomer")
    secret.chmod(0o600)
    lines = sim.cloud_file.read_text().replace(sim.client_id, NEWCOMERS_CLIENT).splitlines()
    where = f'AZURE_CLIENT_SECRET_FILE = "{secret}"'
    cloud.write_text("\n".join(where if line.startswith("AZURE_CLIENT_SECRET_FILE") else line for line in lines))
    cloud.chmod(0o600)
    state = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    own = {"VMSS_TUI_CLOUD_FILE": str(cloud), "AZURE_CLIENT_ID": NEWCOMERS_CLIENT}
    return subprocess.run(
        [COMMAND, *words],
        env={**os.environ, **sim.variables, **state, **own, "AZURE_CLIENT_SECRET": "made-up-newcomer"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_operators_role_is_created_assigned_and_enough(own: Az, tmp_path: Path) -> None:
    scope = f"/subscriptions/{own('account', 'show')['id']}"
    printed = subprocess.run(
        [COMMAND, "roles", "operator", "--scope", scope], capture_output=True, text=True, check=True
    )
    (tmp_path / "operator.json").write_text(printed.stdout)
    (tmp_path / "web.toml").write_text(PROFILE)
    (tmp_path / "unknown.json").write_text(printed.stdout.replace("manualupgrade/action", "manualRoll/action"))
    with pytest.raises(AzError, match="InvalidActionOrNotAction"):
        own("role", "definition", "create", "--role-definition", "@unknown.json", cwd=tmp_path)
    made = own("role", "definition", "create", "--role-definition", "@operator.json", cwd=tmp_path)
    assert made["roleType"] == "CustomRole"
    assert made["permissions"][0]["actions"] == json.loads(printed.stdout)["Actions"]
    with pytest.raises(AzError, match="RoleDefinitionWithSameNameExists"):
        own("role", "definition", "create", "--role-definition", "@operator.json", cwd=tmp_path)
    refused = as_newcomer(own.sim, tmp_path, "rollout", "web.toml", f"{GROUP}/manual", "--yes")
    assert refused.returncode != 0
    who = ("--assignee-object-id", NEWCOMER, "--assignee-principal-type", "ServicePrincipal")
    given = own("role", "assignment", "create", *who, "--role", "vmss-tui operator", "--scope", scope)
    assert given["principalId"] == NEWCOMER
    done = as_newcomer(own.sim, tmp_path, "rollout", "web.toml", f"{GROUP}/manual", "--yes", "--during-change", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.raises(AzError, match="RoleDefinitionHasAssignments"):
        own("role", "definition", "delete", "--name", "vmss-tui operator", "--scope", scope)
    own("role", "assignment", "delete", "--ids", given["id"])
    own("role", "definition", "delete", "--name", "vmss-tui operator", "--scope", scope)
    assert own("role", "definition", "list", "--custom-role-only", "true") == []
