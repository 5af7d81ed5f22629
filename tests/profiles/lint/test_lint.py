"""Lint says everything in one run, each with its place and a next step."""

from pathlib import Path

import pytest

from support.profiles.texts import HEAD, SCRIPT, errors, messages, problems, warnings
from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.model import WARNINGS, Severity, lint, lint_file, load
from vmss_tui.redact import redacted

GOOD = HEAD + SCRIPT


def test_a_good_profile_has_no_problem() -> None:
    assert messages(GOOD) == []


def test_all_problems_come_in_one_run_with_their_lines() -> None:
    text = """schema = 1
naem = "x"
[script]
comand = "./a.sh"
os = "Linux"
files = ["ftp://h/a.sh", 7]
[rollout]
batch = "0%"
pause = "5 potatoes"
unhealthy = 3
[extra]
"""
    found = {problem.key: (problem.line, problem.hint) for problem in lint(text, Path("p.toml"))}
    assert found["naem"] == (2, "did you mean name?")
    assert found["script.comand"] == (4, "did you mean command?")
    assert found["script.os"] == (5, "did you mean linux?")
    assert found["script.files[0]"][0] == 6
    assert found["script.files[1]"][0] == 6
    assert found["rollout.batch"][0] == 8
    assert found["rollout.pause"] == (9, "write 30s, 5m, 1h30m or PT30S")
    assert found["rollout.unhealthy"] == (10, "use 5 to 100%")
    assert found["extra"][0] == 11


def test_a_problem_reads_as_file_line_key_message_hint() -> None:
    found = lint(HEAD + "[script]\ncomand = 'x'\ncommand = 'y'\n", Path("dir/p.toml"))
    assert str(found[0]) == "dir/p.toml:4: script.comand: unknown key in [script]; did you mean command?"


def test_the_message_about_a_secret_is_not_taken_for_the_secret() -> None:
    line = str(
        problems(HEAD + SCRIPT + "[protected]\nstorageAccountKey = {env = 'K'}\n")["protected.storageAccountKey"]
    )
    assert redacted(line) == line


def test_a_warning_says_that_it_is_one() -> None:
    text = HEAD + '[script]\ncommand = "./a.sh"\nfiles = ["https://raw.githubusercontent.com/o/r/main/a.sh"]\n'
    assert messages(text) == [
        "<profile>:5: script.files[0]: warning: can change without the address changing: main is a branch; "
        "use a tag, a commit or a version in the path, or pin it with sha256"
    ]


def test_a_key_of_another_section_is_sent_there() -> None:
    assert problems(HEAD + SCRIPT + 'batch = "20%"\n')["script.batch"].hint == "it belongs in [rollout]"


def test_broken_toml_names_line_and_column() -> None:
    (found,) = lint("schema = 1\nname = x\n", Path("p.toml"))
    assert found.line == 2
    assert "is not valid TOML" in found.message
    assert "column 8" in found.message


def test_an_unfinished_file_names_its_last_line() -> None:
    (found,) = lint('schema = 1\nname = """\n')
    assert found.line == 3


