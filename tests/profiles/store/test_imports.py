"""Listing profiles loads no heavy machinery: proved in a fresh process."""

import json
import subprocess
import sys

HEAVY = {"textual", "rich", "azure", "aiohttp", "msgspec", "asyncio", "tomli_w", "sqlite3", "click", "jsonschema"}
REPORT = "import json, sys; import vmss_tui.profiles.store.store; print(json.dumps(sorted(sys.modules)))"


def test_the_store_is_cheap_to_import() -> None:
    done = subprocess.run([sys.executable, "-c", REPORT], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded & HEAVY == set()
