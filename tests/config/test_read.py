"""The configuration file: values with their origin, and mistakes that cost their own key only."""

import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.app.actions.presets import PRESETS
from vmss_tui.app.styles import themes
from vmss_tui.cli.configuration import THEMES, keys_in_use, read_configuration
from vmss_tui.cli.help import LOG_LEVELS, OPTIONS
from vmss_tui.config.entries import KEYS, Kind
from vmss_tui.config.read import Config, Origin, parse, read
from vmss_tui.config.text import schema, template
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.paths import configuration_file, themes_directory

PATH = Path("/cfg/config.toml")


def parsed(text: str, **environ: str) -> Config:
    return parse(text, PATH, environ)


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    config = read(tmp_path / "none.toml", {})
    assert {entry.name: config[entry.name] for entry in KEYS} == {entry.name: entry.default for entry in KEYS}
    assert {value.origin for value in config.values.values()} == {Origin.DEFAULT}
    assert config.problems == ()


def test_a_value_knows_where_it_comes_from() -> None:
    config = parsed('cloud = "lab"\nread_only = true\n\n[app]\ntheme = "vmss-light"\n', VMSS_TUI_CLOUD_FILE="/x.toml")
    found = {
        name: (config.values[name].origin, config.values[name].where) for name in ("cloud", "read_only", "app.theme")
    }
    assert found == {
        "cloud": (Origin.ENVIRONMENT, "$VMSS_TUI_CLOUD_FILE"),
        "read_only": (Origin.FILE, "line 2"),
        "app.theme": (Origin.FILE, "line 5"),
    }
    assert config.from_file("cloud") is None and config.from_file("read_only") is True


def test_paths_start_at_the_directory_of_the_file() -> None:
    config = parsed('journal = "j.db"\nprofiles = ["p", "/abs"]\n')
    assert config["journal"] == Path("/cfg/j.db")
    assert config["profiles"] == (Path("/cfg/p"), Path("/abs"))


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "hint"),
    [
        ('cluod = "x"', 1, "cluod", "is not a setting", "cloud"),
        ("\n[refresh]\nwatch_secs = 5", 3, "refresh.watch_secs", "is not a setting", "refresh.watch_seconds"),
        ("zzz = 1", 1, "zzz", "is not a setting", "config show"),
        ('auth = "magic"', 1, "auth", "'magic' is unknown", "managed-identity"),
        ("read_only = 1", 1, "read_only", "true or false", "read_only = true"),
        ('[refresh]\nwatch_seconds = "5"', 2, "refresh.watch_seconds", "a number of seconds", "12"),
        ("[refresh]\nwatch_seconds = true", 2, "refresh.watch_seconds", "a number of seconds", "12"),
        ("[refresh]\nwatch_seconds = 0.5", 2, "refresh.watch_seconds", "less than 1", "12"),
        ("[refresh]\nwatch_seconds = nan", 2, "refresh.watch_seconds", "less than 1", "12"),
        ('[secrets]\npatterns = ["("]', 2, "secrets.patterns", "regular expression", "patterns"),
        ("[production]\ntags = [1]", 2, "production.tags", "a list of tags", "env=prod"),
        ("app = 1", 1, "app", "is not a setting", ""),
        ('cloud = "', 1, "", "is not valid TOML", "config edit"),
        ('cloud = ""', 1, "cloud", "is not text", "cloud"),
        ('auth_order = ["cli", "device"]', 1, "auth_order", "'device' is unknown", "managed-identity"),
        ('[list]\ncolumns = ["nam"]', 2, "list.columns", "'nam' is unknown", "Did you mean name?"),
        ('[keys]\n"app.quit" = "q"', 2, "keys.app.quit", "not a list of keys", "app.quit"),
        ("[keys]\napp.quit = []", 2, "keys.app.quit", "not a list of keys", "app.quit"),
        ('[app]\nfilter = "foo:bar"', 2, "app.filter", "is not a filter", "tag:env=prod"),
        ('[list]\nfilter = "/(/"', 2, "list.filter", "is not a filter", "tag:env=prod"),
        ("\na.b.c = 1", 2, "a", "is not a setting", ""),
        ("keys = 3", 1, "keys", "table of actions", "app.quit"),
        ('[[hooks]]\non = ["failed"]', 1, "hooks", "no command, no url and no service", "url"),
        ('[[hooks]]\nservice = "slack://x"', 1, "hooks", "must be a table", "url"),
        ('[[hooks]]\nservice = { env = "slack://x" }', 1, "hooks", "not the name of a variable", "url"),
        ('[[hooks]]\nurl = "https://x"\non = ["done"]', 1, "hooks", "'done' is not an event", "url"),
        ('[[hooks]]\nurll = "https://x"', 1, "hooks", "unknown key", "url"),
        ('[hooks]\nurl = "https://x"', 1, "hooks", "must be a list", "url"),
    ],
)
def test_a_mistake_names_file_line_and_nearest_key(text: str, line: int, key: str, message: str, hint: str) -> None:
    (problem,) = parsed(text).problems
    assert (problem.path, problem.line, problem.key) == (PATH, line, key)
    assert message in problem.message and hint in problem.hint
    assert str(problem).startswith(f"{PATH}:{line}: ")


