"""Help is one set of data: the quick overview, Click's help, the examples in it, and the words for it."""

import re
from collections.abc import Iterator

import click
import pytest

from support.program import Program
from vmss_tui import __version__
from vmss_tui.cli import examples
from vmss_tui.cli import help as texts
from vmss_tui.cli.group import program
from vmss_tui.cli.main import main


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, those within groups too, by the words that call it."""
    root = click.Context(program, info_name="vmss-tui")
    for name in program.list_commands(root):
        command = program.get_command(root, name)
        assert command is not None, name
        yield name, command
        if isinstance(command, click.Group):
            within = click.Context(command, info_name=name, parent=root)
            for below in command.list_commands(within):
                inner = command.get_command(within, below)
                assert inner is not None
                yield f"{name} {below}", inner


COMMANDS = dict(commands())


@pytest.mark.parametrize("words", [("--version",), ("-V",), ("version",), ("--cloud", "public", "version")])
def test_the_version(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr() == (f"vmss-tui {__version__}\n", "")


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",), ("--cloud", "public", "--help"), ("help", "help")])
def test_help_as_option_and_as_word(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    if words != ("help", "help"):
        assert out == texts.overview() + "\n"
    assert max(map(len, out.splitlines())) <= texts.WIDTH


def test_what_is_typed_and_what_it_means_do_not_touch() -> None:
    lines = texts.overview().splitlines()
    calls = [f"{entry.name} {entry.usage}".rstrip() for entry in texts.ENTRIES if entry.section]
    for call in [*calls, *(option.call for option in texts.OPTIONS)]:
        assert any(line.rstrip() == f"  {call}" or line.startswith(f"  {call} ") for line in lines), call


def test_the_overview_lists_every_command_of_a_section_once(bare: Program) -> None:
    lines = bare("--help").out.splitlines()
    for entry in texts.ENTRIES:
        assert sum(line.startswith(f"  {entry.name} ") for line in lines) == bool(entry.section), entry.name


@pytest.mark.parametrize("entry", texts.ENTRIES, ids=lambda entry: entry.name)
def test_the_overview_says_of_a_command_what_click_says(entry: texts.Entry) -> None:
    context = click.Context(program, info_name="vmss-tui")
    command = program.get_command(context, entry.name)
    assert command is not None and command.help and command.name == entry.name
    assert command.short_help == entry.summary
    if isinstance(command, click.Group):
        return
    pieces = command.collect_usage_pieces(click.Context(command, info_name=entry.name, parent=context))
    assert re.sub(r"[{}]|^\[|\]$", "", " ".join(pieces[1:])) == re.sub(r"^\[|\]$", "", entry.usage)


@pytest.mark.parametrize("option", texts.OPTIONS, ids=lambda option: option.flag)
def test_an_option_of_the_program_has_the_text_of_the_overview(option: texts.Option) -> None:
    flags = {flag: param for param in program.params for flag in param.opts}
    if option.flag == "--help":
        return
    found = flags[option.flag]
    assert isinstance(found, click.Option)
    assert option.flag == "--version" or (found.help or "").lower().rstrip(".") == option.text.lower()


@pytest.mark.parametrize("call", COMMANDS)
def test_every_help_has_examples_that_can_be_parsed(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*call.split(), "--help")) == 0
    out = capsys.readouterr().out
    if call == "profiles" or " " not in call:
        assert "Examples:" in out
    advice = examples.ADVICE[call]
    for example in advice.examples:
        assert example.call in out
        assert example.call.split()[1:2] in ([], ["demo"], *([word] for word in call.split())) or call == "roles"
    assert {name.split()[0] for name in advice.see_also} <= {entry.name for entry in texts.ENTRIES}


@pytest.mark.parametrize(
    "call", [call for call, it in COMMANDS.items() if not isinstance(it, click.Group) and call != "simulate"]
)
def test_every_command_takes_the_options_of_logging(call: str) -> None:
    flags = {flag for param in COMMANDS[call].params for flag in param.opts}
    assert {"--debug", "--log-level"} <= flags


def test_every_line_of_advice_belongs_to_a_command() -> None:
    assert set(examples.ADVICE) <= set(COMMANDS)


def test_an_option_before_its_command_is_said_to_belong_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--json", "list")) == 2
    out, err = capsys.readouterr()
    assert "vmss-tui list --json" in err.replace("`", "") and "--version" not in err
    assert '"usage_error"' in out


def test_an_option_that_no_command_has_is_reported_as_click_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--jsom", "list")) == 2
    assert "--jsom" in capsys.readouterr().err
