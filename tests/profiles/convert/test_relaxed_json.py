"""JSON with what ARM templates allow beyond it; everything else is refused as strict JSON is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import examples
from vmss_tui.profiles.convert.relaxed_json import loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1} // to the end of the line', {"a": 1}),
        ('/* before */ {"a": /* inside */ 1}', {"a": 1}),
        ('{"a": 1, // a comment after the last comma\n}', {"a": 1}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('{"a": "one\n  two"}', {"a": "one\n  two"}),
        ('{"a": "https://files.example/x", /* c */}', {"a": "https://files.example/x"}),
        ('{"a": ",]", "b": "/* no comment */",}', {"a": ",]", "b": "/* no comment */"}),
        ('{"a": "a \\" quote // here",}', {"a": 'a " quote // here'}),
        ('{"a": 1} /* without an end', {"a": 1}),
    ],
)
def test_comments_long_texts_and_last_commas(text: str, value: Any) -> None:
    assert loads(text) == value


@pytest.mark.parametrize("text", ["", "{", '{"a": "no end', '{"a": 1 / 2}', "[,]", "[1,,]", '{"a" 1}', "/"])
def test_anything_else_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(json.JSONDecodeError, match="line 1"):
        loads(text)


@given(VALUES)
@examples(200)
def test_strict_json_reads_as_it_does_elsewhere(value: Any) -> None:
    assert loads(json.dumps(value)) == value


@given(VALUES)
@examples(200)
def test_comments_between_lines_change_nothing(value: Any) -> None:
    lines = json.dumps(value, indent=1).splitlines()
    assert loads(" // why\n".join(lines) + "/* end */") == value