def test_a_mistake_costs_its_own_key_only() -> None:
    config = parsed('auth = "magic"\ntenant = "t1"\n[refresh]\nwatch_seconds = -1\nidle_seconds = 90\n')
    assert len(config.problems) == 2
    assert (config["auth"], config["tenant"]) == (None, "t1")
    assert (config["refresh.watch_seconds"], config["refresh.idle_seconds"]) == (None, 90)


def test_keys_and_hooks_are_tables() -> None:
    config = parsed('[keys]\n"app.quit" = ["ctrl+q"]\nfleet.open = ["o", "enter"]\n[[hooks]]\ncommand = ["say", "x"]\n')
    assert config.problems == ()
    assert config["keys"] == {"app.quit": ("ctrl+q",), "fleet.open": ("o", "enter")}
    assert config["hooks"] == (Hook(command=("say", "x")),)


def test_an_entry_of_a_table_can_be_refused_later_with_its_line() -> None:
    config = parsed('[keys]\nfleet.opn = ["o"]\n"app.quit" = ["Q"]\n')
    (problem,) = config.without("keys", {"fleet.opn": ("is not an action", "")}).problems
    assert (problem.line, problem.key) == (2, "keys.fleet.opn")
    assert config.without("keys", {"fleet.opn": ("", "")})["keys"] == {"app.quit": ("Q",)}


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b'\xef\xbb\xbfauth = "cli"')
    assert read(path, {})["auth"] == "cli", "a byte order mark"
    path.write_bytes(b"\xff")
    assert "UTF-8" in read(path, {}).problems[0].message
    assert read(tmp_path, {}).problems, "a directory"


