"""A script is looked at before a machine has to."""

import shutil
from pathlib import Path

import pytest

from vmss_tui.profiles.lint.script_text import check_text, interpreter
from vmss_tui.profiles.lint.shell import check_syntax


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
    assert found.hint == "sh -n finds it"


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
    assert found.message == "the syntax check took longer than 0.05 s"


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
        ("\n#!/bin/bash\ntrue\n", "the #! stands on line 2 and has no effect there"),
        ("#!\ntrue\n", "the first line names no interpreter"),
        ("if [[ $a == b ]]; then echo; fi\n", "uses bash and has no #!: it is run by /bin/sh"),
    ],
)
def test_what_can_be_seen_without_a_shell(text: str, message: str) -> None:
    assert [each.message for each in check_text(text)] == [message]


def test_crlf_is_an_error_when_nobody_repairs_it() -> None:
    (found,) = check_text("#!/bin/sh\r\ntrue\r\n", skip_dos2unix=True)
    assert found.is_error


def test_a_good_script_has_no_problem() -> None:
    assert check_text("#!/bin/sh\nset -eu\n# not a shebang: #!\n") == ()
    assert check_text("echo plain\n") == ()
