"""A retry or an undo beside changes that its rollout did not make: it needs a reason."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.build import NOW, extension, fleet, script, snapshot
from vmss_tui.domain.fleet.governance import Activity, ActivityLog
from vmss_tui.domain.plan.checks.others import changed_beside, script_of_others

WRITE = "Microsoft.Compute/virtualMachineScaleSets/write"
BEGAN = NOW - timedelta(minutes=20)
APPLICATION = "6f7e8d9c-0b1a-4f2e-9d3c-4b5a6f7e8d9c"


def by(caller: str, minutes: float, *, me: bool = False) -> Activity:
    return Activity(NOW - timedelta(minutes=minutes), caller, WRITE, "Succeeded", by_me=me)


@pytest.mark.parametrize(
    ("changes", "account", "named"),
    [
        ((by("bob@contoso.com", 5),), "deployer", "bob@contoso.com"),
        ((by("bob@contoso.com", 20), by("me", 20, me=True)), "me", "bob@contoso.com"),
        ((by("bob@contoso.com", 25),), "me", "bob@contoso.com"),
        ((by("bob@contoso.com", 31),), "me", ""),
        ((by("me", 5, me=True),), "me", ""),
        ((by("Anna@contoso.com", 19),), "anna@contoso.com", ""),
        ((by(APPLICATION, 19),), "deployer", ""),
        ((by(APPLICATION, 19), by("me", 18, me=True)), "me", APPLICATION),
    ],
    ids=[
        "after it",
        "around its first write",
        "so shortly before it that the log did not have it yet",
        "long before it: it was planned with that",
        "one's own",
        "of the one who ran it",
        "of the application that ran it, which the log names by id",
        "of an application, while one ran it oneself",
    ],
)
def test_a_write_by_another_user_wants_a_reason(changes: tuple[Activity, ...], account: str, named: str) -> None:
    of = replace(snapshot(*fleet(4)), activity=ActivityLog(changes))
    found = list(changed_beside(of, BEGAN, account, NOW))
    assert [finding.code for finding in found] == (["during-change"] if named else [])
    assert all(named in finding.message for finding in found)


def test_without_a_log_nothing_is_known_of_others() -> None:
    for log in (None, ActivityLog(unknown="no answer")):
        assert list(changed_beside(replace(snapshot(*fleet(4)), activity=log), BEGAN, "me", NOW)) == []


def test_a_script_that_this_journal_does_not_know_wants_a_reason() -> None:
    of = snapshot(*fleet(4), extensions=(extension(settings=script(9).settings),))
    (finding,) = script_of_others(of, {script(1).digest, script(2).digest})
    assert finding.code == "during-change" and script(9).digest[:8] in finding.message
    assert list(script_of_others(of, {script(9).digest})) == []
    assert list(script_of_others(snapshot(*fleet(4), extensions=()), set())) == []
