"""Writes the reference of the scenario format from the tables that lint and loader use.

FORMAT.md next to this module is its output; a test keeps it fresh.
"""

from pathlib import Path

from vmss_tui.simulator.scenario.schema import Key, Table
from vmss_tui.simulator.scenario.tables import FILE

PATH = Path(__file__).parent / "FORMAT.md"
_INTRODUCTION = """# The scenario format

A scenario is a TOML file that says what a simulated world starts with and what happens in it:
`vmss-tui simulate --scenario FILE`. Every table and key is listed here with an example; a file with a key that is not
listed is refused with its name. `vmss-tui simulate --lint FILE` checks one, `--list` names the bundled ones.

Durations are simulated seconds, as a number or a text such as `"30s"`, `"5m"`, `"2h"`, `"3d"`; a range of them is a
list of two. Instance ids are numbers, texts, or ranges such as `"0-4"`. Keys in **bold** are required.

The smallest scenario is one scale set:

```toml
[[scale_sets]]
name = "app"
```
"""


def render() -> str:
    """The reference as Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(table, table.name, 2) for table in FILE.tables)])


def example(table: Table, path: str) -> str:
    """Every key of a table with its example, as TOML; tables inside it follow under their own headers."""
    header = f"[[{path}]]" if table.is_list else f"[{path}]"
    lines = [header, *(f"{key.name} = {key.example}" for key in table.keys)]
    if table.free:
        lines.append(FREE_EXAMPLES[table.name])
    return "\n".join(lines)


FREE_EXAMPLES = {
    "sizes": "HighCostGetVMScaleSet = [20, 100]",
    "tags": 'team = "web"',
    "files": '"https://example.com/app_v1.sh" = "echo hello"',
}


def _section(table: Table, path: str, level: int) -> str:
    brackets = f"[[{path}]]" if table.is_list else f"[{path}]"
    parts = [f"{'#' * level} `{brackets}`\n", f"{table.meaning}\n"]
    if table.free:
        parts.append(f"Any key: {table.free}.\n")
    if table.name == "defaults":
        parts.append("The keys and tables of `[[scale_sets]]`.\n")
        return "\n".join(parts)
    if table.keys:
        parts.append("| key | type | meaning |\n| --- | --- | --- |")
        parts += [_row(key) for key in table.keys]
        parts.append("")
    parts.append(f"```toml\n{example(table, path)}\n```\n")
    parts += [_section(inner, f"{path}.{inner.name}", level + 1) for inner in table.tables]
    return "\n".join(parts)


def _row(key: Key) -> str:
    name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
    return f"| {name} | {key.kind} | {key.meaning} |"
