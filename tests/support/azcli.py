"""Running the real Azure CLI against a simulator, with a configuration directory of its own.

Needs `VMSS_TUI_AZ`, the path of az. Nothing here may reach Azure: the cloud's endpoints are checked before any login,
and the secrets are made up.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.simulator import SimulatorProcess

AZ = os.environ.get("VMSS_TUI_AZ", "")
SCENARIO = Path(__file__).with_name("conformance.toml")
GROUP = "myResourceGroup"
_QUIET = {
    "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_SURVEY_MESSAGE": "0",
    "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
    "AZURE_CORE_DISABLE_PROGRESS_BAR": "1",
    "AZURE_CORE_OUTPUT": "json",
    "NO_PROXY": "127.0.0.1",
}


class AzError(Exception):
    """az ended with another exit code than 0."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"exit code {code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Az:
    """The Azure CLI with a configuration directory of its own, pointed at one simulator."""

    sim: SimulatorProcess
    config: Path
    more: Mapping[str, str]

    @property
    def env(self) -> dict[str, str]:
        own = {"AZURE_CONFIG_DIR": str(self.config), "REQUESTS_CA_BUNDLE": str(self.sim.ca_file)}
        return {"PATH": os.environ["PATH"], "HOME": str(self.config), **_QUIET, **own, **self.more}

    def __call__(self, *words: str, cwd: Path | None = None) -> Any:
        """Run az and return its JSON output, None when it says nothing."""
        done = subprocess.run(
            [AZ, *words], env=self.env, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise AzError(done.returncode, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def vmss(self, command: str, name: str, *words: str, cwd: Path | None = None) -> Any:
        """Run `az vmss <command>` on a scale set of the scenario's group."""
        nested = command.startswith("extension") and command != "extension upgrade"
        option = "--vmss-name" if nested else "--name"
        return self("vmss", *command.split(), "--resource-group", GROUP, option, name, *words, cwd=cwd)

    def register(self) -> None:
        """Make the simulator the active cloud; fail when that did not work."""
        self("cloud", "register", "-n", "Simulator", "--endpoint-resource-manager", self.sim.origin)
        self("cloud", "set", "-n", "Simulator")
        assert self("cloud", "show", "--query", "endpoints.activeDirectory") == self.sim.origin

    def sign_in(self) -> None:
        sim = self.sim
        words = ["--service-principal", "-u", sim.client_id, "-p", sim.client_secret, "--tenant", sim.tenant_id]
        self("login", *words)


def fresh(sim: SimulatorProcess, config: Path, **more: str) -> Az:
    """An az that has never been anywhere, with the simulator registered."""
    config.mkdir(parents=True, exist_ok=True)
    az = Az(sim, config, more)
    az.register()
    return az
