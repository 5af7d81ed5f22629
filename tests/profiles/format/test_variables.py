"""`${name}` is filled in, escaped, and left to the shell where it belongs to the shell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import QUICK
from vmss_tui.profiles.format.variables import declared_pieces, escape, fill, fill_declared, names, pieces


def test_names_are_filled_in() -> None:
    assert fill("v${major}.${minor}", {"major": "2", "minor": "5"}) == "v2.5"


def test_an_escaped_reference_stays() -> None:
    assert fill("echo $${HOME} ${x} $HOME", {"x": "1"}) == "echo ${HOME} 1 $HOME"


def test_values_are_not_filled_in_again() -> None:
    assert fill("${a}", {"a": "${b}", "b": "no"}) == "${b}"


def test_a_missing_name_is_named() -> None:
    with pytest.raises(KeyError, match="minor"):
        fill("${minor}", {})


def test_names_are_found_well_formed_or_not() -> None:
    assert list(names("${a} $${b} ${VAR:-x} ${open")) == ["a", "VAR:-x", "open"]


@QUICK
@given(st.text(alphabet="${}ab \n"))
def test_escaped_text_comes_back_unchanged(text: str) -> None:
    assert fill(escape(text), {}) == text
    assert list(names(escape(text))) == []


@QUICK
@given(st.text(alphabet="${}ab"))
def test_pieces_say_the_same_as_fill(text: str) -> None:
    values = dict.fromkeys(names(text), "V")
    assert "".join(values[part] if is_name else part for part, is_name in pieces(text)) == fill(text, values)


def test_in_an_inline_script_only_declared_names_count() -> None:
    script = 'a=${version} b=${HOME} c="${x:-1}" d=$${version}'
    assert fill_declared(script, {"version": "2"}) == 'a=2 b=${HOME} c="${x:-1}" d=${version}'
    assert fill_declared(script, {}) == script


@QUICK
@given(st.text(alphabet="${}ab"))
def test_an_inline_script_without_declared_names_is_untouched(text: str) -> None:
    assert "".join(part for part, _ in declared_pieces(text, ["zz"])) == text
