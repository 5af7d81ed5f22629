"""Words that do not make sense, connections that do not work: one line, a next step, the right exit code."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pexpect
import pytest

from support.program import Inside, Program
from vmss_tui import __version__
from vmss_tui.cli.commands.rollout.plan import Percentage
from vmss_tui.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("lst",), "no command 'lst'; did you mean list?", "vmss-tui --help"),
        (("list", "--bogus"), "--bogus", "vmss-tui list --help"),
        (("show",), "SCALESET", "vmss-tui show --help"),
        (("--cloud", "mars", "list"), "no cloud named 'mars'", "AzureCloud"),
        (("--auth", "magic", "list"), "magic", "--help"),
        (("attach",), "no rollout yet", "vmss-tui rollout"),
        (("report", "ffff"), "no rollout 'ffff'", "vmss-tui rollouts"),
        (("plan", "app", "--set", "version"), "expected NAME=VALUE", "--set version=2.5.0"),
        (("plan", "app", "--batch", "0"), "--batch", "--batch 20%"),
        (("plan", "app", "--pause", "soon"), "'soon' is not a duration", ""),
        (("profiles", "show", "nosuch"), "'nosuch'", "vmss-tui profiles list"),
        (("list", "size:60"), "no field size:", ""),
        (("rollout", "app", "web", "--at", ""), "'--at': the value is empty", "vmss-tui rollout --help"),
        (("undo", "7f3a", "--to", " "), "'--to': the value is empty", ""),
        (("resume", "7f3a", "--outside-window", "\u200b"), "'--outside-window': the value is empty", ""),
        (("exclude", "7f3a", "--instance", "", "--why", "x"), "'--instance': the value is empty", ""),
        (("report", "7f3a", "--verify", "--head", ""), "'--head': the value is empty", ""),
        (("--cloud", "", "list"), "'--cloud': the value is empty", ""),
        (("undo", "7f3a", "--why", "", "--ticket", "", "--to", ""), "'--to': the value is empty", ""),
    ],
)
def test_a_mistake_gets_a_line_and_a_next_step(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str, hint: str
) -> None:
    code = main(arguments)
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("vmss-tui: ")
    assert message in err
    assert hint in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("text", "percent"), [("60", 60), ("60%", 60), ("0%", 0), ("101%", None), ("6%0", None)])
def test_a_percentage_may_have_its_sign(text: str, percent: int | None) -> None:
    if percent is None:
        with pytest.raises(click.BadParameter):
            Percentage(0, 100).convert(text, None, None)
    else:
        assert Percentage(0, 100).convert(text, None, None) == percent


def test_shells_complete_commands(bare: Program) -> None:
    source = bare(_VMSS_TUI_COMPLETE="bash_source")
    assert source.code == 0
    assert "complete" in source.out
    asked = bare(_VMSS_TUI_COMPLETE="bash_complete", COMP_WORDS="vmss-tui ro", COMP_CWORD="1")
    assert [line.partition(",")[2] for line in asked.out.splitlines()] == ["rollout", "rollouts", "roles"]


def test_nobody_signed_in(bare: Program) -> None:
    done = bare("--auth", "env", "list")
    assert done.code == 3
    assert "AZURE_CLIENT_ID" in done.err or "AZURE_TENANT_ID" in done.err
    assert "Traceback" not in done.err


def test_a_wrong_secret(vmss: Program) -> None:
    done = vmss("list", AZURE_CLIENT_SECRET="hunter2")
    assert done.code == 3
    assert done.err.startswith("vmss-tui: ")
    assert "Traceback" not in done.err
    assert "hunter2" not in done.err


def test_a_device_code_is_shown(vmss: Program) -> None:
    done = vmss("--auth", "device", "list")
    assert "enter the code" in done.err
    assert done.code == 3, "this world has no users who could type it"


def test_a_rollout_says_why_it_cannot_use_a_device_code(inside: Inside) -> None:
    done = inside("--auth", "device", "rollout", "app", "slow", "--set", "version=2.0.0", "--yes")
    assert done.code == 3
    assert "az login" in done.err
    assert inside("rollouts", "--json").json == []


def test_a_simulator_that_is_gone(own: Program, own_world: object) -> None:
    from support.simulator import SimulatorProcess

    assert isinstance(own_world, SimulatorProcess)
    own_world.stop()
    done = own("list")
    assert done.code in (2, 3)
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= 4


def test_the_app_without_a_terminal_says_what_works(bare: Program) -> None:
    for arguments in ((), ("demo",)):
        done = bare(*arguments)
        assert done.code == 2
        assert "needs a terminal" in done.err
        assert "\x1b" not in done.out + done.err


QUESTION = """
import asyncio, sys
from vmss_tui.cli import diagnostics

async def asking():
    diagnostics.{ask}("Sure?")
    return 0

sys.exit(diagnostics.guarded(lambda: asyncio.run(asking())))
"""


@pytest.mark.parametrize("ask", ["ask", "ask_secret"])
def test_ctrl_c_ends_a_question_without_enter(ask: str) -> None:
    child = pexpect.spawn(sys.executable, ["-c", QUESTION.format(ask=ask)], timeout=60)
    child.expect_exact("Sure?")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130


def test_a_closed_pipe_is_no_error(bare: Program) -> None:
    command = " ".join(bare.command("--help"))
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, env=bare.env
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""


def test_an_unexpected_error_is_one_line_and_a_private_log(bare: Program) -> None:
    code = (
        "import sys\n"
        "from vmss_tui.cli import diagnostics\n"
        "def broken():\n"
        "    secret = 'hunter2'\n"
        "    raise KeyError('what nobody thought of')\n"
        "sys.exit(diagnostics.guarded(broken))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare.env)
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    log = Path(bare.env["XDG_STATE_HOME"]) / "vmss-tui" / "vmss-tui.log"
    assert str(log) in done.stderr
    assert "what nobody thought of" in log.read_text()
    assert "hunter2" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert log.parent.stat().st_mode & 0o077 == 0


def test_an_unwritable_state_directory_is_said(bare: Program, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    done = bare("rollouts", XDG_STATE_HOME=str(blocker / "below"))
    assert done.code == 1
    assert "journal" in done.err
    assert "Traceback" not in done.err


def test_info_needs_no_cloud(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--offline", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["cloud"]["name"] == "AzureCloud"
    assert shown["versions"]["vmss-tui"] == __version__


def test_info_says_why_nobody_is_signed_in(bare: Program) -> None:
    failed = bare("info", "--auth", "env", "--json")
    assert failed.code == 3
    assert failed.json["identity"] is None
    assert failed.json["problem"]


@pytest.mark.parametrize("words", [("cancel", "1a2b", "--why", "a\udc80b"), ("attach", "a\udc80"), ("list", "\udc80")])
def test_bytes_that_are_no_text_are_refused(bare: Program, words: tuple[str, ...]) -> None:
    """Python gives such bytes of a command line as half characters, which no journal can keep."""
    done = bare(*words)
    assert done.code == 2 and "UTF-8" in done.err, done.err
