"""`jsonencode` of a Terraform configuration: literals as JSON, everything else as the text of its expression."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.profiles.convert.hcl import encoded


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ('{ commandToExecute = "./i.sh" }', {"commandToExecute": "./i.sh"}),
        ('{"a": 1, "b": [true, null, -2.5]}', {"a": 1, "b": [True, None, -2.5]}),
        ('{\n  a = "x"\n  b = 2 # two\n  c = {\n    d = "y"\n  }\n}', {"a": "x", "b": 2, "c": {"d": "y"}}),
        ('{ a = "say \\"hi\\" \\u00e9\\n" }', {"a": 'say "hi" é\n'}),
        ('{ a = "./i.sh ${var.env} $${HOME}" }', {"a": "./i.sh ${var.env} $${HOME}"}),
        ('{ a = "${lookup(var.m, "k")}" }', {"a": '${lookup(var.m, "k")}'}),
        ("{ a = var.env, b = local.files }", {"a": "${var.env}", "b": "${local.files}"}),
        ('{ a = join(" ", ["x", "y"]) }', {"a": '${join(" ", ["x", "y"])}'}),
        ('{ a = "x" == "y" ? 1 : 2 }', {"a": '${"x" == "y" ? 1 : 2}'}),
        ("[for f in var.files : f]", "${[for f in var.files : f]}"),
        ("{ for k, v in var.m : k => v }", "${{ for k, v in var.m : k => v }}"),
        ("local.settings", "${local.settings}"),
        ("{}", {}),
    ],
)
def test_literals_are_read_and_expressions_kept(inside: str, value: Any) -> None:
    assert encoded(f"${{jsonencode({inside})}}") == value


@pytest.mark.parametrize(
    "text", ["plain", "${var.x}", "${jsonencode({)}", '${jsonencode("a)}', "${jsonencode()}", "${jsonencode({} {})} x"]
)
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        encoded(text)


@given(st.text(alphabet='{}[]()"=:,$\\ \nabn1.#', max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(ValueError):
        encoded(f"${{jsonencode({text})}}")
