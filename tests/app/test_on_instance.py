"""A shell and diagnostics on one instance, chosen by a person, without an app."""

from dataclasses import replace
from pathlib import Path

import pytest

from support.fakes import FakeAzure, FakeSession
from support.screens.person import Person
from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Pick
from vmss_tui.app.on_instance import OnInstance
from vmss_tui.config.instance_access import InstanceAccess, own_diagnostic, shell_problem, shell_words
from vmss_tui.domain.fleet.diagnostic import Diagnostic
from vmss_tui.ports import CommandOutput


def place(session: FakeSession, azure: FakeAzure) -> OnInstance:
    known = azure.find("web-weu")
    instance = known.instances[0]
    return OnInstance(session, lambda: Connection(azure=azure), known.scale_set.id, instance.id, instance.name)


async def test_a_shell_gets_the_address_and_the_user(tmp_path: Path) -> None:
    azure = FakeAzure()
    session = FakeSession(tmp_path, azure)
    here, someone = place(session, azure), Person(0)
    azure.addresses[here.name] = ("10.0.0.4", "10.0.0.5")
    await someone.perform(here.shell())
    assert someone.ran == [("ssh", "maria@10.0.0.4")]
    session.access = InstanceAccess("ssh -J 'jump host' {user}@{private_ip} -- echo {name}", "azureuser")
    someone = Person(255)
    await someone.perform(here.shell())
    assert someone.ran == [("ssh", "-J", "jump host", "azureuser@10.0.0.4", "--", "echo", here.name)]
    assert "255" in someone.said[-1]


async def test_without_an_address_none_is_opened_unless_none_is_needed(tmp_path: Path) -> None:
    azure = FakeAzure()
    session = FakeSession(tmp_path, azure)
    someone = Person(0)
    await someone.perform(place(session, azure).shell())
    assert someone.ran == [] and len(someone.said) == 1
    session.access = InstanceAccess("az ssh vm -g {group} -n {name}")
    await someone.perform(place(session, azure).shell())
    assert someone.ran[0][:3] == ("az", "ssh", "vm")


async def test_a_diagnostic_is_chosen_run_recorded_and_shown(tmp_path: Path) -> None:
    azure = FakeAzure()
    session = FakeSession(tmp_path, azure)
    session.access = InstanceAccess(diagnostics=(Diagnostic(name="app-log", linux="tail app.log"),))
    azure.prints = lambda lines: CommandOutput("== app.log\nit broke\n")
    someone, here = Person("app-log"), place(session, azure)
    await someone.perform(here.diagnose())
    (pick,) = someone.asked
    assert isinstance(pick, Pick) and [row.key for row in pick.rows][-1] == "app-log"
    (shown,) = someone.shown
    assert shown.sheet.copy == "== app.log\nit broke\n"
    (entry,) = session.journal().diagnostics.entries()
    assert (entry.who, entry.instance, entry.name) == ("maria", here.name, "app-log")


async def test_leaving_the_list_runs_nothing(tmp_path: Path) -> None:
    azure = FakeAzure()
    someone = Person(None)
    await someone.perform(place(FakeSession(tmp_path, azure), azure).diagnose())
    assert azure.ran == [] and someone.shown == []


async def test_an_instance_that_is_gone_is_said(tmp_path: Path) -> None:
    azure = FakeAzure()
    gone = replace(place(FakeSession(tmp_path, azure), azure), instance="999")
    someone = Person("disk")
    await someone.perform(gone.diagnose())
    assert someone.asked == [] and len(someone.said) == 1


def test_a_value_is_never_more_than_a_part_of_a_word() -> None:
    values = {"name": "a b; rm -rf /", "user": "x"}
    assert shell_words("ssh '{user}@{name}' --", values) == ("ssh", "x@a b; rm -rf /", "--")


@pytest.mark.parametrize("name", ["-oProxyCommand=touch x", "a\x00b", "a\x1b[31m"])
def test_a_value_is_never_an_option_of_the_program(name: str) -> None:
    with pytest.raises(ValueError):
        shell_words("ssh {name}", {"name": name})
    assert shell_words("ssh -l{name}", {"name": "-x"}) == ("ssh", "-l-x")


@pytest.mark.parametrize("command", ["ssh {host}", "ssh 'open", "  ", 7])
def test_a_command_that_cannot_be_run_is_a_problem(command: object) -> None:
    assert shell_problem(command)
    assert not shell_problem("ssh {user}@{private_ip}")


@pytest.mark.parametrize("wrong", [{"name": "a b"}, {"linux": "", "windows": ""}])
def test_a_diagnostic_needs_a_name_and_a_script(wrong: dict[str, str]) -> None:
    good = {"name": "app", "help": "", "linux": "true", "windows": ""}
    assert own_diagnostic(good).linux == "true"
    with pytest.raises(ValueError):
        own_diagnostic({**good, **wrong})
