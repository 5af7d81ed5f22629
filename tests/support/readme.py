"""The parts of the documents that come from the code: `make readme` writes them, a test compares them.

A part is between `<!-- NAME: written by `make readme` -->` and `<!-- /NAME -->`: the key table comes from the table of
actions, the commands from the command line's own help, the keys of a profile from its JSON Schema.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.report import load, markdown
from support.source.dependencies import EXTRAS, closure, declared, license_of
from vmss_tui.app.actions import key_table
from vmss_tui.cli import help as cli_help

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "NOTICE.md", *sorted((ROOT / "docs").glob("*.md")))
_PART = re.compile(r"(<!-- (?P<name>[a-z-]+): written by `make readme` -->\n).*?(<!-- /(?P=name) -->)", re.DOTALL)


def refreshed(text: str) -> str:
    """A document's text with its generated parts as the code has them now."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found['name']]()}\n{found[3]}", text)


def commands() -> str:
    """The commands as one Markdown table."""
    rows = ["| command | what it does |", "|---|---|"]
    for section in cli_help.SECTIONS:
        rows += [f"| **{section}** | |"]
        for entry in cli_help.ENTRIES:
            if entry.section == section:
                usage = _safe(f"vmss-tui {entry.name} {entry.usage}".rstrip())
                rows.append(f"| `{usage}` | {_safe(entry.summary)} |")
    return "\n".join(rows) + "\n"


def options() -> str:
    """The options that precede the command as one Markdown table."""
    rows = [f"| `{_safe(option.call)}` | {_safe(option.text)} |" for option in cli_help.OPTIONS]
    return "\n".join(["| option | what it does |", "|---|---|", *rows]) + "\n"


def dependencies() -> str:
    """Every package that an installation brings, with its license."""
    always, by_extra = set(closure(declared())), {extra: set(closure(declared(extra))) for extra in EXTRAS}
    rows = ["| package | license | comes with |", "|---|---|---|"]
    for name, dist in sorted(closure(declared(*EXTRAS)).items()):
        extras = [f"`{extra}`" for extra, names in by_extra.items() if name in names]
        where = "" if name in always else ", ".join(extras)
        rows.append(f"| {name} | {license_of(dist)} | {where or 'every installation'} |")
    return "\n".join(rows) + "\n"


def profile_keys() -> str:
    """Every key of a profile, one Markdown table a TOML table; tables with the same keys share one."""
    schema = json.loads((ROOT / "profiles" / "profile.schema.json").read_text(encoding="utf-8"))
    titles: dict[str, list[str]] = {}
    for title, table in _key_tables("", schema):
        titles.setdefault(table, []).append(title)
    return "\n".join(f"{', '.join(names)}: {table}" for table, names in titles.items())


def _key_tables(name: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and table of one object's keys, then those of the objects in it."""
    inner: list[tuple[str, Mapping[str, Any]]] = []
    rows = []
    for key, about in schema.get("properties", {}).items():
        nested = _nested(f"{name}.{key}" if name else key, about)
        if nested:
            inner.append(nested)
        else:
            rows.append(f"| `{key}` | {_safe(_kind(about))} | {_safe(about.get('description', ''))} |")
    if rows:
        lines = [schema.get("description", ""), "", "| key | value | meaning |", "|---|---|---|", *rows]
        yield f"`[{name}]`" if name else "At the top", "\n".join(lines) + "\n"
    for path, about in inner:
        yield from _key_tables(path, about)


def _nested(path: str, about: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The table behind a key, if it has keys of its own: `a.NAME` where names are free, `[a]` in a list of tables."""
    if "properties" in about:
        return path, about
    more = about.get("additionalProperties")
    if isinstance(more, dict) and "properties" in more:
        return f"{path}.NAME", {**more, "description": about.get("description", "")}
    items = about.get("items")
    if isinstance(items, dict) and "properties" in items:
        return f"[{path}]", {**items, "description": about.get("description", "")}
    return None


def _kind(about: Mapping[str, Any]) -> str:
    """The values of a key, in few words."""
    if "const" in about:
        return f"`{json.dumps(about['const'])}`"
    if "enum" in about:
        return ", ".join(f"`{value}`" for value in about["enum"])
    if "anyOf" in about or "oneOf" in about:
        kinds = [_kind(choice) for choice in about.get("anyOf", about.get("oneOf"))]
        return " or ".join(dict.fromkeys(kinds))
    kind = {"object": "table", "array": "list", "boolean": "true or false"}.get(
        str(about.get("type")), about.get("type", "value")
    )
    least, most = about.get("minimum"), about.get("maximum")
    if least == most:
        return str(kind if least is None else least)
    return f"{kind}, {least} to {most}" if least is not None and most is not None else f"{kind}, from {least}"


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def figures() -> str:
    """The latest figures of `make bench`, and where they were measured."""
    results, host = load(ROOT / "bench.json")
    return f"{markdown(results)}\nMeasured on {host}.\n"


HEADLINES = (
    "first frame in a terminal, over a bare Textual app",
    "key to paint, p50",
    "key to paint, p99",
    "bytes to the terminal while it rolls",
    "processor of the app while it rolls",
    "memory of the app",
    "memory of the runner",
)
"""Figures that a reader sees first; all of them are folded away."""
LARGEST = 1000
"""Instances of the largest scale set that is measured."""


def headlines() -> str:
    """The figures that matter most, of the largest scale set, each with its limit."""
    results, _ = load(ROOT / "bench.json")
    rows = [
        f"| {found.what} | {found.measured.partition(',')[0]} | {found.budget} |"
        for what in HEADLINES
        for found in results
        if found.what == what and found.size in (0, LARGEST)
    ]
    return "\n".join(["| what | measured | budget |", "|---|---|---|", *rows]) + "\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "keys": key_table.markdown,
    "commands": commands,
    "options": options,
    "dependencies": dependencies,
    "profile-keys": profile_keys,
    "figures": figures,
    "headlines": headlines,
}


def main() -> None:
    """Write the generated parts."""
    for path in DOCUMENTS:
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
