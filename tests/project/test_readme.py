"""README and documents say what the code does: commands, keys, links and paths."""

import re
from collections.abc import Iterator
from pathlib import Path

from support.readme import README, refreshed
from support.source.modules import PACKAGE, ROOT
from vmss_tui.cli.help import ENTRIES


def test_the_key_table_is_fresh() -> None:
    text = README.read_text(encoding="utf-8")
    assert refreshed(text) == text, "run `make readme`"


def test_every_listed_command_is_told() -> None:
    text = README.read_text(encoding="utf-8")
    told = text[text.index("## Command line") : text.index("## Profiles")]
    missing = [each.name for each in ENTRIES if each.section and each.name != "app" and each.name not in told]
    assert missing == []


HOME = "https://github.com/vmss-tui/vmss-tui"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)")
_PATH = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?|[a-z_]+\.py)`")


def targets(path: Path) -> Iterator[tuple[str, Path]]:
    """Links of a document with the files of the repository that they lead to."""
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith(HOME):
            _, _, inside = link.removeprefix(HOME).partition("/main/")
            yield link, ROOT / inside
        elif not link.startswith(("http:", "https:", "mailto:")):
            yield link, path.parent / link


def test_every_picture_and_linked_file_exists() -> None:
    missing = {f"{path.name}: {link}" for path in DOCUMENTS for link, target in targets(path) if not target.exists()}
    assert missing == set()


def test_every_path_in_a_document_exists() -> None:
    """Paths start at the repository, at `vmss_tui` or at one of its packages."""
    missing = [
        f"{path.name}: {name}"
        for path in DOCUMENTS
        for name in _PATH.findall(path.read_text(encoding="utf-8"))
        if not any((base / name).exists() for base in (ROOT, PACKAGE, *PACKAGE.glob("*/")))
    ]
    assert missing == []
