"""A profile over its base: sections key by key, lists whole, the nearer file wins, problems keep their place."""

from pathlib import Path

from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep
from vmss_tui.profiles.model import lint_file, load

BASE = """schema = 1
base = true
name = "company"
owner = "platform"
[variables.version]
help = "Release"
pattern = '\\d+'
[rollout]
batch = "20%"
pause = "30s"
unhealthy = "25%"
[protected]
storageAccountName = { literal = "ship" }
storageAccountKey = { env = "SHIP_KEY" }
[[hooks]]
command = ["page"]
[script]
inline_file = "a.sh"
label = "x ${version}"
"""
CHILD = """schema = 1
extends = "common/base.toml"
[variables.version]
help = "Web release"
[script]
command = "./a.sh ${version}"
[rollout]
steps = [1, "100%"]
[protected]
storageAccountKey = { file = "key" }
"""


def write(directory: Path, child: str = CHILD, base: str = BASE) -> Path:
    (directory / "common").mkdir(exist_ok=True)
    (directory / "common" / "base.toml").write_text(base, "utf-8")
    (directory / "common" / "a.sh").write_text("true\n", "utf-8")
    (directory / "web.toml").write_text(child, "utf-8")
    return directory / "web.toml"


def test_the_nearer_file_wins_key_by_key(tmp_path: Path) -> None:
    found = load(write(tmp_path))
    assert found.name == "web"
    assert not found.base
    assert found.owner == "platform"
    version = found.variable("version")
    assert version is not None
    assert (version.help, version.pattern) == ("Web release", "\\d+")
    assert found.policy.steps == (BatchStep(Amount(1)), BatchStep(Amount(100, percent=True)))
    assert found.policy.pause_seconds == 30
    assert found.script.command == "./a.sh ${version}"
    assert found.script.inline == ""
    assert [hook.command for hook in found.policy.hooks] == [("page",)]
    assert found.protected["storageAccountKey"].where == str(tmp_path / "key")
    assert set(found.protected) == {"storageAccountName", "storageAccountKey"}


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    found = load(write(tmp_path, 'schema = 1\nextends = "common/base.toml"\n'))
    assert found.script.inline == "true\n"
    assert found.script.inline_file == str(tmp_path / "common" / "a.sh")


def test_problems_of_the_base_stand_in_the_base(tmp_path: Path) -> None:
    path = write(tmp_path, base=BASE.replace('pause = "30s"', 'pause = "soon"'))
    (found,) = [problem for problem in lint_file(path) if problem.is_error]
    assert found.path == tmp_path / "common" / "base.toml"
    assert found.line == 10


def test_a_base_need_not_be_complete(tmp_path: Path) -> None:
    write(tmp_path, base="schema = 1\nbase = true\n[script]\nlabel = 'x ${later}'\n")
    assert lint_file(tmp_path / "common" / "base.toml") == ()


def test_circles_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('schema = 1\nextends = "b.toml"\n', "utf-8")
    (tmp_path / "b.toml").write_text('schema = 1\nextends = "a.toml"\n', "utf-8")
    found = [problem for problem in lint_file(tmp_path / "a.toml") if problem.key == "extends"]
    assert [problem.message for problem in found] == ["a.toml extends itself, directly or through others"]


def test_a_broken_base_names_its_own_line(tmp_path: Path) -> None:
    path = write(tmp_path, base="schema = 1\nname =\n")
    assert any(problem.path == tmp_path / "common" / "base.toml" and problem.line == 2 for problem in lint_file(path))
