"""Saving into a file that a person wrote: changes are written; comments, order and formatting stay."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import QUICK, profiles
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, Hook
from vmss_tui.errors import SaveRefused
from vmss_tui.profiles.form import edit_field
from vmss_tui.profiles.format.edit_toml import changed_text
from vmss_tui.profiles.format.profile import FileRef, Profile, Variable
from vmss_tui.profiles.format.write_toml import dump, to_table
from vmss_tui.profiles.lint.lint import load
from vmss_tui.profiles.store.directories import Origin, Place
from vmss_tui.profiles.store.store import ProfileStore

WRITTEN = """# When to use it: every Tuesday.
schema = 1
name = "web"

[script]   # what runs
files = [
  "https://h/1.0/a.sh",  # fetches
  { uri = "https://h/1.0/b.sh", sha256 = "%s" },  # installs
]
command = './a.sh "1.0"'   # quoted

# How fast.
[rollout]
pause = 90          # seconds; the load balancer needs them
batch = '20 %%'
unhealthy = 20

[[hooks]]
command = ["notify", "team"]  # the chat

[[hooks]]
url = "https://hooks/1"
""" % ("ab" * 32)


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    (tmp_path / "web.toml").write_text(WRITTEN, "utf-8")
    return ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path / "state")


def saved(store: ProfileStore, change: Callable[[Profile], Profile]) -> str:
    """The file's text after a change to the profile, which must read back as it was changed."""
    changed = change(store.get("web"))
    path = store.save(changed)
    assert load(path) == changed
    return path.read_text("utf-8")


def policy(**changes: Any) -> Callable[[Profile], Profile]:
    def change(profile: Profile) -> Profile:
        given = profile.policy_given | {name for name in changes if name != "window"}
        return replace(profile, policy=replace(profile.policy, **changes), policy_given=given)

    return change


def script(**changes: Any) -> Callable[[Profile], Profile]:
    return lambda profile: replace(profile, script=replace(profile.script, **changes))


def differing(after: str) -> list[str]:
    """Lines that are not as they were written."""
    before = WRITTEN.splitlines()
    return [line for line in after.splitlines() if line not in before]


def test_saving_without_a_change_touches_nothing(store: ProfileStore) -> None:
    assert saved(store, lambda profile: profile) == WRITTEN


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (policy(pause_seconds=120), ['pause = "2m"          # seconds; the load balancer needs them']),
        (script(command="./b.sh"), ['command = "./b.sh"   # quoted']),
        (policy(steps=(BatchStep(Amount(10)),)), ["batch = 10"]),
        (
            policy(hooks=(Hook(command=("notify", "all")), Hook(url="https://hooks/1"))),
            ['command = ["notify", "all"]  # the chat'],
        ),
    ],
)
def test_one_value_is_one_line(store: ProfileStore, change: Callable[[Profile], Profile], lines: list[str]) -> None:
    assert differing(saved(store, change)) == lines


def test_a_file_that_changes_keeps_the_comments_beside_the_files(store: ProfileStore) -> None:
    files = (FileRef("https://h/2.0/a.sh"), FileRef("https://h/1.0/b.sh", "ab" * 32), FileRef("https://h/c.sh"))
    after = saved(store, script(files=files))
    assert "# fetches" in after
    assert "# installs" in after
    assert [line for line in after.splitlines() if "https://h/1.0/b.sh" in line] == [
        line for line in WRITTEN.splitlines() if "https://h/1.0/b.sh" in line
    ]
    assert "# fetches" in saved(store, script(files=files[:1]))


def test_what_is_no_longer_stated_goes_and_what_is_new_comes(store: ProfileStore) -> None:
    def change(profile: Profile) -> Profile:
        given = profile.policy_given - {"unhealthy_percent", "hooks"}
        return replace(profile, policy_given=given, owner="us", variables=(Variable(name="v", default=""),),
                       protected={"managedIdentity": SecretRef(SecretSource.LITERAL, "{}")},
                       policy=replace(profile.policy, hooks=(), window=Window(start="22:00", end="04:00")))  # fmt: skip

    after = saved(store, change)
    found = tomllib.loads(after)
    assert "unhealthy" not in found["rollout"]
    assert "hooks" not in found
    assert found["window"] == {"start": "22:00", "end": "04:00"}
    assert found["protected"] == {"managedIdentity": {}}
    assert after.startswith("# When to use it: every Tuesday.\n")


