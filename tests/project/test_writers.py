"""Every way to a terminal is known, and each goes through the one cleaner: stdout, stderr, Rich text, sequences."""

import ast
from collections.abc import Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from support.source.modules import Module, modules
from vmss_tui.app.compat import VisibleText

STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
CLEANERS = {
    "_printable",
    "_encodable",
    "displayable",
    "_asked",
    "plain",
    "readable",
    "visible",
    "plain_lines",
    "redacted",
}

# Who may name a stream, and why.
MAY_NAME_STREAMS = {
    "vmss_tui.cli.output": "the one writer of stdout",
    "vmss_tui.cli.diagnostics": "the one writer of stderr",
    "vmss_tui.cli.open_app": "asks whether it is a terminal",
    "vmss_tui.app.terminal.first_paint": "paints the first frame: fixed words, and the cleaned rows of `first_rows`",
    "vmss_tui.engine.runner.delivery": "a sentence of our own to the runner that started the process",
    "vmss_tui.cli.logs": "hands stderr to a handler whose formatter cleans, for --debug",
}
# Who may make Rich text or segments, and why.
MAY_MAKE_TEXT = {
    "vmss_tui.app.compat": "the crash message in our own words; filters of what is painted",
    "vmss_tui.app.app": "the words at the end, cleaned",
    "vmss_tui.app.widgets.strips": "painted by a widget, so it passes VisibleText",
    "vmss_tui.app.widgets.grid_paint": "painted by a widget, so it passes VisibleText",
    "vmss_tui.app.screens.dialogs.link": "an address that was cleaned, painted by a widget",
}
# Who may send sequences to the terminal by itself, and why.
MAY_DRIVE = {"vmss_tui.app.compat": "the notice of the desktop, from printable characters only"}
RICH = {"Text", "Segment", "Console", "Panel", "Markdown", "Syntax"}


def product() -> Iterator[Module]:
    """Every module but the simulator's, whose words are read by programs."""
    return (module for module in modules() if not module.name.startswith("vmss_tui.simulator"))


def names_stream(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in STREAMS
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    )


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """The name of what is called, without what it belongs to, and the call."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def test_only_two_modules_write_to_the_standard_streams() -> None:
    found = {module.name for module in product() if any(names_stream(node) for node in ast.walk(module.tree))}
    found |= {
        module.name for module in product() if any(name in ("print", "echo", "secho") for name, _ in calls(module))
    }
    assert found == set(MAY_NAME_STREAMS), "a writer of its own"


HANDED_ON = {"vmss_tui.cli.output": ("_put", "_write"), "vmss_tui.cli.diagnostics": ()}
"""Functions that write their argument, so that the calls of them are looked at instead."""


@pytest.mark.parametrize("name", HANDED_ON)
def test_each_write_of_theirs_is_cleaned(name: str) -> None:
    module, handed_on = next(module for module in modules() if module.name == name), HANDED_ON[name]
    within = {
        node
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef) and function.name in handed_on
        for node in ast.walk(function)
    }
    writes = [node for name, node in calls(module) if name in ("print", "write", "getpass", *handed_on)]
    assert set(writes) - within
    for write in set(writes) - within:
        inside = {
            node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for node in ast.walk(write)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        }
        assert inside & CLEANERS, f"{name}:{write.lineno} writes what is not cleaned"


def test_rich_text_is_made_where_it_is_painted() -> None:
    painters = {module.name for module in product() if "from rich" in module.text or "import rich" in module.text}
    assert all(name.startswith("vmss_tui.app.") for name in painters)
    found = {m.name for m in product() if m.name in painters and any(name in RICH for name, _ in calls(m))}
    assert found == set(MAY_MAKE_TEXT)


def test_nobody_else_sends_sequences_or_notifications_of_textual() -> None:
    drivers = {
        module.name
        for module in product()
        for _, call in calls(module)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "write"
        and isinstance(call.func.value, ast.Name)
        and "driver" in call.func.value.id
    }
    assert drivers == set(MAY_DRIVE)
    markup = {
        module.name
        for module in product()
        for name, _ in calls(module)
        if name in ("from_markup", "from_ansi", "render_markup")
    }
    assert markup == set()


def test_what_is_painted_passes_the_last_barrier_and_keeps_its_width() -> None:
    foreign = "a\x1b]52;c;x\x07\x9b31m\u202eb\u2066\x00東" + "\u0301" * 50
    bell = Segment("\x07", None, [(1,)])  # type: ignore[list-item]
    shown, kept, control = VisibleText().apply([Segment(foreign, Style()), Segment("é ok"), bell], Color(0, 0, 0))
    assert shown.text == "a]52;c;x31mb東" + "\u0301" * 4
    assert shown.cell_length == Segment(foreign).cell_length
    assert kept.text == "é ok" and control is bell
