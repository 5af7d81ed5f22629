"""The texts of the repository: strings, docstrings, comments, names, and the documents."""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import TypeGuard

from support.source.modules import ROOT, Function, Module

GLOSSARY = ROOT / "docs" / "architecture.md"
_ROW = re.compile(r"^\|(?P<term>[^|]+)\|(?P<never>[^|]+)\|$", re.MULTILINE)
_GENERATED = re.compile(r"<!-- (?P<name>[a-z-]+): written by .*?<!-- /(?P=name) -->", re.DOTALL)
_PHRASE = re.compile(r"`([^`]+)`")
_GIVES: dict[type[ast.AST], str] = {
    ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name", ast.arg: "arg", ast.Name: "id",
    ast.Attribute: "attr",
}  # fmt: skip
"""The nodes that give a name, and the attribute that holds it."""
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A banned phrase inside of these is none.
_ALLOWED = re.compile(r"roll(ed|ing|s)? (back|out)|virtual machines?", re.IGNORECASE)


def banned_phrases() -> tuple[str, ...]:
    """The phrases in `code` of the glossary's right column."""
    _, _, glossary = GLOSSARY.read_text(encoding="utf-8").partition("## Glossary")
    table, _, _ = glossary.partition("\n## ")
    return tuple(phrase for row in _ROW.finditer(table) for phrase in _PHRASE.findall(row["never"]))


def phrases_in(text: str, phrases: Sequence[str]) -> set[str]:
    """Those of the phrases that occur in a text as whole words, in any case and over line ends."""
    words = _ALLOWED.sub("…", " ".join(text.split()))
    known = {phrase.lower(): phrase for phrase in phrases}
    return {known[found.lower()] for found in _pattern(tuple(phrases)).findall(words)}


@cache
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all: longer phrases first; looking ahead finds those that overlap."""
    alternatives = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?=({alternatives})(?![\w-]))", re.IGNORECASE)


def texts(module: Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; `…` stands for what an f-string fills in.

    Strings without a space and without a capital letter are ids, not texts. Docstrings of decorated functions of the
    command line are texts: Click prints them.
    """
    skipped = _docstrings(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield node.lineno, "".join(part.value if _is_string(part) else "…" for part in node.values)
        elif _is_string(node) and id(node) not in skipped and not _is_id(node.value):
            yield node.lineno, node.value


class _Text(ast.Constant):
    """A constant that is a string."""

    value: str


def _is_string(node: ast.AST) -> TypeGuard[_Text]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_id(text: str) -> bool:
    return " " not in text and text == text.lower()


def _docstrings(module: Module) -> set[int]:
    """Ids of the nodes of every docstring, of attributes too, that are not shown at run time."""
    return {
        id(statement.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | Function) and not _is_command(module, node)
        for statement in node.body
        if isinstance(statement, ast.Expr) and _is_string(statement.value)
    }


def _is_command(module: Module, node: ast.AST) -> bool:
    return module.name.startswith("vmss_tui.cli.commands.") and isinstance(node, Function) and bool(node.decorator_list)


def remarks(module: Module) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring and comment, in one line each; adjacent lines of comments are one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            for statement in node.body:
                if isinstance(statement, ast.Expr) and _is_string(statement.value):
                    yield statement.lineno, " ".join(statement.value.value.split())
    comments: list[tuple[int, list[str]]] = []
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            line, text = token.start[0], token.string.lstrip("#: ")
            alone = token.line.lstrip().startswith("#")
            if alone and comments and line == comments[-1][0] + len(comments[-1][1]):
                comments[-1][1].append(text)
            else:
                comments.append((line, [text]))
    yield from ((line, " ".join(parts)) for line, parts in comments)


def words_of_names(module: Module) -> Iterator[tuple[str, str]]:
    """Every name that a module gives, its own included, and each word in it."""
    given = {module.path.stem}
    for node in ast.walk(module.tree):
        attribute = _GIVES.get(type(node))
        if attribute and not isinstance(getattr(node, "ctx", None), ast.Load):
            given.add(getattr(node, attribute))
    for name in sorted(given):
        for word in _NAME_WORD.findall(name):
            yield name, word.lower()


def offending_texts(modules: Collection[Module], phrases: Sequence[str]) -> dict[str, set[str]]:
    """Module name -> banned phrases in its texts."""
    found = {
        module.name: {phrase for _, text in texts(module) for phrase in phrases_in(text, phrases)} for module in modules
    }
    return {name: hits for name, hits in found.items() if hits}


def documents() -> Iterator[tuple[str, str]]:
    """Path and text of every document that ships or that a reader of the repository opens; without the
    glossary itself and what is generated from the code."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("profiles/*.toml"), *ROOT.glob("tui/**/FORMAT.md")]
    for path in sorted(paths):
        text = path.read_text(encoding="utf-8")
        if path == GLOSSARY:
            before, _, glossary = text.partition("## Glossary")
            text = before + glossary.partition("\n## ")[2]
        text = _GENERATED.sub("", text)
        yield str(path.relative_to(ROOT)), text
