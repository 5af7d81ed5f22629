"""The parts of the README that come from the code: `make readme` writes them, a test compares them.

The key table comes from the table of actions.
"""

import re
from pathlib import Path

from vmss_tui.app.actions import key_table as keys

README = Path(__file__).parents[2] / "README.md"
_KEYS = re.compile(r"(<!-- keys: written by `make readme` -->\n).*?(<!-- /keys -->)", re.DOTALL)


def refreshed(text: str) -> str:
    """The README's text with its generated parts as the code has them now."""
    return _KEYS.sub(lambda found: f"{found[1]}\n{keys.markdown()}\n{found[2]}", text)


def main() -> None:
    """Write the generated parts."""
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
