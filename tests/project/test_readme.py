"""The README says what the code does."""

import re

from support.readme import README, refreshed
from vmss_tui.cli.help import ENTRIES


def test_the_key_table_is_fresh() -> None:
    text = README.read_text(encoding="utf-8")
    assert refreshed(text) == text, "run `make readme`"


def test_every_listed_command_is_told() -> None:
    text = README.read_text(encoding="utf-8")
    told = text[text.index("## Command line") : text.index("## Profiles")]
    missing = [each.name for each in ENTRIES if each.section and each.name != "app" and each.name not in told]
    assert missing == []


def test_every_picture_and_linked_file_exists() -> None:
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(((?!https?:)[^)#]+)\)", text)
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []
