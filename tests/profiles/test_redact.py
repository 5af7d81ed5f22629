"""A profile on a screen: literal secrets are hidden, also in a broken file and however long it is."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.profiles.redact import masked

SECRET = "hunter2-very-secret"


@pytest.mark.parametrize(
    "text",
    [
        '[protected]\nscript = {{ literal = "{}" }}\n',
        "[protected]\nscript = {{ literal = '{}', force = true }}\n",
        '[protected]\nscript = {{ force = true, literal = "{}" }}\n',
        '[protected.script]\nforce = true\nliteral = "{}"\n',
        '[protected]\nscript.literal = "{}"\n',
        'protected.script.literal = "{}"\n',
        'protected = {{ script = {{ literal = "{}" }} }}\n',
        'protected = {{ "script" = {{ "literal" = "{}" }} }}\n',
        '[protected]\n"script".literal="{}"\n',
        '[ protected . script ]\nliteral = """\n{}"""\n',
        "[protected.script]\nliteral = '''{}'''\n",
        '[protected]\nstorageAccountKey = "{}"\n',
        'protected.storageAccountKey = "{}" # the key\n',
        "[protected]\ncommandToExecute = '{}'\n",
        # Broken in the middle of typing.
        '[protected]\nscript = {{ literal = "{}\n',
        '[protected\nscript = {{ literal = "{}" }}\n',
        "[protected.script]\nliteral = '''{}",
        'script = {{ literal = "{}"\n[[[',
        'literal = "{}"\n',
    ],
)
def test_a_literal_is_hidden_wherever_it_stands(text: str) -> None:
    shown = masked(text.format(SECRET))
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        '[protected]\nstorageAccountName = { literal = "ships" }\n',
        '[protected]\nmanagedIdentity = { clientId = "1234" }\n',
        '[protected]\nscript = { env = "NAME" } # literal = "x"\n',
        '[script]\ncommand = "literal = \'x\'"\nfiles = ["https://h/literal=1"]\n',
        '[report]\nwhy = """\nliteral = "x"\n"""\n',
        "[variables.literal]\nhelp = 'protected.script'\n",
        "# [protected]\n# script = { literal = 'x' }\n",
        "",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert masked(text) == text


def test_a_secret_is_hidden_where_it_is_repeated() -> None:
    text = f'[script]\ncommand = "./a.sh {SECRET}"\n[protected]\nscript = {{ literal = "{SECRET}" }}\n'
    assert SECRET not in masked(text)
    assert masked('[script]\ncommand = "a"\n[protected]\nx = { literal = "a" }\n').startswith(
        '[script]\ncommand = "a"\n'
    )


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        '"a',
        "{",
        "[",
        "=",
        "a=",
        "a={",
        "literal=",
        "literal = '",
        "a.",
        "\n",
        "é",
    ],
)
def test_a_megabyte_on_one_line_is_masked_at_once(piece: str) -> None:
    """Linear: the pattern of before took half a minute for 32 KB."""
    masked("literal = '" + piece * (1_000_000 // len(piece)))
    masked(piece * (1_000_000 // len(piece)))


@given(st.text(st.sampled_from("ab.='\"{}[]\n\\# protectedliteral"), max_size=80))
def test_any_text_can_be_masked(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), min_size=8, max_size=30))
def test_any_secret_is_hidden_and_the_rest_still_reads(secret: str) -> None:
    text = f"name = 'x'\n[protected]\nscript = {{ literal = '{secret}' }}\n"
    shown = tomllib.loads(masked(text))
    assert shown["protected"] == {"script": {"literal": "***"}}