def test_one_batch_becomes_steps(store: ProfileStore) -> None:
    steps = (BatchStep(Amount(1)), BatchStep(Amount(50, percent=True), approve=True))
    found = tomllib.loads(saved(store, policy(steps=steps)))
    assert found["rollout"]["steps"] == [1, {"batch": "50%", "approve": True}]
    assert "batch" not in found["rollout"]


def test_a_script_of_many_lines_stays_readable(store: ProfileStore) -> None:
    after = saved(store, script(command="", files=(), inline="#!/bin/sh\necho one\necho 'two'\n"))
    assert "\necho one\necho 'two'\n" in after


# -- over a base ----------------------------------------------------------------------------------------------------

BASE = 'schema = 1\nbase = true\nowner = "us"\n[rollout]\npause = "30s"\nbatch = "10%"\n'
CHILD = '# ours\nschema = 1\nextends = "base.toml"\n\n[script]\ncommand = "true"  # nothing\n'


@pytest.fixture
def child(store: ProfileStore) -> ProfileStore:
    home = store.places[0].path
    (home / "base.toml").write_text(BASE, "utf-8")
    (home / "web.toml").write_text(CHILD, "utf-8")
    return store


def test_a_profile_over_a_base_says_only_what_differs(child: ProfileStore) -> None:
    after = saved(child, policy(pause_seconds=60))
    assert after == CHILD + '\n[rollout]\npause = "1m"\n'


def test_what_a_base_gives_cannot_be_removed_below_it(child: ProfileStore) -> None:
    cleared = edit_field(child.get("web"), "rollout.pause", "").profile
    with pytest.raises(SaveRefused) as caught:
        child.save(cleared)
    assert caught.value.reason == "base"
    assert (child.places[0].path / "web.toml").read_text("utf-8") == CHILD
    free = child.save(replace(cleared, name="free", path=None, stamp="", extends=""))
    assert "extends" not in tomllib.loads(free.read_text("utf-8"))


# -- anything into anything -----------------------------------------------------------------------------------------


def commented(text: str) -> str:
    """The text with a comment on a line of its own before each table."""
    if any(mark in text for mark in ('"""', "'''")):
        return text
    return "".join(f"# here\n{line}\n" if line.startswith("[") else f"{line}\n" for line in text.split("\n"))


@QUICK
@given(profiles(), profiles())
def test_any_profile_can_become_any_other(first: Profile, second: Profile) -> None:
    text = commented(dump(first))
    before, after = to_table(first), to_table(second)
    changed = changed_text(text, before, after)
    assert tomllib.loads(changed) == after
    assert changed_text(changed, after, after) == changed


@given(st.text(max_size=60))
def test_any_text_can_be_a_value(value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    old = {"script": {"command": "x", "inline": "y"}}
    changed = changed_text('[script]\ncommand = "x" # c\ninline = "y"\n', old, {"script": {"command": value}})
    assert tomllib.loads(changed) == {"script": {"command": value}}, json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        'script.command = "x" # dotted\n',
        'script = { command = "x" } # inline\n',
        "[ script ] # spaced\ncommand = 'x'\n",
        '[script]\n"command" = """x""" # quoted\n',
        '\r\n[script]\r\ncommand = "x" # windows\r\n',
    ],
)
def test_any_way_to_write_a_table_can_be_edited(text: str) -> None:
    old = tomllib.loads(text)
    new = {"script": {"command": "y", "label": "z"}, "rollout": {"batch": 1}}
    changed = changed_text(text, old, new)
    assert tomllib.loads(changed) == new
    assert changed.count("#") == 1
