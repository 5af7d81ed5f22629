"""How a reading command answers: a table for people, or JSON, YAML, JSON lines or TSV for programs, cut by a query.

`-o` and `--query` are those of the Azure CLI: the query is JMESPath over the JSON answer. Writes through `output` only.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, assert_never

import click

from vmss_tui.cli import output
from vmss_tui.cli.invocation import as_typed
from vmss_tui.errors import UsageError
from vmss_tui.redact import redacted_value

Function = TypeVar("Function", bound=Callable[..., Any])


class Form(StrEnum):
    """The forms of an answer."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    JSONL = "jsonl"
    TSV = "tsv"
    """Values with tabs between them, a line for each row; without titles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The form that was asked for, and the query."""

    form: Form = Form.TABLE
    query: str = ""

    @property
    def for_people(self) -> bool:
        """Whether the answer is the command's own table."""
        return self.form is Form.TABLE and not self.query

    def answer(self, value: Any, lines: Callable[[], Iterable[str]]) -> None:
        """Write `value`, or `lines` for people. Raises UsageError for a query that is not JMESPath."""
        if self.for_people:
            output.lines(map(as_typed, lines()))
            return
        _write(self.form, _queried(redacted_value(value), self.query) if self.query else value)


def shaped(function: Function) -> Function:
    """Give a command `--json`, `-o` and `--query`; it gets them as `shape`."""
    options = (
        click.option(
            "--json", "as_json", is_flag=True, is_eager=True, expose_value=False, callback=_json, help="As -o json.",
        ),
        click.option(
            "--output", "-o", "shape", type=click.Choice([form.value for form in Form]), callback=_shape,
            metavar="FORM", help="Form of the answer: table (default), json, yaml, jsonl, tsv.",
        ),
        click.option(
            "--query", metavar="JMESPATH", expose_value=False, is_eager=True, callback=_keep("query"),
            help="Part of the JSON answer, as with az: '[].name'.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


_META = "vmss_tui.shape"


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        ctx.meta.setdefault(_META, {})[name] = value
        return value

    return keep


def _json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """`--json` is handled before `-o`, even if it is given after it."""
    ctx.meta.setdefault(_META, {})["json"] = value


def _shape(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> Shape:
    kept = ctx.meta.get(_META, {})
    form = Form(value) if value is not None else Form.JSON if kept.get("json") else Form.TABLE
    query = kept.get("query") or ""
    return Shape(form=form, query=query)


def _queried(value: Any, query: str) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, json.loads(json.dumps(value)))
    except JMESPathError as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"--query {query!r}: {reason}", hint="Write JMESPath, such as --query '[].name'.") from error
    except RecursionError as error:
        raise UsageError("--query: the expression is nested too deeply") from error


def _write(form: Form, value: Any) -> None:
    match form:
        case Form.JSON:
            output.document(value)
        case Form.JSONL:
            for record in value if isinstance(value, list | tuple) else [value]:
                output.record(record)
        case Form.YAML:
            import yaml

            text = yaml.safe_dump(
                json.loads(json.dumps(redacted_value(value))), sort_keys=False, allow_unicode=output.unicode()
            )
            output.lines(text.rstrip("\n").split("\n"))
        case Form.TSV:
            output.lines(_rows(redacted_value(value)))
        case Form.TABLE:
            output.lines(_table(value))
        case _:
            assert_never(form)


def _table(value: Any) -> list[str]:
    """What a query left, for people: a table of objects, a line for everything else."""
    from vmss_tui.presentation import text_tables

    if isinstance(value, Mapping):
        return text_tables.facts([(key, _cell(part)) for key, part in value.items()])
    items = list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
    if items and all(isinstance(item, Mapping) for item in items):
        keys = list(dict.fromkeys(key for item in items for key in item))
        columns = [text_tables.TextColumn(key.upper()) for key in keys]
        return text_tables.table(columns, [[_cell(item.get(key)) for key in keys] for item in items], cells=None)
    return _rows(items)


def _rows(value: Any) -> list[str]:
    """A line for each item, tabs between the values of an object or a list."""
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    rows = [item.values() if isinstance(item, Mapping) else item for item in items]
    return ["\t".join(map(_cell, row)) if not isinstance(row, _SCALAR) else _cell(row) for row in rows]


_SCALAR = str | int | float | bool | None


def _cell(value: Any) -> str:
    from vmss_tui.text import plain

    if value is None:
        return ""
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