BAD_VALUES = [
    ("name = 3", "name", "must be a text, not a number"),
    ("base = 'yes'", "base", "must be true or false, not a text"),
    ("schema = '1'", "schema", "must be a whole number, not a text"),
    ("schema = 2", "schema", "2 is out of range"),
    ("script = 1", "script", "must be a table, not a number"),
    ("targets.match = 'a'", "targets.match", "must be a list, not a text"),
    ("targets.match = [1]", "targets.match[0]", "must be a text, not a number"),
    ("targets.tags = ['a']", "targets.tags", "must be a table of strings, not a list"),
    ("targets.tags.a = 1", "targets.tags.a", "must be a text, not a number"),
    ("targets.ids = ['web']", "targets.ids[0]", "'web' is not the resource id of a scale set"),
    ("script.files = 'a'", "script.files", "must be a list, not a text"),
    ("script.files = [{sha256 = 'a'}]", "script.files[0]", "has no uri"),
    ("script.settings = 1", "script.settings", "must be a table, not a number"),
    ("script.timestamp = 1.5", "script.timestamp", "must be a whole number, not a fraction"),
    ("rollout.batch = true", "rollout.batch", "True is neither a number"),
    ("rollout.batch = '101%'", "rollout.batch", "101% is more than all instances"),
    ("rollout.steps = []", "rollout.steps", "is an empty list"),
    ("rollout.steps = [{approve = true}]", "rollout.steps[0]", "has no batch"),
    ("rollout.steps = ['50%', '10%']", "rollout.steps[1]", "10% is not more than the 50% before it"),
    ("rollout.pause = -1", "rollout.pause", "-1s is out of range"),
    ("rollout.pause = 1.5", "rollout.pause", "must be a duration, not a fraction"),
    ("rollout.unhealthy = 'some'", "rollout.unhealthy", "'some' is not a percentage in whole numbers"),
    ("rollout.unhealthy = '7.5%'", "rollout.unhealthy", "'7.5%' is not a percentage in whole numbers"),
    ("rollout.unhealthy = '-3%'", "rollout.unhealthy", "-3% is out of range"),
    ("rollout.unhealthy = true", "rollout.unhealthy", "must be a percentage, not true or false"),
    ("rollout.batch = '-3%'", "rollout.batch", "a batch of -3% would never end"),
    ("rollout.batch = -3", "rollout.batch", "a batch of -3 would never end"),
    ("rollout.failure_budget = -1", "rollout.failure_budget", "-1 is less than 0"),
    ("waves = {failed_sets = '-1%'}", "waves.failed_sets", "-1% is less than 0"),
    ("rollout.unhealthy_upgraded = 101", "rollout.unhealthy_upgraded", "101% is out of range"),
    ("rollout.batch_deadline = 5", "rollout.batch_deadline", "5s is out of range"),
    ("rollout.gate = {timeout = '5s'}", "rollout.gate", "has neither a command nor a url"),
    ("hooks = [{service = {}}]", "hooks[0].service", "names neither a variable nor a file"),
    ("hooks = [{service = {file = 'slack'}}]", "hooks[0].service.file", "is not an absolute path"),
    ("hooks = [{service = {env = 'slack://T'}}]", "hooks[0].service.env", "is not the name of a variable"),
    ("hooks = [{service = 'slack://T'}]", "hooks[0].service", "must be a table"),
    ("rollout = {canary = ['1'], exclude = ['1']}", "rollout.exclude", "1 is a canary too"),
    ("rollout.mode = 'automatic'", "rollout.mode", "in Automatic mode Azure may update every instance"),
    ("hooks = [{timeout = 3}]", "hooks[0]", "has no command, no url and no service"),
    ("hooks = 3", "hooks", "must be a list, not a number"),
    ("hooks = [{url = 'u', on = ['x']}]", "hooks[0].on", "'x' is not an event"),
    ("window.start = '22:00'", "window.end", "'' is not a time of day"),
    ("window = {start = '25:00', end = '04:00'}", "window.start", "'25:00' is not a time of day"),
    ("window = {start = '1:00', end = '04:00', days = ['mo']}", "window.days", "'mo' is not a day"),
    (
        "window = {start = '01:00', end = '04:00', timezone = 'X'}",
        "window.timezone",
        "'X' is not a known time zone",
    ),
    ("report.ticket_pattern = '('", "report.ticket_pattern", "is not a regular expression"),
    ("report.require = ['boss']", "report.require[0]", "'boss' is not known"),
    ("report.ticket_pattern = '(?=CHG)'", "report.ticket_pattern", "is not a regular expression"),
    ("variables.v.pattern = '(.)\\1'", "variables.v.pattern", "is not a regular expression"),
    ("variables.v.pattern = '('", "variables.v.pattern", "is not a regular expression"),
    ("variables.v = {pattern = 'a', default = 'b'}", "variables.v.default", "'b' does not match a"),
    ("variables.v = {required = true, default = 'b'}", "variables.v.required", "a variable with a default"),
    ("variables.v.required = false", "variables.v.required", "without a default a value is required"),
    ("variables.'a b' = {}", "variables.a b", "'a b' is not a valid name for a variable"),
    ("extends = 'nowhere.toml'", "extends", "nowhere.toml cannot be read"),
]
"""A key with a bad value, where it is refused, and a part of the message."""


