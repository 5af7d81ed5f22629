"""One term for one thing, in texts, names, docstrings and comments."""

import re
from pathlib import Path

import pytest

from support.source.modules import ROOT, every_module, modules
from support.source.texts import (
    banned_phrases,
    documents,
    offending_texts,
    phrases_in,
    remarks,
    texts,
    words_of_names,
)
from vmss_tui.redact import redacted

NOT_IN_NAMES = frozenset(
    ("scene", "looking", "asking", "endings", "sight", "telling", "tell", "tells", "told", "peek", "peeking", "called",
     "news", "somebody", "nobody", "each")
)  # fmt: skip
"""Words without an object, or for an actor that has a name; a loop variable is named for what it holds."""


WITHOUT_A_SUBJECT = re.compile(
    r"(?:^|[.;:] )[Ww](?:hat|ho) (?:is|are|was|were|has|can|cannot|may|does)\b[^.;:,]*"
    r" (?:is|are|was|were|stays?|becomes?|counts?|passes|must|cannot)\b"
    r"|\bwho(?:so)?ever\b|\bwhatever\b|\bwherever\b|\bsomebody\b"
    r"|\b(?:stands?|stood)\b(?! (?:for|out)\b)(?!-)"
    r"|\b(?:left|leaves?|leaving) out\b|\banew\b|\bas if it were\b|\btaken for\b"
    r"|^(?:After |Every )?[Ss]o (?:long|many|often|much)\b",
    re.IGNORECASE,
)
"""Clauses in place of a subject, verbs that personify, and other translated phrases."""


TRANSLATED = re.compile(
    r"\bwho(?:so)?ever\b|\bwhatever\b|\bwherever\b|\bsomebody\b|\banew\b|\btaken for\b"
    r"|\b(?:stands?|stood)\b(?! (?:for|out)\b)(?!-)|\bso (?:long|many) (?:after|of|at)\b",
    re.IGNORECASE,
)
"""The same for texts that users read, whose clauses and short forms vary more."""


def test_no_text_has_a_translated_phrase() -> None:
    found = {
        f"{module.name}:{line}": match.group()
        for module in modules()
        for line, text in texts(module)
        if (match := TRANSLATED.search(text))
    }
    found |= {name: match.group() for name, text in documents() if (match := TRANSLATED.search(text))}
    assert found == {}


def test_docstrings_and_comments_name_their_subject() -> None:
    found = {
        f"{module.path.relative_to(ROOT)}:{line}": match.group()
        for module in every_module()
        for line, remark in remarks(module)
        if (match := WITHOUT_A_SUBJECT.search(remark))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("remark", "wrong"),
    [
        ("What does not fit is left out.", True),
        ("Snapshots stay in memory; who cannot reach it is on its own.", True),
        ("The directory is private, whatever the umask.", True),
        ("How the rollout stands.", True),
        ("So many readings without a runner.", True),
        ("Who is signed in, and how.", False),
        ("`*` stands for any text.", False),
        ("Number of readings without a runner.", False),
    ],
)
def test_a_clause_in_place_of_a_subject_is_found(remark: str, wrong: bool) -> None:
    assert bool(WITHOUT_A_SUBJECT.search(remark)) is wrong


def test_no_name_has_a_word_that_says_nothing() -> None:
    """Neither in the program nor in its tests; the name of a test is a sentence."""
    found = {
        f"{module.name}: {name}"
        for module in every_module()
        for name, word in words_of_names(module)
        if word in NOT_IN_NAMES and not name.startswith("test_")
    }
    assert found == set()


def test_names_are_modules_definitions_parameters_and_variables(tmp_path: Path) -> None:
    package = tmp_path / "thing"
    package.mkdir()
    (package / "asking.py").write_text("""
class LooksUp:
    async def as_called(self, by_whom): self.last_news = [each for each in by_whom]
""")
    (module,) = modules(package)
    assert {"asking", "looks", "called", "whom", "news", "each"} <= {word for _, word in words_of_names(module)}


def test_no_text_has_a_phrase_that_the_glossary_bans() -> None:
    phrases = banned_phrases()
    found = offending_texts(modules(), phrases)
    found |= {name: hits for name, text in documents() if (hits := phrases_in(text, phrases))}
    assert found == {}, "docs/architecture.md names the term to use instead"


def test_phrases_are_found_as_words_in_any_case_and_over_line_ends() -> None:
    phrases = ("the roll", "go on", "told", "a machine")
    assert phrases_in("Go\non with THE roll.", phrases) == {"the roll", "go on"}
    assert phrases_in("untold; the roll back of the rolling upgrade; a virtual machine; cargo only", phrases) == set()


def test_remarks_are_docstrings_and_comments(tmp_path: Path) -> None:
    package = tmp_path / "thing"
    package.mkdir()
    (package / "said.py").write_text('"""Of the\n\nmodule."""\nx = 1  # at the end\n\n# one\n# text\n\n# another\n')
    (module,) = modules(package)
    assert [text for _, text in remarks(module)] == ["Of the module.", "at the end", "one text", "another"]


def test_texts_are_strings_and_printed_docstrings(tmp_path: Path) -> None:
    package = tmp_path / "vmss_tui" / "cli" / "commands"
    package.mkdir(parents=True)
    (package / "thing.py").write_text('''
"""A module's docstring."""
@click.command()
def shown():
    """Help of the command."""
def hidden(name):
    """A function's docstring."""
    code = "an-id"
    return f"batch {name} of {name!r}"
class Thing:
    at: int
    """An attribute's docstring."""
    label = "Label"
''')
    found = [text for module in modules(tmp_path / "vmss_tui") for _, text in texts(module)]
    assert sorted(found) == ["Help of the command.", "Label", "batch … of …"]


def test_no_sentence_of_ours_reads_as_a_secret() -> None:
    """`check AZURE_CLIENT_SECRET: it is …` was shown with `***` in place of `it`."""
    shown = [
        text
        for module in modules()
        if not module.name.startswith("vmss_tui.simulator")
        for _, text in texts(module)
        if not text.startswith(("SELECT ", "UPDATE ", "DELETE ", "INSERT ")) and redacted(text) != text
    ]
    assert shown == []


def test_the_glossary_bans_something() -> None:
    assert {"told", "Azure's roll"} <= set(banned_phrases())
