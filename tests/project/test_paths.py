"""The directories and files of the program, and that private ones are created private with any umask."""

import ast
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.source.modules import modules
from vmss_tui import paths

SOURCE = Path(paths.__file__).parent
LOOKUPS: dict[str, tuple[Callable[[], Path], ...]] = {
    "CONFIG": (
        paths.clouds_directory,
        paths.user_profiles_directory,
        paths.favorites_file,
        paths.former_favorites_file,
        paths.config_file,
    ),
    "STATE": (
        paths.journal_file,
        paths.log_file,
        paths.drafts_directory,
        paths.profile_uses_file,
        paths.demo_directory,
        lambda: paths.runner_log_file("x"),
    ),
    "CACHE": (paths.cache_directory,),
}
DEFAULTS = {"CONFIG": ".config", "STATE": ".local/state", "CACHE": ".cache"}


@pytest.mark.parametrize("kind", LOOKUPS)
def test_every_path_follows_its_variable(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path))
    assert all(find().is_relative_to(tmp_path / "vmss-tui") for find in LOOKUPS[kind])


@pytest.mark.parametrize("kind", LOOKUPS)
@pytest.mark.parametrize("value", ["cfg", "./cfg", ""])
def test_a_relative_variable_is_ignored_by_every_path(
    kind: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(f"XDG_{kind}_HOME", value)
    assert all(find().is_relative_to(tmp_path / DEFAULTS[kind] / "vmss-tui") for find in LOOKUPS[kind])


def test_no_other_module_reads_the_variables() -> None:
    modules = [path for path in SOURCE.rglob("*.py") if "simulator" not in path.parts and path.name != "paths.py"]
    readers = [str(path) for path in modules if 'get("XDG_' in path.read_text("utf-8")]
    assert len(modules) > 100
    assert readers == []


MAY_WRITE = {
    "vmss_tui.paths": "the private ways that all others use",
    "vmss_tui.gateway.http.shared_levels": "a file that is locked, never through a link",
    "vmss_tui.engine.watch.shared": "a lock and a socket in a private directory, never through a link",
    "vmss_tui.app.editor": "a temporary file, private by mkstemp",
    "vmss_tui.cli.commands.support_bundle": "an archive that must not exist before, private",
    "vmss_tui.cli.commands.rollout.annotations": "the summary of a pipeline's step, in the pipeline's own file",
    "vmss_tui.profiles.format.schema": "make writes the schema into the source tree with it",
}
_WRITING = ("write_text", "write_bytes", "touch", "mkdir", "mkstemp", "mkdtemp", "makedirs", "symlink_to")


def writes_files(call: ast.Call) -> bool:
    """Whether a call makes or changes a file or a directory by itself."""
    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if name == "open" and isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "os":
        return "O_CREAT" in ast.dump(call) or any(isinstance(word, ast.Name) for word in call.args[1:2])
    if name == "open":
        modes = [word.value for word in call.args[:2] if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        return any(mode[:1] in ("w", "a", "x") and len(mode) <= 3 for mode in modes)
    return name in _WRITING


def test_every_writer_of_files_is_known() -> None:
    found = {
        module.name
        for module in modules()
        if not module.name.startswith("vmss_tui.simulator")
        and any(isinstance(node, ast.Call) and writes_files(node) for node in ast.walk(module.tree))
    }
    assert found == set(MAY_WRITE), "use write_private, write_named or open_private of paths"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_directories_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "state" / "vmss-tui" / "logs" / "a.log"
    os.close(paths.open_private(path))
    paths.write_private(path.with_name("b.json"), "{}")
    assert {mode_of(file) for file in (path, path.with_name("b.json"))} == {0o600}
    assert {mode_of(directory) for directory in path.parents[:3]} == {0o700}


def test_a_file_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch(mode=0o666)
    path.chmod(0o666)
    os.close(paths.open_private(path))
    assert mode_of(path) == 0o600


def test_nobody_else_can_write_to_a_directory_of_ours_once_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    paths.state_directory().mkdir()
    paths.state_directory().chmod(0o777)
    os.close(paths.open_private(paths.log_file()))
    assert mode_of(paths.state_directory()) == 0o755
    tmp_path.chmod(0o777)
    os.close(paths.open_private(tmp_path / "x"))
    assert mode_of(tmp_path) == 0o777, "not ours"


@pytest.mark.usefixtures("umask")
def test_what_a_person_names_is_private_too_and_goes_through_no_link(tmp_path: Path) -> None:
    report, shared, victim = tmp_path / "report.md", tmp_path / "shared.md", tmp_path / "victim"
    shared.touch()
    shared.chmod(0o664)
    victim.write_text("kept")
    (tmp_path / "link").symlink_to(victim)
    for path in (report, shared, tmp_path / "link"):
        paths.write_named(path, "new")
        assert path.read_text() == "new"
    assert (mode_of(report), mode_of(shared), victim.read_text()) == (0o600, 0o644, "kept")
    with pytest.raises(FileNotFoundError):
        paths.write_named(tmp_path / "nowhere" / "report.md", "new")


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    paths.write_named(pipe, "new")
    assert os.read(reader, 9) == b"new" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_a_link_in_the_place_of_a_file_is_never_followed(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("kept")
    link.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        paths.open_private(link)
    paths.write_private(link, "new")
    assert (victim.read_text(), link.read_text(), link.is_symlink()) == ("kept", "new", False)


def test_a_home_that_does_not_exist_leaves_a_path_alone() -> None:
    assert paths.expanded("~no-such-user-here/x") == Path("~no-such-user-here/x")


def test_what_cannot_be_reached_does_not_count_as_missing(tmp_path: Path) -> None:
    (file := tmp_path / "config.toml").write_text("x")
    (loop := tmp_path / "loop").symlink_to(loop)
    assert paths.file_version(file) == (file.stat().st_mtime_ns, 1)
    assert paths.is_missing(tmp_path / "none") and paths.is_missing(file / "below a file")
    assert not paths.is_missing(file) and not paths.is_missing(loop) and not paths.is_missing(tmp_path / ("x" * 300))


def test_the_toml_files_of_a_directory(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in paths.toml_files(tmp_path)] == ["a.toml", "b.toml"]
    assert paths.toml_files(tmp_path / "none") == paths.toml_files(tmp_path / ("x" * 300)) == []
