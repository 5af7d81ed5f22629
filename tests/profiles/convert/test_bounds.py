"""A template of some hundred bytes fills neither the memory nor the evening."""

from typing import Any

import pytest

from support.profiles.documents import template
from vmss_tui.profiles.convert.arm_expressions import Scope
from vmss_tui.profiles.convert.arm_functions import call
from vmss_tui.profiles.convert.arm_values import Unresolved
from vmss_tui.profiles.convert.importing import from_json


def doubled(name: str, times: int) -> Any:
    """A list of two lists of two lists …, or one that is appended to itself."""
    value: Any = ["a", "b"]
    for _ in range(times):
        value = call(name, [value, value], {})
    return value


@pytest.mark.parametrize("name", ["createarray", "concat", "createobject"])
def test_what_doubles_again_and_again_is_not_carried_out(name: str) -> None:
    with pytest.raises(Unresolved):
        if name == "createobject":
            value: Any = "a"
            for _ in range(40):
                value = call(name, ["x", value, "y", value], {})
        else:
            doubled(name, 40)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mul", ["a" * 10, 9_999_999_999]),
        ("mul", [1 << 40, 1 << 40]),
        ("add", [["a"], ["b"]]),
        ("json", ["[" * 200_000]),
    ],
)
def test_a_function_makes_nothing_huge(name: str, arguments: list[Any]) -> None:
    with pytest.raises(Unresolved):
        call(name, arguments, {})


@pytest.mark.parametrize(
    "body",
    [
        "length(range(0, 9000))",
        "length(union(range(0, 4000), range(4000, 4000)))",
        "length(replace(padLeft('a', 500000), ' ', 'bb'))",
        "map(range(0, 9), lambda('y', length(range(0, 9000))))",
    ],
)
def test_loops_that_would_make_much_of_nothing_end(body: str) -> None:
    with pytest.raises(Unresolved):
        Scope({}).value(f"[map(range(0, 5000), lambda('x', {body}))]")


def test_long_lists_are_merged_in_their_order() -> None:
    first, second = list(range(3000)), list(range(6000, 2000, -1))
    assert call("union", [first, second], {}) == [*first, *range(6000, 2999, -1)]
    assert call("union", [[{"a": 1}, "1", 1], [1, {"a": 1}, ["1"], "1"]], {}) == [{"a": 1}, "1", 1, ["1"]]


def test_numbers_are_still_calculated() -> None:
    assert (call("mul", [6, 7], {}), call("add", [1, 2], {}), call("sub", [1, 2], {})) == (42, 3, -1)


@pytest.mark.parametrize("where", ["variables", "parameters"])
def test_lists_of_lists_of_lists_are_not_written_out(where: str) -> None:
    def entry(value: Any) -> Any:
        return value if where == "variables" else {"type": "array", "defaultValue": value}

    nested = {"x0": entry([1] * 10)} | {f"x{i}": entry([f"[{where}('x{i - 1}')]"] * 10) for i in range(1, 12)}
    (found,) = from_json(template({"data": f"[{where}('x11')]"}, **{where: nested}), name="x")
    assert len(str(found.profile.script.settings)) < 1000
