"""A script is checked before an instance runs it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.lint.lint import lint_with_syntax
from vmss_tui.profiles.lint.script_text import check_text, interpreter
from vmss_tui.profiles.lint.shell import check_syntax, syntax_problems
from vmss_tui.profiles.model import Profile, Script, Targets
from vmss_tui.profiles.plan_findings import profile_findings, syntax_findings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("echo", "sh"),
        ("#!/bin/sh\n", "sh"),
        ("#!/bin/bash -eu\n", "bash"),
        ("#!/usr/bin/env bash\n", "bash"),
        ("#!/usr/bin/env -S python3 -u\n", "python3"),
        ("#! /usr/bin/perl\n", "perl"),
        ("#!\n", ""),
    ],
)
def test_the_interpreter(text: str, name: str) -> None:
    assert interpreter(text) == name


async def test_the_shell_finds_what_is_wrong_and_on_which_line() -> None:
    (found,) = await check_syntax("#!/bin/sh\nif true; then\n  echo hi\n")
    assert found.is_error
    assert found.message.startswith("line ")
    assert found.hint == "correct it; sh -n FILE checks it here"


async def test_a_sound_script_passes_and_is_not_run(tmp_path: Path) -> None:
    assert await check_syntax(f"touch {tmp_path}/ran\n") == ()
    assert not (tmp_path / "ran").exists()


async def test_line_ends_that_the_handler_repairs_are_no_syntax_error() -> None:
    assert await check_syntax("#!/bin/sh\r\nif true; then\r\n  echo\r\nfi\r\n") == ()


async def test_other_interpreters_are_left_alone() -> None:
    assert await check_syntax("#!/usr/bin/env python3\nif:\n") == ()


async def test_a_missing_shell_is_said() -> None:
    (found,) = await check_syntax("#!/bin/ash\n")
    assert (found.code, found.is_error) == ("not-checked", False) or found.is_error


async def test_a_shell_that_does_not_answer_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "sh"
    slow.write_text("#!/bin/sh\nexec sleep 600\n", "utf-8")
    slow.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(slow))
    (found,) = await check_syntax("true\n", timeout_seconds=0.05)
    assert found.message == "the syntax check took longer than 0.05s"


async def test_a_shell_that_cannot_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: str(tmp_path / "gone"))
    (found,) = await check_syntax("true\n")
    assert found.message == "the syntax was not checked: No such file or directory"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  \n", "is empty"),
        ("\ufeff#!/bin/sh\ntrue\n", "begins with a byte order mark; the handler removes it"),
        ("#!/bin/sh\r\ntrue\r\n", "has CRLF line ends; the handler removes them"),
        ("\n#!/bin/bash\ntrue\n", "the #! is on line 2 and has no effect there"),
        ("#!\ntrue\n", "the first line names no interpreter"),
        ("if [[ $a == b ]]; then echo; fi\n", "uses bash and has no #!: it is run by /bin/sh"),
    ],
)
def test_what_can_be_seen_without_a_shell(text: str, message: str) -> None:
    assert [problem.message for problem in check_text(text)] == [message]


def test_crlf_is_an_error_when_nobody_repairs_it() -> None:
    (found,) = check_text("#!/bin/sh\r\ntrue\r\n", skip_dos2unix=True)
    assert found.is_error


def test_a_good_script_has_no_problem() -> None:
    assert check_text("#!/bin/sh\nset -eu\n# not a shebang: #!\n") == ()
    assert check_text("echo plain\n") == ()


async def test_lint_of_a_file_includes_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("schema = 1\nname = 'x'\n[script]\ninline = '''#!/bin/sh\nif true\n'''\n")
    (found,) = [problem for problem in await lint_with_syntax(path) if problem.is_error]
    assert (found.code, found.key, found.line, found.path) == ("syntax", "script.inline", 4, path)
    assert list(await lint_with_syntax(path, path.read_text().replace("if true", "true"))) == []


async def test_an_encoded_script_is_checked_too() -> None:
    settings = {"script": encode("#!/bin/sh\nif true\n").value}
    packed = Profile(name="x", script=Script(settings=settings))
    assert [problem.key for problem in await syntax_problems(packed)] == ["script.settings.script"]
    assert await syntax_problems(Profile(name="x", script=Script(settings={"script": "no base64"}))) == ()


async def test_what_lint_says_stands_in_the_plan() -> None:
    of = ScaleSet(id=ScaleSetId("s", "rg", "api-weu"), location="w", mode=UpgradeMode.MANUAL, policy=RollingPolicy())
    script = Script(inline="#!/bin/sh\nif true\nreboot\n")
    made = Profile(name="web", script=script, targets=Targets(match=("web-*",)))
    found = {finding.code: finding.severity for finding in profile_findings(made, of)}
    assert found["not-a-target"] is Severity.WARN
    assert found["reboot"] is Severity.WARN
    assert {finding.code: finding.severity for finding in await syntax_findings(made)} == {"syntax": Severity.REFUSE}
    fits = replace(made, targets=Targets(match=("api-*",)), accept=("reboot",))
    assert {finding.code for finding in profile_findings(fits, of)} & {"not-a-target", "reboot"} == set()
