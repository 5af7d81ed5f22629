"""Functions of ARM templates on values that are known. Source: "ARM template functions"."""

from typing import Any

import pytest

from vmss_tui.profiles.convert.arm_expressions import Scope
from vmss_tui.profiles.convert.arm_values import Unresolved


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("format('{0}-{1,5}-{0:N}', 'a', 'b')", "a-b-a"),
        ("format('{{0}} {0}', 7)", "{0} 7"),
        ("uri('https://x/a/b', 'c.sh')", "https://x/a/c.sh"),
        ("uri('https://x/a/', '/c.sh')", "https://x/a/c.sh"),
        ("uri('https://x', 'c.sh')", "https://x/c.sh"),
        ("split('a;b,c', createArray(';', ','))", ["a", "b", "c"]),
        ("substring('abcdef', 2)", "cdef"),
        ("substring('abcdef', 2, 3)", "cde"),
        ("contains(createObject('Name', 1), 'name')", True),
        ("contains('abc', 'b')", True),
        ("tryGet(createObject('a', createArray(7, 8)), 'A', 1)", 8),
        ("tryGet(createArray(7), 3)", None),
        ("tryGet(null(), 'a')", None),
        ("equals(1, '1')", False),
        ("equals(createArray(1), createArray(1))", True),
        ("join(createArray('a', 2), ', ')", "a, 2"),
        ("union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))",
         {"a": {"x": 1, "y": 2}}),
        ("shallowMerge(createArray(createObject('a', 1), createObject('a', 2, 'b', 3)))", {"a": 2, "b": 3}),
        ("div(-7, 2)", -3),
        ("mod(-7, 2)", -1),
        ("padLeft(7, 3, '0')", "007"),
        ("last(range(3, 4))", 6),
        ("coalesce(null(), 'b')", "b"),
        ("base64ToString(base64('ä'))", "ä"),
        ("not(bool('true'))", False),
        ("uriComponentToString(uriComponent('a b/c'))", "a b/c"),
    ],
)  # fmt: skip
def test_a_function_gives_what_azure_gives(expression: str, value: Any) -> None:
    found = Scope({}).value(f"[{expression}]")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "expression",
    [
        "format('{1}', 'a')",
        "format(7, 'a')",
        "substring('abc', 2, 5)",
        "createObject('a')",
        "createObject(1, 'a')",
        "union('a', createArray('a'))",
        "shallowMerge(createArray('a'))",
        "tryGet('text', 'a')",
        "range(0, -1)",
        "padLeft('a', 5, '--')",
        "div(1, 0)",
        "not('true')",
        "base64ToString('no base64!')",
        "reference('vm')",
        "concat('a'",
    ],
)
def test_what_azure_refuses_or_only_a_deployment_knows_is_not_resolved(expression: str) -> None:
    with pytest.raises(Unresolved):
        Scope({}).value(f"[{expression}]")