@pytest.mark.parametrize(("text", "key", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_at_its_key(text: str, key: str, message: str) -> None:
    rest = (
        ""
        if text.startswith("script = ")
        else SCRIPT.replace("[script]\n", "script.").replace("\nfiles", "\nscript.files")
    )
    if text.startswith("script.files"):
        rest = 'script.command = "./a.sh"\n'
    head = "" if text.startswith(("schema", "name")) else 'schema = 1\nname = "x"\n'
    found = problems(f"{head}{text}\n{rest}")
    assert found[key].message.startswith(message)
    assert found[key].severity is Severity.ERROR


def test_exclusive_keys_are_not_given_together() -> None:
    assert "script.inline" in errors(HEAD + SCRIPT + 'inline = "true"\n')
    assert "rollout.steps" in errors(GOOD + "[rollout]\nbatch = 1\nsteps = [1, 2]\n")


def test_a_bad_name_for_a_profile() -> None:
    assert errors('schema = 1\nname = "../x"\n' + SCRIPT) == ["name"]


def test_the_schema_number_is_required() -> None:
    assert problems('name = "x"\n' + SCRIPT)["schema"].hint == "begin the file with schema = 1"


def test_undefined_and_unused_variables() -> None:
    text = (
        HEAD
        + "[variables.unused]\ndefault = ''\n"
        + SCRIPT.replace("1.0", "${version}").replace("./a.sh", "./a.sh ${V:-1}")
    )
    found = problems(text)
    assert found["script.files[0]"].message == "${version} is not declared"
    assert "$${version}" in found["script.files[0]"].hint
    assert found["script.command"].message == "${V:-1} is not a variable"
    assert warnings(text)["unused-variable"] == "variables.unused"


def test_load_raises_with_every_error(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(HEAD + "[script]\ncomand = 'x'\nos = 'mac'\nfiles = 3\n", "utf-8")
    with pytest.raises(ProfileInvalid) as caught:
        load(path)
    assert caught.value.message == f"{path}:4: script.comand: unknown key in [script] (and 2 more)"
    assert "5: script.os: 'mac' is not linux or windows" in caught.value.hint
    assert f"vmss-tui profiles lint {path}" in caught.value.hint
    assert caught.value.exit_code == 2


def test_load_accepts_warnings(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(GOOD + "[rollout]\nbatch = '100%'\nunhealthy = '100%'\n", "utf-8")
    assert load(path).policy.unhealthy_percent == 100


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (found,) = lint_file(tmp_path / "none.toml")
    assert found.message == "cannot be read: No such file or directory"
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    assert lint_file(tmp_path / "latin.toml")[0].message == "is not UTF-8 (byte 8)"
    (tmp_path / "big.toml").write_bytes(b"#" * ((1 << 20) + 1))
    assert "larger than 1 MiB" in lint_file(tmp_path / "big.toml")[0].message


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert lint_file(tmp_path / "bom.toml") == ()


def test_deep_nesting_is_a_problem_and_not_a_crash() -> None:
    (found,) = lint("a = " + "[" * 5000 + "]" * 5000)
    assert found.line == 1 or found.message == "is nested too deeply"


def test_accepted_warnings_are_left_out_and_errors_never() -> None:
    risky = GOOD + "[rollout]\nbatch = '100%'\nunhealthy = '100%'\nunhealthy_upgraded = 100\n"
    assert set(warnings(risky)) == {"whole-batch", "no-health-limit"}
    assert set(warnings(risky + "[lint]\naccept = ['whole-batch']\n")) == {"no-health-limit"}
    assert errors(GOOD + "x = 1\n[lint]\naccept = ['unknown-key']\n") == ["script.x", "lint.accept[0]"]
    assert problems(GOOD + "[lint]\naccept = ['mutable-uri']\n")["lint.accept[0]"].hint == "did you mean mutable-url?"


def test_every_warning_has_its_meaning() -> None:
    import vmss_tui.profiles as package

    sources = "".join(path.read_text("utf-8") for path in Path(package.__path__[0]).rglob("*.py"))
    assert [code for code in WARNINGS if sources.count(f'"{code}"') < 2] == []


def test_an_unclosed_reference() -> None:
    assert problems(HEAD + SCRIPT + "label = 'x ${v'\n")["script.label"].message == "${v is not closed"


def test_a_table_that_was_put_into_another_one_is_sent_to_the_top() -> None:
    found = problems(HEAD + SCRIPT + '[script.protected]\ncommandToExecute = { env = "CMD" }\n')["script.protected"]
    assert found.hint == "it is a table of its own: [protected]"