@pytest.mark.parametrize(
    ("hook", "mode", "directory", "kept"),
    [
        ('command = ["notify"]', 0o600, 0o700, 1),
        ('command = ["notify"]', 0o644, 0o755, 1),
        ('command = ["notify"]', 0o664, 0o700, 0),
        ('command = ["notify"]', 0o646, 0o700, 0),
        ('command = ["notify"]', 0o600, 0o777, 0),
        ('command = ["notify"]', 0o600, 0o1777, 1),
        ('url = "https://chat.example.com/x"', 0o666, 0o777, 1),
    ],
)
def test_hooks_run_no_command_of_a_file_that_others_can_write(
    tmp_path: Path, hook: str, mode: int, directory: int, kept: int
) -> None:
    path = tmp_path / "own" / "config.toml"
    path.parent.mkdir()
    path.write_text(f'auth = "cli"\n[[hooks]]\n{hook}\non = ["failed"]\n')
    path.chmod(mode)
    path.parent.chmod(directory)
    config = read(path, {})
    assert len(config["hooks"]) == kept and config["auth"] == "cli"
    assert [problem.key for problem in config.problems] == ([] if kept else ["hooks"])


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("shell.command", '[shell]\ncommand = "ssh -J evil {private_ip}"\n'),
        ("diagnostics", '[[diagnostics]]\nname = "x"\nhelp = "y"\nlinux = "true"\n'),
    ],
)
def test_nothing_that_runs_comes_from_a_file_that_others_can_write(tmp_path: Path, setting: str, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    kept = read(path, {})
    assert kept.from_file(setting) and not kept.problems
    path.chmod(0o602)
    config = read(path, {})
    assert config[setting] == config.values[setting].key.default
    assert [problem.key for problem in config.problems] == [setting]


def test_a_variable_names_another_file(tmp_path: Path) -> None:
    assert configuration_file({}).name == "config.toml"
    assert configuration_file({"VMSS_TUI_CONFIG": str(tmp_path / "other.toml")}) == tmp_path / "other.toml"


@given(st.text(max_size=300))
def test_no_text_makes_reading_fail(text: str) -> None:
    assert parsed(text).values.keys() == {entry.name for entry in KEYS}


# --- what is made from the table -------------------------------------------------------------------------------------


def uncommented() -> str:
    lines = template().splitlines()
    return "\n".join(line.removeprefix("# ") if " = " in line and line.startswith("# ") else line for line in lines)


def test_the_template_is_empty_and_its_examples_are_valid() -> None:
    assert parsed(template()).problems == ()
    assert {value.origin for value in parsed(template()).values.values()} == {Origin.DEFAULT}
    config = parsed(uncommented())
    assert config.problems == ()
    assert {value.origin for value in config.values.values()} == {Origin.FILE}


def test_the_schema_allows_what_the_reader_allows() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(tomllib.loads(uncommented()))
    for wrong in ({"cluod": "x"}, {"read_only": 1}, {"refresh": {"watch_seconds": 0.5}}, {"auth": "magic"}):
        assert list(validator.iter_errors(wrong)), wrong


def test_choices_are_those_of_their_consumers() -> None:
    choices = {entry.name: entry.choices for entry in KEYS}
    assert tuple(theme.name for theme in themes.THEMES) == THEMES
    assert choices["app.keys"] == tuple(PRESETS)
    assert choices["log_level"] == LOG_LEVELS
    options = {option.flag for option in OPTIONS}
    assert {entry.option for entry in KEYS if entry.option} <= options


_CONSUMERS = ("cli/settings.py", "cli/configuration.py", "config/maintenance.py", "config/team.py")


def test_every_setting_has_a_consumer() -> None:
    program = Path(__file__).parents[2] / "tui" / "vmss_tui"
    text = "".join((program / name).read_text("utf-8") for name in _CONSUMERS)
    assert [entry.name for entry in KEYS if f'"{entry.name}"' not in text] == []


def test_every_kind_is_used() -> None:
    assert {part.kind for entry in KEYS for part in (entry, *entry.entry)} == set(Kind)


def test_a_theme_that_there_is_not_is_a_problem_and_one_of_the_user_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    file = tmp_path / "config.toml"
    file.write_text('[app]\ntheme = "mine"\n')
    assert [(problem.key, problem.line) for problem in read_configuration(file).problems] == [("app.theme", 2)]
    assert read_configuration(file)["app.theme"] is None
    themes_directory().mkdir(parents=True)
    (themes_directory() / "mine.toml").write_text("")
    assert read_configuration(file).problems == () and read_configuration(file)["app.theme"] == "mine"


def test_the_files_own_keys_take_precedence_over_the_preset_and_clash_with_it(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[app]\nkeys = "k9s"\n[keys]\n"app.quit" = ["Q"]\n"list.sort" = ["ctrl+z"]\n')
    config = read_configuration(file)
    assert [problem.key for problem in config.problems] == ["keys.list.sort"]
    assert "list.faults" in config.problems[0].message
    assert keys_in_use(config) == {**PRESETS["k9s"], "app.quit": ("Q",)}
