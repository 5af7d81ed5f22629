"""The line on top of every screen, and notices."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import estate
from vmss_tui import text
from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.presentation import header
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, HeaderInfo, Notice
from vmss_tui.presentation.table import text_of

INFO = HeaderInfo(
    crumbs=("vmss-tui", "prod-europe", "rg-ship-web", "web-weu"),
    note="CHG0012345 · release 2.5.0",
    identity=estate.MARIA,
    freshness=Freshness(age_seconds=12.0),
    share=0.8,
)


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


@given(st.integers(60, 300), st.text(max_size=600))
def test_a_warning_stands_at_every_width(width: int, reason: str) -> None:
    """A window that was overridden: however long the reason and the ticket are."""
    warning = f"outside the window: CVE-2026-1234 {reason}"
    info = replace(
        INFO, crumbs=("vmss-tui", "web-weu", "rollout 7f3a"), note=50 * "CHG1 ", warning=warning, cloud="sim"
    )
    line = text_of(header.header_line(info, width))
    assert text.width(line) <= max(width, 70) and "outside the" in line and "7f3a" in line
    assert "outside the window: CVE" in line or width < 80
    assert "outside the window: CVE-2026-1234" in line or width < 120


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 200])
def test_who_acts_where_and_whether_it_may_stay_at_every_width(width: int) -> None:
    line = text_of(header.header_line(replace(INFO, read_only=True, cloud="simulator"), width))
    assert text.width(line) <= width
    for words in ("web-weu", "maria", "simulator", "RO" if width < 80 else "READ ONLY"):
        assert words in line


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
