"""What shells complete, without the network; and the manual page from the same data as the help."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.journal import NOW, plan
from support.program import PROFILE, Inside, Program
from vmss_tui.cli import help as texts
from vmss_tui.cli.commands.manual import page
from vmss_tui.cli.main import main
from vmss_tui.journal.store import Journal
from vmss_tui.paths import clouds_directory, config_file, inventory_directory


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Complete":
    return Complete(monkeypatch, capsys)


class Complete:
    """What bash would offer for the last word of a command line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str) -> list[str]:
        self._capsys.readouterr()
        line = ["vmss-tui", *words]
        with self._monkeypatch.context() as patched:
            patched.setenv("_VMSS_TUI_COMPLETE", "bash_complete")
            patched.setenv("COMP_WORDS", " ".join(line))
            patched.setenv("COMP_CWORD", str(len(line) - 1))
            with pytest.raises(SystemExit):
                main(())
        out, err = self._capsys.readouterr()
        assert err == "", "a message would stand in the middle of a command line"
        return [found.partition(",")[2] for found in out.splitlines() if found]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("completion", shell)) == 0
    out = capsys.readouterr().out
    assert "_VMSS_TUI_COMPLETE" in out and shell in out
    if shell == "bash" and shutil.which("bash"):
        assert subprocess.run(["bash", "-n"], input=out, text=True).returncode == 0


def test_commands_options_and_choices(complete: Complete) -> None:
    assert complete("ro") == ["rollout", "rollouts", "roles"]
    assert "--on-interrupt" in complete("rollout", "--on")
    assert complete("completion", "") == ["bash", "zsh", "fish"]
    assert complete("profiles", "l") == ["lint", "list"]


@pytest.mark.parametrize(
    "line",
    ["nosuch ", "nosuch list --tenant ", "--cloud x nosuch a", "plan --x ", "--debug list --ten", "show --debug "],
)
def test_completing_says_nothing(line: str, complete: Complete) -> None:
    complete(*line.split(" "))


def test_names_come_from_files_and_the_journal(complete: Complete, tmp_path: Path) -> None:
    Program({}, tmp_path).profile("acme-web")
    clouds_directory().mkdir(parents=True)
    (clouds_directory() / "lab.toml").write_text("")
    journal = Journal.open()
    rollout = journal.create(plan(), who="maria", at=NOW)
    journal.close()
    assert complete("plan", "acme") == ["acme-web"]
    assert complete("attach", rollout[:2]) == [rollout]
    assert complete("--cloud", "l") == ["lab"] and "AzureCloud" in complete("list", "--cloud", "az")
    assert complete("show", "") == ["web", "rg-web/web"]


def test_what_was_listed_is_completed_afterwards(inside: Inside, complete: Complete) -> None:
    assert complete("show", "ha") == []
    assert inside("list", "--json").code == 0
    assert complete("show", "ha") == ["hand"]
    assert complete("show", "tw") == [], "two sets have this name"
    assert complete("show", "rg-") != []
    assert len(complete("list", "--tenant", "")) >= 1
    assert complete("plan", "app", "-s", "") == complete("list", "--subscription", "") != []


@pytest.mark.parametrize("name", ["acme $(reboot)", "acme;reboot", "acme`id`", "acme\x1b]52;c;x\x07", "acme\u202e"])
def test_no_name_is_a_command_for_the_shell(complete: Complete, tmp_path: Path, name: str) -> None:
    Program({}, tmp_path).profile("acme-web").with_name(f"{name}.toml").write_text(PROFILE)
    assert complete("plan", "acme") == ["acme-web"]


def test_a_cache_that_cannot_be_read_completes_nothing(complete: Complete) -> None:
    inventory_directory().mkdir(parents=True)
    for text in ("", "[]", '{"format": 1}', '{"format": 0, "sets": []}'):
        (inventory_directory() / "a.json").write_text(text)
        assert complete("show", "h") == []


def test_completing_makes_no_journal(complete: Complete) -> None:
    from vmss_tui.paths import journal_file

    assert complete("attach", "") == []
    assert not journal_file().exists()


def test_the_manual_page_has_every_command_option_and_exit_code() -> None:
    text = "\n".join(page())
    for entry in texts.ENTRIES:
        assert (f".SS {entry.name}".replace("-", "\\-") in text) == bool(entry.section), entry.name
    for option in texts.OPTIONS:
        assert option.flag.replace("-", "\\-") in text
    for code, _ in texts.EXIT_CODES:
        assert f".B {code}" in text
    assert "VMSS_TUI_LOG" in text and ".SH FILES" in text


def test_the_manual_page_is_clean_troff(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("man",)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(".TH VMSS-TUI 1 ")
    requests = {line.split()[0] for line in lines if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".br", ".ad"}
    if shutil.which("groff"):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-Wbreak", "-z"], input="\n".join(lines), text=True, capture_output=True
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_what_the_configuration_names_is_completed_too(
    complete: Complete, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text('schema = 1\nname = "own"\n[script]\nos = "linux"\ncommand = "true"\n')
    (tmp_path / "lab.toml").write_text("")
    journal = Journal.open(tmp_path / "j.db")
    rollout = journal.create(plan(), who="maria")
    journal.close()
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(
        f'profiles = ["{tmp_path}"]\njournal = "{tmp_path}/j.db"\nclouds = ["{tmp_path}"]\nx = 1\n'
    )
    assert "own" in complete("plan", "")
    assert complete("attach", "") == [rollout]
    assert "lab" in complete("--cloud", "")
    assert capsys.readouterr().err == ""
