"""Commands in the documents can be copied as shown: each is understood, and whole examples run."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from support.source.modules import ROOT
from vmss_tui.cli.group import program

pytestmark = pytest.mark.campaign

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")])
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`vmss-tui ([^`]+)`")
_BEFORE_THE_COMMAND = ("&&", "||", "&", ";", "|")


def commands(path: Path, name: str) -> Iterator[list[str]]:
    """Arguments of every call of a program in the shell blocks of a document."""
    for block in _BLOCK.findall(path.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;>")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if word in _BEFORE_THE_COMMAND:
                    if words[:1] == [name]:
                        yield words[1:]
                    words = []
                elif word == ">":
                    words.append(";")
                else:
                    words.append(word)


def inline_commands(path: Path) -> Iterator[list[str]]:
    """Arguments of every whole command in a sentence, as `vmss-tui plan web`; those with an ellipsis are only named."""
    text = path.read_text(encoding="utf-8")
    for found in _INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)):
        if not re.search(r"[…\[]|\\\||\bCOMMAND\b", found):
            yield shlex.split(found)


def understood(arguments: list[str]) -> None:
    """Parse a command line as the program does, without running it. Raises click.ClickException."""
    rest = arguments[: arguments.index(";")] if ";" in arguments else list(arguments)
    group: click.Group = program
    context = click.Context(program, info_name="vmss-tui")
    while True:
        _, rest, _ = group.make_parser(context).parse_args(rest)
        if not rest and group is program:
            return
        name, command, rest = group.resolve_command(context, rest)
        assert command is not None
        if not isinstance(command, click.Group):
            command.make_context(name, rest, parent=context)
            return
        group, context = command, click.Context(command, parent=context, info_name=name)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_understood(path: Path) -> None:
    for arguments in commands(path, "vmss-tui"):
        understood(arguments)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_sentence_is_understood(path: Path) -> None:
    """Arguments may be missing in a sentence; an unknown command or option may not be there."""
    for arguments in inline_commands(path):
        try:
            understood(arguments)
        except click.MissingParameter:
            continue


def test_a_wrong_option_would_be_noticed() -> None:
    with pytest.raises(click.ClickException):
        understood(["rollout", "web", "--such-an-option"])
    with pytest.raises(click.ClickException):
        understood(["such-a-command"])


def test_every_make_target_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    used = {target for text in texts for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)}
    assert used and used <= known


def test_the_whole_rollout_of_the_headless_guide_runs_as_shown(tmp_path: Path) -> None:
    """Copied into a shell where the program is installed: a simulator, and a rollout that completes."""
    guide = (ROOT / "docs" / "headless.md").read_text(encoding="utf-8")
    (block,) = [found for found in _BLOCK.findall(guide) if "vmss-tui simulate" in found]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    output = tmp_path / "output"
    with output.open("w") as stdout:
        shell = subprocess.Popen(
            ["bash", "-c", f"set -e\n{block}"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
            stdout=stdout,
            start_new_session=True,
        )
        try:
            code = shell.wait()
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
    ready, *events = [json.loads(line) for line in output.read_text().splitlines()]
    assert code == 0
    assert ready["resource_manager"].startswith("https://127.0.0.1:")
    assert (events[-1]["event"], events[-1]["verdict"]) == ("rollout_ended", "completed")
