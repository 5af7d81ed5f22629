"""The threat table names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_threat_names_a_test_that_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Threats")[2].splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 12
    for row in rows:
        named = re.findall(r"`(tests/[\w/.]+\.py)`", row)
        assert named, row
        assert all((ROOT / path).is_file() for path in named), row
