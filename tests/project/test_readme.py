"""README and documents say what the code does: commands, keys, links and paths."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from support.readme import DOCUMENTS as GENERATED
from support.readme import README, refreshed
from support.source.modules import PACKAGE, ROOT
from vmss_tui import errors
from vmss_tui.cli.diagnostics import CRASHED
from vmss_tui.cli.help import EXIT_CODES
from vmss_tui.simulator.scenario.load import names as scenarios

HOME = "https://github.com/vmss-tui/vmss-tui"
PICTURES = "https://raw.githubusercontent.com/vmss-tui/vmss-tui"
_SIGTERM = re.compile(r"\b(143) by SIGTERM")
_LINK = re.compile(r"\]\(([^)#\s]+)")
_PATH = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?|[a-z_]+\.py)`")
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_generated_parts_are_fresh() -> None:
    stale = [path.name for path in GENERATED if refreshed(text := path.read_text(encoding="utf-8")) != text]
    assert stale == [], "run `make readme`"


def targets(path: Path) -> Iterator[tuple[str, Path]]:
    """Links of a document with the files of the repository that they lead to."""
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith((HOME, PICTURES)):
            _, _, inside = link.partition("/main/")
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


def test_the_map_names_every_package() -> None:
    """Every package at the top has a row, or its parts have one; a deeper one is named in the row it belongs to."""
    rows = dict(re.findall(r"^\| `([a-z_/]+)/` \| (.*) \|$", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE))
    top = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert top == {row.partition("/")[0] for row in rows}
    folders = [path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("*/*/__init__.py")]
    folders += [path.parent.relative_to(PACKAGE) for row in rows for path in (PACKAGE / row).glob("*/__init__.py")]
    missing = {
        folder.as_posix()
        for folder in folders
        if folder.as_posix() not in rows and f"{folder.name}/`" not in rows.get(folder.parent.as_posix(), "")
    }
    assert missing == set()


def test_the_map_names_every_module_at_the_top() -> None:
    _, _, beside = ARCHITECTURE.read_text(encoding="utf-8").partition("Beside the packages: ")
    named = set(re.findall(r"`([a-z_]+\.py)`", beside.partition("\n\n")[0]))
    assert named == {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}


def first_cells(document: str, heading: str) -> list[str]:
    """The first column of the table under a heading, without its head."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    return re.findall(r"^\| `?(\w+)`? \|", text.partition("\n## ")[0], re.MULTILINE)[1:]


def test_the_documents_name_every_scenario() -> None:
    assert sorted(first_cells("simulator.md", "Scenarios")) == scenarios()


def test_help_documents_and_errors_have_the_same_exit_codes() -> None:
    documented = first_cells("headless.md", "Exit codes")
    helped = [code for row in EXIT_CODES for code in (row[0], *_SIGTERM.findall(row[1]))]
    assert helped == documented
    own = {f"{kind.exit_code}" for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert own | {f"{CRASHED}"} <= set(documented)


def test_the_readme_reads_on_a_package_index() -> None:
    """A package index shows the README alone: links and pictures must be absolute."""
    links = _LINK.findall(README.read_text(encoding="utf-8"))
    assert links and [link for link in links if not link.startswith("https://")] == []


def test_the_moving_picture_is_whole() -> None:
    """Every frame refers to rows that are drawn, all frames together take ten seconds, and nothing is fetched."""
    text = (ROOT / "screenshots" / "film.svg").read_text(encoding="utf-8")
    drawn, used = set(re.findall(r'<g id="(r\d+)">', text)), set(re.findall(r'href="#(r\d+)"', text))
    assert drawn == used != set()
    (seconds,) = set(re.findall(r" (\d+\.\d)s infinite", text))
    assert 8 <= float(seconds) <= 12
    assert not re.findall(r"""(?:href|src)=["']?http|url\(|@import|<script""", text)
    assert ElementTree.fromstring(text).tag.endswith("svg")
