"""Header, notices, heat map and the lists of rollouts and profiles."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import estate
from vmss_tui import text
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.presentation import header
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.glyphs import CROSS, DOT, Mark, Role
from vmss_tui.presentation.header import Freshness, HeaderInfo, Notice
from vmss_tui.presentation.heatmap import Zone, heatmap_lines
from vmss_tui.presentation.rollout import history as lists
from vmss_tui.presentation.table import text_of

INFO = HeaderInfo(
    crumbs=("vmss-tui", "prod-europe", "rg-ship-web", "web-weu"),
    note="CHG0012345 · release 2.5.0",
    identity=estate.MARIA,
    freshness=Freshness(age_seconds=12.0),
    share=0.8,
)


@settings(deadline=None)
@given(st.integers(10, 300), st.text(max_size=60), st.text(max_size=60))
def test_the_header_never_takes_more_than_its_line(width: int, name: str, note: str) -> None:
    info = replace(INFO, crumbs=("vmss-tui", name, name), note=note, read_only=True, cloud="simulator")
    line = header.header_line(info, width)
    assert text.width(text_of(line)) <= max(width, 70)


def test_the_header_tells_where_who_how_fresh_and_how_much_is_left() -> None:
    line = text_of(header.header_line(replace(INFO, read_only=True, cloud="china"), 140))
    assert line.startswith(" vmss-tui ▸ prod-europe ▸ rg-ship-web ▸ web-weu")
    for words in ("READ ONLY", "china", "maria@contoso.com (Azure CLI)", "10s ago", "api ▮▮▮▮▯"):
        assert words in line
    narrow = text_of(header.header_line(INFO, 60))
    assert "web-weu" in narrow
    assert "maria" not in narrow


@pytest.mark.parametrize(
    ("freshness", "words", "role"),
    [
        (Freshness(live=True), "live", Role.DIM),
        (Freshness(), "", Role.DIM),
        (Freshness(age_seconds=3), "now", Role.DIM),
        (Freshness(age_seconds=44), "40s ago", Role.DIM),
        (Freshness(age_seconds=100), "1m ago", Role.WARN),
        (Freshness(age_seconds=300, failing=True), "▲ 5m ago", Role.BAD),
    ],
)
def test_ages(freshness: Freshness, words: str, role: Role) -> None:
    assert header.age_piece(freshness) == (words, role)


@pytest.mark.parametrize(
    ("share", "words", "role"),
    [(None, "▯▯▯▯▯", Role.DIM), (1.0, "▮▮▮▮▮", Role.DIM), (0.4, "▮▮▯▯▯", Role.WARN), (0.02, "▯▯▯▯▯", Role.BAD)],
)
def test_the_meter_warns_when_the_quota_runs_low(share: float | None, words: str, role: Role) -> None:
    assert header.meter(share)[1] == (words, role)


def test_the_meter_says_when_azure_throttles() -> None:
    assert text_of(header.meter(0.0, throttled=True)) == "api throttled"


def test_who() -> None:
    assert header.who(None) == ""
    assert header.who(Identity("", "")) == "signed in"
    assert header.who(Identity("x\x1b[31m", "")) == "x"


def test_a_notice_wraps_and_numbers_nothing() -> None:
    notice = Notice(title="No rights", role=Role.BAD, reason="a " * 80, steps=("ask " * 30, "retry"), waited=61)
    found = [text_of(line) for line in header.notice_lines(notice, 50)]
    assert found[1] == "   ✖ No rights   01:01"
    assert max(map(text.width, found)) <= 50
    assert sum(line.startswith("   ▸ ") for line in found) == 2


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(8, 40))
def test_wrapping_loses_no_letter(words: str, cells: int) -> None:
    assert "".join("".join(header.wrap(words, cells)).split()) == "".join(words.split())
    assert all(text.width(line) <= cells for line in header.wrap(words, cells))


OK, BAD = Mark(DOT, "ok", Role.OK), Mark(CROSS, "failed", Role.BAD)


def test_zones_side_by_side_or_below_or_scaled() -> None:
    zones = [Zone("zone 1", (OK,) * 20, "zone 1"), Zone("zone 2", (OK,) * 19 + (BAD,), "zone 2"), Zone("", ())]
    assert [text_of(line) for line in heatmap_lines(zones, 80)] == [
        "zone 1 " + "●" * 20 + "    zone 2 " + "●" * 19 + "✖"
    ]
    assert len(heatmap_lines(zones, 40)) == 2
    tight = [replace(zone, short=zone.title.replace("zone ", "z")) for zone in zones]
    assert text_of(heatmap_lines(tight, 48)[0]) == "z1 " + "●" * 20 + "  z2 " + "●" * 19 + "✖"
    big = [Zone(f"zone {n}", (OK,) * 3334, f"z{n}") for n in (1, 2, 3)]
    scaled = heatmap_lines([replace(big[0], marks=(*big[0].marks, BAD)), *big[1:]], 80)
    assert len(scaled) <= 4
    assert "✖" in "".join(map(text_of, scaled))
    assert heatmap_lines([], 80) == ()
    assert heatmap_lines(zones, 5) == ()


@settings(deadline=None)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=5), st.integers(20, 200))
def test_the_map_fits_whatever_the_set(sizes: list[int], width: int) -> None:
    found = heatmap_lines([Zone(f"zone {n}", (OK,) * size, f"z{n}") for n, size in enumerate(sizes)], width, most=5)
    assert 0 < len(found) <= 5
    assert all(text.width(text_of(line)) <= max(width, 70) for line in found)


WEB = ScaleSetId("s", "rg", "web-weu")


@dataclass(frozen=True)
class Header:
    id: str
    target: ScaleSetId = WEB
    label: str = "web 2.5.0"
    profile: str = "web"
    who: str = "maria"
    why: str = "release"
    ticket: str = ""
    created_at: datetime = estate.NOW
    ended_at: datetime | None = None
    stage: Stage = Stage.RUNNING
    reason: str = ""


def rollouts() -> tuple[lists.RolloutItem, ...]:
    done = Header("aaaa0000", stage=Stage.COMPLETED, created_at=estate.NOW - timedelta(1), ended_at=estate.NOW)
    failed = Header("bbbb0000", stage=Stage.FAILED, reason="3 failed", created_at=estate.NOW - timedelta(2))
    gone = Header("cccc0000", created_at=estate.NOW - timedelta(hours=1))
    return (
        lists.RolloutItem(done, True),
        lists.RolloutItem(failed, True),
        lists.RolloutItem(gone, False),
        lists.RolloutItem(Header("dddd0000", stage=Stage.APPROVAL), True),
    )


def test_rollouts_running_first_newest_first() -> None:
    items = rollouts()
    assert [each.header.id[0] for each in lists.shown_rollouts(items, (), "running")] == ["d", "c", "a", "b"]
    assert [each.header.id[0] for each in lists.shown_rollouts(items, (), "age", reverse=True)] == ["b", "a", "c", "d"]
    for column in lists.ROLLOUT_COLUMNS:
        assert len(lists.shown_rollouts(items, (), column.key)) == 4
    found = lists.shown_rollouts(items, parse("stage:gone", lists.ROLLOUT_FIELDS), "running")
    assert [each.header.id[0] for each in found] == ["c"]


def test_rows_and_summary_of_rollouts() -> None:
    items = rollouts()
    cells = [[text_of(cell) for cell in lists.rollout_row(each, estate.NOW).cells] for each in items]
    assert cells[0][3:6] == ["● completed", "24h ago", "24:00:00"]
    assert cells[1][7] == "3 failed"
    assert cells[2][3] == "▲ runner is gone"
    assert cells[3][3] == "▲ needs approval"
    line = text_of(lists.rollouts_summary(items, 4))
    assert line == "4 rollouts  ·  1 running  ·  1 without a runner: r resumes"
    assert text_of(lists.rollouts_summary(items, 2)).startswith("2 of 4 rollouts")


@dataclass(frozen=True)
class Entry:
    name: str
    path: Path = Path("/p/web.toml")
    origin: str = "user"
    description: str = "the web"
    owner: str = "web-team"
    problem: str = ""
    last_used: datetime | None = None
    shadowed: bool = False


def test_rows_orders_and_filters_of_profiles() -> None:
    entries = (
        Entry("web", last_used=estate.NOW - timedelta(hours=3)),
        Entry("bad", problem="line 3: unknown key"),
        Entry("old", shadowed=True),
    )
    cells = [[text_of(cell) for cell in lists.profile_row(each, estate.NOW).cells] for each in entries]
    assert [row[1] for row in cells] == ["● ready", "✖ invalid", "◌ shadowed"]
    assert [row[3] for row in cells] == ["3h ago", "never", "never"]
    assert cells[1][5] == "line 3: unknown key"
    assert [each.name for each in lists.shown_profiles(entries, (), "recent")] == ["web", "bad", "old"]
    assert [each.name for each in lists.shown_profiles(entries, (), "recent", reverse=True)] == ["old", "bad", "web"]
    for column in lists.PROFILE_COLUMNS:
        assert len(lists.shown_profiles(entries, (), column.key)) == 3
    assert lists.shown_profiles(entries, parse("state:invalid", lists.PROFILE_FIELDS), "name")[0].name == "bad"


def test_where_a_profile_is_stands_in_few_words() -> None:
    home = Path("/home/maria")
    for path, origin, said in (
        ("/opt/vmss-tui/profiles/web.toml", "bundled", "bundled: web.toml"),
        ("/home/maria/.config/vmss-tui/profiles/web.toml", "user", "~/.config/vmss-tui/profiles/web.toml"),
        ("/srv/profiles/web.toml", "--profiles", "/srv/profiles/web.toml"),
    ):
        assert lists.where_words(Entry("web", Path(path), origin), home) == said


def test_a_map_without_zones_has_no_titles_and_too_many_zones_have_no_map() -> None:
    assert text_of(heatmap_lines([Zone("", (OK, BAD))], 40)[0]) == "●✖"
    assert heatmap_lines([Zone(f"zone {n}", (OK,) * 9, f"zone {n}") for n in range(12)], 30) == ()


def test_a_notice_may_be_a_title_alone() -> None:
    assert [text_of(line) for line in header.notice_lines(Notice(title="Nothing"), 60)] == ["", "   Nothing"]


def test_a_note_gives_up_its_last_parts_first() -> None:
    info = HeaderInfo(note="2 tenants · 4 subscriptions · 15 scale sets")
    assert "2 tenants · 4 subscriptions  " in text_of(header.header_line(info, 70))
    assert "scale sets" not in text_of(header.header_line(info, 70))


def test_a_note_is_worth_more_than_the_program_and_the_way_of_signing_in() -> None:
    info = replace(INFO, crumbs=("vmss-tui", "web-weu", "deploy"), note="profile service (bundled)", cloud="simulator")
    wide = text_of(header.header_line(info, 120))
    assert wide.startswith(" web-weu ▸ deploy   profile service (bundled) ")
    assert "maria@contoso.com (Azure CLI)" in wide
    longer = text_of(header.header_line(replace(info, note="profile custom-application (bundled)"), 120))
    assert longer.startswith(" web-weu ▸ deploy   profile custom-application (bundled) ")
    assert "maria@contoso.com  " in longer
    narrow = text_of(header.header_line(info, 80))
    assert "profile service (bundled)" in narrow


def test_a_narrow_line_says_at_the_root_who_is_signed_in() -> None:
    info = replace(INFO, crumbs=("vmss-tui",), note="2 tenants · 4 subscriptions · 15 scale sets")
    line = text_of(header.header_line(info, 80))
    assert "maria@contoso.com (Azure CLI)" in line
    assert text.width(line) == 80


def test_a_journal_at_rest_is_only_counted() -> None:
    assert text_of(lists.rollouts_summary(rollouts()[:1], 1)) == "1 rollout"
