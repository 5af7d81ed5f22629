"""Every key of a TOML text has its line, in any notation."""

import tomllib
from typing import Any

import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import QUICK
from vmss_tui.profiles.format.locate import layout

TEXT = '''# a comment
schema = 1
name = "x" # another
[script]
files = [
  "https://a#b", # not a key
  { uri = "x", sha256 = 'y#"' },
]
inline = """
a = b
[not.a.header]
"quoted" ""\\""" still
""""
[[rollout.steps]]
batch = 1
[[rollout.steps]]
batch = 2
[variables."a b".c]
d = 1979-05-27 07:32:00
e.f = {}
g = [ [1, 2], [ { h = 3 } ] ]
'''


def test_keys_lists_and_tables_have_their_lines() -> None:
    tomllib.loads(TEXT)
    lines = layout(TEXT).lines
    assert lines["schema"] == 2
    assert lines["name"] == 3
    assert lines["script"] == 4
    assert lines["script.files[0]"] == 6
    assert lines["script.files[1].sha256"] == 7
    assert lines["script.inline"] == 9
    assert lines["rollout.steps[0].batch"] == 15
    assert lines["rollout.steps[1].batch"] == 17
    assert lines["variables.a b.c.d"] == 19
    assert lines["variables.a b.c.e.f"] == 20
    assert lines["variables.a b.c.g[1][0].h"] == 21
    assert "a" not in lines


def test_a_missing_key_has_the_line_of_the_table_around_it() -> None:
    found = layout(TEXT)
    assert found.line("script.command") == 4
    assert found.line("script.files[1].other") == 7
    assert found.line("nowhere.at.all") == 0


def test_windows_line_ends_and_no_last_line_end() -> None:
    assert layout("a = 1\r\n[b]\r\nc = 2").lines == {"a": 1, "b": 2, "b.c": 3}


scalars = st.one_of(st.text(max_size=12), st.integers(-9, 9), st.booleans(), st.floats(allow_nan=False))
names = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
tables = st.dictionaries(
    names,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


def leaves(value: Any, path: str) -> set[str]:
    if isinstance(value, dict):
        return {leaf for key, part in value.items() for leaf in leaves(part, f"{path}.{key}" if path else key)}
    if isinstance(value, list):
        return {leaf for index, part in enumerate(value) for leaf in leaves(part, f"{path}[{index}]")} | {path}
    return {path}


@QUICK
@given(tables, st.booleans())
def test_every_key_of_any_document_is_found_on_the_line_that_names_it(table: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(table, multiline_strings=multiline)
    found = layout(text).lines
    expected = leaves(table, "")
    assert {key for key in expected if not key.endswith("]")} <= set(found)
    shown = text.split("\n")
    for key, line in found.items():
        last = key.rsplit(".", 1)[-1].split("[")[0]
        assert last in shown[line - 1] or key.endswith("]")
