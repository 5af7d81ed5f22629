"""Forms of an answer: `-o`, `--query`, and errors as documents."""

import json
from pathlib import Path

import pytest
import yaml

from support.program import Inside, Program
from vmss_tui.cli.help import OPTIONS
from vmss_tui.cli.invocation import DEMO
from vmss_tui.cli.main import VALUED, main
from vmss_tui.cli.shape import Form, Shape


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return Program({}, tmp_path).profile()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("profile")
def test_every_form_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("profiles", "list")
    _, plain, _ = run(capsys, *command, "--json")
    records = json.loads(plain)
    assert run(capsys, *command, "-o", "json")[1] == plain
    assert run(capsys, *command, "-o", "json", "--json")[1] == plain
    assert yaml.safe_load(run(capsys, *command, "-o", "yaml")[1]) == records
    assert [json.loads(line) for line in run(capsys, *command, "-o", "jsonl")[1].splitlines()] == records
    assert run(capsys, *command, "-o", "table")[1] == run(capsys, *command)[1]


@pytest.mark.parametrize(
    ("query", "form", "answer"),
    [
        ("[?name=='app'].origin | [0]", "json", '"user"\n'),
        ("[?name=='app'].origin | [0]", "table", "user\n"),
        ("[?name=='app'].[name, origin]", "table", "app\tuser\n"),
        ("[?name=='app'].{name: name, owner: owner}", "table", "NAME  OWNER\napp\n"),
        ("[?name=='app'] | [0].{name: name, shadowed: shadowed}", "table", "name      app\nshadowed  false\n"),
        ("[?name=='app'].name", "jsonl", '"app"\n'),
        ("[?name=='app'].name", "yaml", "- app\n"),
        ("[?name=='none'].name", "table", ""),
        ("[?name=='app'].name", "tsv", "app\n"),
        ("[?name=='app'].[name, origin, owner]", "tsv", "app\tuser\t\n"),
        ("[?name=='app'].{name: name, shadowed: shadowed}", "tsv", "app\tfalse\n"),
        ("[?name=='app'].origin | [0]", "tsv", "user\n"),
        ("[?name=='none'].name", "tsv", ""),
    ],
)
@pytest.mark.usefixtures("profile")
def test_a_query_takes_a_part(query: str, form: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "profiles", "list", "--query", query, "-o", form) == (0, answer, "")


def test_a_query_reaches_no_value_behind_a_name_that_says_secret(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"settings": {"clientSecret": "correct horse"}, "name": "x"}
    for form in Form:
        Shape(form=form, query="settings.clientSecret").answer(value, list)
        assert "correct" not in capsys.readouterr().out, form
    Shape(form=Form.JSON, query="name").answer(value, list)
    assert capsys.readouterr().out == '"x"\n'


def test_a_query_that_is_not_jmespath(capsys: pytest.CaptureFixture[str]) -> None:
    for query in ("[", "[" * 5000):
        code, out, err = run(capsys, "profiles", "list", "--query", query)
        assert (code, out) == (2, "") and "--query" in err


@pytest.mark.parametrize(
    "words", [("--json",), ("-o", "json"), ("--output=json",), ("--query", "name", "-o", "json"), ("-ojson",)]
)
def test_an_error_is_a_document_where_one_was_asked_for(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "profiles", "show", "nosuch", *words)
    error = json.loads(out)["error"]
    assert (code, error["kind"], error["exit_code"]) == (2, "usage_error", 2)
    assert "nosuch" in error["message"] and error["hint"]
    assert err.startswith("vmss-tui: ")


def test_an_error_is_a_line_among_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "attach", "ffff", "--jsonl")
    (line,) = out.splitlines()
    assert json.loads(line)["event"] == "error"


def test_a_command_line_that_click_refuses_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "--json")
    error = json.loads(out)["error"]
    assert code == 2 and "SCALESET" in error["message"] and "vmss-tui show --help" in error["hint"]


def test_a_mistake_of_the_program_is_a_document_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret-value")

    monkeypatch.setattr("vmss_tui.cli.main._dispatch", broken)
    code, out, _ = run(capsys, "list", "--json")
    assert (code, json.loads(out)["error"]["kind"]) == (70, "internal_error")
    assert "secret-value" not in out


def test_azures_code_and_request_id_are_in_the_document(inside: Inside) -> None:
    done = inside("show", "/subscriptions/00000000-0000-0000-0000-00000000dead/resourceGroups/g/providers/"
                  "Microsoft.Compute/virtualMachineScaleSets/x", "--json")  # fmt: skip
    error = done.json["error"]
    assert error["status"] in (403, 404) and error["code"] and error["request_id"]


@pytest.mark.parametrize("words", [("--format", "json"), ("--format=json",), ("--json",)])
def test_an_error_of_a_report_has_its_form(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "report", "ffff", *words)
    assert code == 2 and json.loads(out)["error"]["exit_code"] == 2


@pytest.mark.parametrize(
    "words", [("profiles", "show", "report", "--json"), ("--log-level", "error", "plan", "report", "--json")]
)
def test_a_profile_may_have_the_name_of_a_command(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, *words)[1])["error"]["exit_code"] == 2
    valued = [option for option in OPTIONS if option.value]
    assert set(VALUED) == {flag for option in valued for flag in (option.flag, option.short) if flag}


def test_a_report_is_written_to_a_file_named_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "report", "ffff", "--output", "json")[1] == ""


def test_a_table_suggests_commands_as_they_are_typed_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEMO, "1")
    Shape().answer({"hint": "`vmss-tui attach 7f3a`"}, lambda: ["follow it with `vmss-tui attach 7f3a`"])
    assert "vmss-tui demo attach 7f3a`" in capsys.readouterr().out
    Shape(form=Form.JSON).answer({"hint": "`vmss-tui attach 7f3a`"}, tuple)
    assert json.loads(capsys.readouterr().out) == {"hint": "`vmss-tui attach 7f3a`"}
