"""Expressions that others write take linear time everywhere: with Python's engine nothing here would end."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui.config.read import parse as parse_configuration
from vmss_tui.patterns import Pattern, PatternProblem, pattern_problem
from vmss_tui.presentation.filter import matches, parse
from vmss_tui.presentation.fleet.rows import FLEET
from vmss_tui.profiles.convert.recognize import recover
from vmss_tui.profiles.model import check_record, check_value, lint, resolve
from vmss_tui.redact import hide_also, redacted

SLOW = ("(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)*b", "(a*)*(a*)*b", "([a-z]+)*b", "(a?){30}a{30}b")
LONG = "a" * 60_000


@pytest.mark.parametrize("expression", SLOW)
def test_a_variable_with_a_long_value(expression: str) -> None:
    text = f"{HEAD}variables.v = {{pattern = '{expression}', default = '{LONG}'}}\n{SCRIPT}"
    assert [problem.key for problem in lint(text) if problem.is_error] == ["variables.v.default"]


@pytest.mark.parametrize("expression", SLOW)
def test_a_ticket(expression: str, tmp_path: Path) -> None:
    report = profile(tmp_path, f"{HEAD}{SCRIPT}[report]\nticket_pattern = '{expression}'\n").report
    assert [problem.key for problem in check_record(report, why="", ticket=LONG)] == ["report.ticket"]
    assert not check_record(report, why="", ticket=f"{'a' * 60}b")


@pytest.mark.parametrize("expression", SLOW)
def test_what_the_configuration_hides(expression: str) -> None:
    hide_also([expression])
    try:
        assert redacted(LONG) == LONG
        assert redacted(f"{'a' * 60}b!") == "***!"
    finally:
        hide_also([])


@pytest.mark.parametrize("expression", SLOW)
def test_a_filter(expression: str) -> None:
    terms = parse(f"/^{expression}$/", FLEET.fields)
    assert not matches(terms, lambda field: (LONG,))
    assert matches(terms, lambda field: ("A" * 60 + "B",))


def test_naming_what_a_stranger_wrote(tmp_path: Path) -> None:
    """Every variable of the command may end anywhere in it."""
    names = "abcdefgh"
    variables = "".join(f"variables.{name} = {{}}\n" for name in names)
    command = " ".join(f"${{{name}}}" for name in names)
    wanted = profile(tmp_path, f"{HEAD}{variables}[script]\ncommand = './x {command} end'\n")
    script = resolve(wanted, dict.fromkeys(names, "1 2"), environ={}).script
    assert recover(wanted, script) is not None
    assert recover(wanted, replace(script, settings={"commandToExecute": f"./x {'1 ' * 20_000}"})) is None


@pytest.mark.parametrize("values", [("1", "2"), ("a-b", "c"), ("a", "a-b"), ("", "")])
def test_a_value_that_occurs_twice(values: tuple[str, str], tmp_path: Path) -> None:
    text = f"{HEAD}[variables]\na = {{}}\nb = {{}}\n[script]\ncommand = './x ${{a}} ${{b}}; ./y ${{a}}'\n"
    wanted = profile(tmp_path, text)
    given_values = dict(zip("ab", values, strict=True))
    assert recover(wanted, resolve(wanted, given_values, environ={}).script) == given_values


@pytest.mark.parametrize("expression", [r"(.)\1", "(?=a)b", "(?<!a)b", "(", "a**", "a{1,9999}", "\ud800"])
def test_what_the_engine_cannot_take_is_a_problem(expression: str) -> None:
    with pytest.raises(PatternProblem, match="RE2"):
        Pattern(expression)
    assert pattern_problem(expression)


def test_the_configuration_names_what_it_cannot_take() -> None:
    (problem,) = parse_configuration("[secrets]\npatterns = ['(?=x)y', 'fine']\n", Path("config.toml"), {}).problems
    assert "no lookaround" in str(problem)


@given(st.text(max_size=20), st.text(max_size=40))
def test_any_expression_is_one_or_a_problem(expression: str, text: str) -> None:
    if pattern_problem(expression):
        return
    pattern = Pattern(expression)
    assert pattern.occurs_in(text) or not pattern.fits(text)
    assert pattern.occurs_in(text) or pattern.replaced(text, "***") == text


def test_a_value_of_the_allowed_kind_fits(tmp_path: Path) -> None:
    text = f"{HEAD}variables.v = {{pattern = '\\d+(\\.\\d+)*'}}\n{SCRIPT}"
    (variable,) = profile(tmp_path, text.replace("./a.sh", "./a.sh ${v}")).variables
    assert not check_value(variable, "1.2.3") and check_value(variable, "1.2.") and check_value(variable, "1\ud800")
