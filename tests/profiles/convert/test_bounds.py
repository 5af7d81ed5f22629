"""A template of some hundred bytes fills neither the memory nor the evening."""

from typing import Any

import pytest

from vmss_tui.profiles.convert.arm_functions import call
from vmss_tui.profiles.convert.arm_values import Unresolved


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


def test_numbers_are_still_calculated() -> None:
    assert (call("mul", [6, 7], {}), call("add", [1, 2], {}), call("sub", [1, 2], {})) == (42, 3, -1)
