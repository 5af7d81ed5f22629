"""Small parts of the shell: themes by terminal, favorites, version labels, notices, parting words."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color

import vmss_tui
from support import estate, story
from support.fakes import FakeSession
from vmss_tui.app import compat
from vmss_tui.app.actions.action import ActionState, every, on, online, over, shown, unfinished
from vmss_tui.app.connection import Connection
from vmss_tui.app.empty_states import connection_notice, fleet_notice, set_notice
from vmss_tui.app.places.favorites import Favorites
from vmss_tui.app.places.start import leaving_question, parting_words
from vmss_tui.app.styles import themes
from vmss_tui.app.widgets.statusline import StatusLine, _Flash
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, count_instances
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.errors import Forbidden, SignInFailed, Throttled
from vmss_tui.ports import GIVE_UP_SECONDS, DeviceCode
from vmss_tui.presentation.fleet.details import known_words
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import notice_lines
from vmss_tui.presentation.table import text_of
from vmss_tui.text import ascii_only, needs_ascii

RICH = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        (RICH, "vmss-dark"),
        ({**RICH, "COLORFGBG": "0;15"}, "vmss-light"),
        ({**RICH, "COLORFGBG": "15;default;0"}, "vmss-dark"),
        ({**RICH, "NO_COLOR": "1"}, "vmss-terminal"),
        ({**RICH, "NO_COLOR": ""}, "vmss-dark"),
        ({**RICH, "TEXTUAL_THEME": "nord"}, "nord"),
        ({"TERM": "xterm"}, "vmss-terminal"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "vmss-dark"),
        ({"TERM": "xterm-kitty"}, "vmss-dark"),
        ({}, "vmss-terminal"),
    ],
)
def test_a_theme_for_every_terminal(environ: dict[str, str], theme: str) -> None:
    assert themes.choose(environ) == theme


@pytest.mark.parametrize(
    ("environ", "encoding", "wanted"),
    [
        (RICH, "UTF-8", False),
        (RICH, "ANSI_X3.4-1968", True),
        ({"TERM": "linux"}, "UTF-8", True),
        ({**RICH, "VMSS_TUI_ASCII": "1"}, "UTF-8", True),
        ({"TERM": "linux", "VMSS_TUI_ASCII": "0"}, "UTF-8", False),
    ],
)
def test_ascii_by_wish_by_terminal_or_by_locale(environ: dict[str, str], encoding: str, wanted: bool) -> None:
    assert needs_ascii(environ, encoding) is wanted


def test_every_sign_and_border_has_an_ascii_stand_in_of_the_same_width() -> None:
    segments = [Segment("● ◐ ▮▯ ╭─╮ █ plain"), Segment("日本")]
    found = compat.AsciiSigns().apply(segments, Color.parse("black"))
    assert found[0].text == "# ~ #- +-+ # plain"
    assert found[0].cell_length == segments[0].cell_length
    assert found[1].text == "日本"


def test_favorites_survive_a_restart_and_nonsense_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "favorites"
    target = estate.estate()[0].scale_set.id
    assert Favorites(path).toggle(target) is True
    path.write_text(path.read_text() + "nonsense\n")
    again = Favorites(path)
    assert again.ids == {target}
    assert again.toggle(target) is False
    assert Favorites(path).ids == frozenset()


def test_two_apps_keep_the_favorites_of_each_other(tmp_path: Path) -> None:
    path, (one, other, *_) = tmp_path / "favorites", [entry.scale_set.id for entry in estate.estate()]
    mine, theirs = Favorites(path), Favorites(path)
    assert mine.toggle(one) and theirs.toggle(other)
    assert Favorites(path).ids == {one, other}
    assert mine.toggle(one) is False
    assert Favorites(path).ids == {other}


def test_favorites_under_the_former_name_are_taken_over_once(tmp_path: Path) -> None:
    path, former = tmp_path / "favorites", tmp_path / "favourites"
    one, other = (entry.scale_set.id for entry in estate.estate()[:2])
    former.write_text(f"{one}\n")
    known = Favorites(path, former)
    assert known.ids == {one} and known.toggle(other)
    assert Favorites(path, former).ids == {one, other}
    assert Favorites(path, former).toggle(one) is False and Favorites(path, former).toggle(other) is False
    assert Favorites(path, former).ids == frozenset(), "a star that was taken away does not come back"


def test_reasons_why_something_cannot_be_done() -> None:
    judge = every(online, on("a line"))
    assert judge(ActionState(offline="sign-in is in progress")) == "sign-in is in progress"
    assert judge(ActionState()) == "select a line first"
    assert judge(ActionState(subject="x")) is None
    assert unfinished(ActionState(stage=Stage.FAILED)) == "the rollout has ended (failed)"
    assert over(ActionState(stage=Stage.RUNNING)) == "the rollout has not ended (running)"


@pytest.mark.parametrize(("key", "words"), [("question_mark", "?"), ("ctrl+slash", "ctrl+/"), ("f5", "f5"), ("E", "E")])
def test_keys_as_people_write_them(key: str, words: str) -> None:
    assert shown(key) == words


def test_notices_name_the_next_step(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    assert connection_notice(Connection(azure=session.azure), 0, session) is None
    failed = connection_notice(Connection(error=SignInFailed("refused", hint="az login")), 0, session)
    assert failed is not None
    assert failed.steps[0] == "az login"
    connected = Connection(azure=session.azure, identity=estate.MARIA)
    empty = FleetSnapshot(subscriptions=estate.SUBSCRIPTIONS, problems=("dev: no rights",))
    found = fleet_notice(connected, empty, None, 0, session)
    assert found is not None
    assert (found.title, found.reason) == ("No scale sets visible", "dev: no rights")
    assert "Reader" in set_notice(Forbidden("no"), "web", 0).steps[0]
    assert set_notice(None, "web", 61).waited == 61
    entry = next(
        FleetEntry(scale_set=found.scale_set, subscription=estate.PROD_EUROPE, counts=count_instances(found.instances))
        for found in estate.estate()
        if found.scale_set.name == "web-neu"
    )
    known = known_words(entry, lambda script: "web 2.5.0")
    assert known == "Rolling, 60 instances, 48 healthy, 36 current, web 2.5.0"
    assert known in set_notice(Throttled("used up"), "web", 0, known).steps[-1]
    assert known_words(replace(entry, counts=None, kept_version="web 2"), str) == "Rolling, 60 instances, web 2"
    code = DeviceCode("https://microsoft.com/devicelogin", "H7K2", "", estate.NOW)
    typed = connection_notice(Connection(device=code), 0, session)
    assert typed is not None and typed.big == "H7K2" and typed.reason.endswith("enter the code H7K2")
    assert typed.title.endswith("the code has expired") and typed.role is Role.WARN


def test_every_wait_for_azure_says_when_it_is_given_up(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    connected = Connection(azure=session.azure, identity=estate.MARIA)
    waits = (
        connection_notice(Connection(), 30, session),
        fleet_notice(connected, FleetSnapshot(complete=False), None, 30, session),
        set_notice(None, "web", 30),
    )
    for wait in waits:
        assert wait is not None and (wait.waited, wait.limit) == (30, GIVE_UP_SECONDS)
        assert text_of(notice_lines(wait, 80)[1]).endswith("   00:30, timeout 03:00")
    status = StatusLine()
    status.wait("reading the scale set", since=100)
    status._now = 130
    assert text_of(status.lines(80)[0]).endswith("reading the scale set   00:30, timeout 03:00")
    status._now = 300
    assert text_of(status.lines(80)[0]).endswith("   03:20")


def test_what_went_wrong_is_read_whole_on_a_narrow_terminal() -> None:
    status = StatusLine()
    words = "deploy: " + "the reason is long, " * 5 + "and the next step is last"
    status._flash = _Flash(words, Role.BAD, 10)
    shown = [text_of(line) for line in status.lines(60)]
    assert " ".join(shown) == words and all(len(line) <= 60 for line in shown) and len(shown) == 3
    status._flash = _Flash(words * 5, Role.WARN, 10)
    assert len(status.lines(60)) == 3, "never the whole screen"
    status._flash = _Flash(words, Role.PLAIN, 10)
    assert len(status.lines(60)) == 1, "what was done is short"


def test_parting_words_name_what_continues(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    ids = [session.journal().create(story.plan_of(), who="maria") for _ in range(6)]
    words = parting_words(session.journal().rollouts())
    assert any(f"vmss-tui attach {rollout_id}" in words for rollout_id in ids)
    assert words.endswith("2 more: `vmss-tui rollouts`")
    session.close()
    asked = leaving_question(["web-weu: the script form has unsaved changes"], 2)
    assert asked is not None
    assert len(asked.details) == 2


def test_every_sign_that_we_draw_has_an_ascii_stand_in() -> None:
    drawn = {
        sign
        for place in ("presentation", "app/screens", "app/widgets")
        for path in (Path(vmss_tui.__file__).parent / place).rglob("*.py")
        for sign in path.read_text(encoding="utf-8")
        if not sign.isascii() and not sign.isalpha()
    }
    assert {"●", "★", "…"} <= drawn
    assert [sign for sign in sorted(drawn) if not ascii_only(sign).isascii()] == []
