"""Running Azure's JavaScript SDK against a simulator: one Node process a story.

Needs `VMSS_TUI_NODE`, the folder of `client.mjs` with its installed packages (`make conformance` installs them). The
endpoints are the simulator's, and the secrets are made up: nothing here reaches Azure.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.simulator import SimulatorProcess

FOLDER = os.environ.get("VMSS_TUI_NODE", "")


@dataclass(frozen=True)
class JavaScript:
    """The SDK, pointed at one simulator and one resource group."""

    sim: SimulatorProcess
    group: str

    def __call__(self, story: str, **arguments: Any) -> Any:
        """Run a story of `client.mjs` and return what it printed."""
        done = subprocess.run(
            ["node", "client.mjs", story, json.dumps(arguments)],
            cwd=Path(FOLDER),
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _env(self) -> dict[str, str]:
        (subscription,) = self.sim.get("/subscriptions?api-version=2022-12-01").body["value"]
        return {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
            **{name: value for name, value in self.sim.variables.items() if name.startswith("AZURE_")},
            "NODE_EXTRA_CA_CERTS": str(self.sim.ca_file),
            "ARM_ENDPOINT": self.sim.origin,
            "SUBSCRIPTION": subscription["subscriptionId"],
            "GROUP": self.group,
        }
