"""The fleet in rows, filters and orders."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from support.fleet import ENTRIES, KNOW
from vmss_tui import text
from vmss_tui.domain.fleet.snapshot import FleetSnapshot, InstanceCounts
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.fleet import rows as fleet
from vmss_tui.presentation.fleet import state as set_state
from vmss_tui.presentation.fleet import summary
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import text_of

SNAPSHOT = FleetSnapshot(
    entries=tuple(ENTRIES.values()), subscriptions=estate.SUBSCRIPTIONS, tenants=estate.TENANTS, taken_at=estate.NOW
)


def words(name: str) -> list[str]:
    row = fleet.FLEET.row(ENTRIES[name], KNOW)
    return [text_of(cell) for cell in row.cells]


def test_a_row_says_all_ten_things() -> None:
    assert words("tracking-weu") == [
        "tracking-weu", "prod-europe", "rg-ship-trk", "westeurope", "Manual", "300", "298  99%", "300 100%", "trk 7.1",
        "▲ 2 unhealthy",
    ]  # fmt: skip
    assert len(fleet.FLEET.columns) == 10


def test_a_subscription_that_can_only_be_read_is_marked_and_found_by_its_state() -> None:
    entry = ENTRIES["web-weu"]
    off = replace(entry, subscription=replace(entry.subscription, state="Disabled"))
    assert fleet.FLEET.row(off, KNOW).cells[1] == (("⊘ prod-europe (disabled)", Role.WARN),)
    fleet_of = replace(SNAPSHOT, entries=(off, ENTRIES["tracking-weu"]))
    view = fleet.FleetView(terms=parse("sub:disabled", fleet.FLEET.fields))
    assert fleet.shown_entries(fleet_of, view, KNOW) == (off,)


def test_a_version_is_a_label_or_eight_digits_or_a_dash() -> None:
    assert words("billing-win")[8] == "billing 12"
    assert words("scanner-gateway-johannesburg-legacy")[8] == "–"
    script = estate.WEB_24
    assert fleet.version_name(replace(script, label=""), lambda _: "") == f"unknown {script.digest[:8]}"


def test_counts_that_are_not_read_yet_are_no_zeroes() -> None:
    row = fleet.FLEET.row(replace(ENTRIES["web-weu"], counts=None), KNOW)
    assert [text_of(row.cells[i]) for i in (5, 6, 7)] == ["60", "·", "·"]


def names(view: fleet.FleetView) -> list[str]:
    return [entry.scale_set.name for entry in fleet.shown_entries(SNAPSHOT, view, KNOW)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("mode:auto", ["edge-plc", "labels-eus"]),
        ("tag:app=web", ["web-neu", "web-weu"]),
        ("sub:partner", ["edge-plc"]),
        ("tenant:fabrikam", ["edge-plc"]),
        ("group:edge", ["gw-eus"]),
        ("region:westus2", ["portal-wus"]),
        ("state:unhealthy", ["tracking-weu", "web-weu"]),
        ("version:14.2 !name:api", ["pilot", "standby-neu"]),
        ("os:windows mode:manual", ["billing-win"]),
        ("instances:6", ["edge-plc"]),
        ("!current:100%", ["billing-win", "standby-neu", "web-neu"]),
        ("!healthy:100% state:unhealthy", ["tracking-weu", "web-weu"]),
        ("/rg-ship-web/ rg-ship-web/web-weu", ["web-weu"]),
    ],
)
def test_filters(source: str, expected: list[str]) -> None:
    found = names(fleet.FleetView(terms=parse(source, fleet.FLEET.fields)))
    assert found == expected


def test_orders_put_the_worst_or_the_biggest_first_and_can_be_turned() -> None:
    assert names(fleet.FleetView())[:3] == ["api-sea", "api-weu", "batch-night-weu"]
    assert names(fleet.FleetView(reverse=True))[0] == "web-weu"
    assert names(fleet.FleetView(order="instances"))[0] == "tracking-weu"
    assert names(fleet.FleetView(order="current"))[0] == "billing-win"
    assert names(fleet.FleetView(order="healthy"))[0] == "web-neu"
    first = names(fleet.FleetView(order="state"))[0]
    assert set_state.state_of(ENTRIES[first], KNOW).role is Role.BAD
    for order in fleet.FLEET.orders:
        assert sorted(names(fleet.FleetView(order=order))) == sorted(ENTRIES)


def test_favorites_first_or_alone() -> None:
    know = replace(KNOW, favorites=frozenset({ENTRIES["web-weu"].id}))
    first = fleet.shown_entries(SNAPSHOT, fleet.FleetView(), know)[0]
    assert text_of(fleet.table_of(know).row(first, know).cells[0]) == "★ web-weu"
    assert len(fleet.shown_entries(SNAPSHOT, fleet.FleetView(favorites_only=True), know)) == 1


def test_the_cache_makes_a_row_again_only_when_it_looks_different() -> None:
    cache = fleet.RowCache()
    entries = tuple(ENTRIES.values())
    before = cache.rows(entries, KNOW)
    later = replace(KNOW, now=estate.NOW + timedelta(seconds=1))
    assert all(a is b for a, b in zip(before, cache.rows(entries, later), strict=True))
    starred = cache.rows(entries, replace(KNOW, favorites=frozenset({entries[0].id})))
    assert [a is b for a, b in zip(before, starred, strict=True)].count(False) == 1
    much_later = cache.rows(entries, replace(KNOW, now=estate.NOW + timedelta(hours=3)))
    assert "✖ faulted 3h" in [text_of(row.cells[9]) for row in much_later]


def test_notes_and_summary() -> None:
    assert summary.fleet_note(SNAPSHOT) == "2 tenants · 4 subscriptions · 15 scale sets"
    assert summary.fleet_note(replace(SNAPSHOT, tenants=estate.TENANTS[:1])).startswith("contoso.com · ")
    shown = fleet.shown_entries(SNAPSHOT, fleet.FleetView(terms=parse("web", fleet.FLEET.fields)), KNOW)
    line = text_of(summary.fleet_summary(replace(SNAPSHOT, problems=("a: no", "b: no")), shown, KNOW))
    assert line == "2 of 15 scale sets, 120 instances  ·  1 failing  ·  1 in progress  ·  ▲ a: no and 1 more"


def test_a_problem_of_one_subscription_is_named_alone() -> None:
    line = text_of(summary.fleet_summary(replace(SNAPSHOT, problems=("dev: no rights",)), (), KNOW))
    assert line.endswith("▲ dev: no rights")


def test_a_quiet_fleet_is_only_counted() -> None:
    line = text_of(summary.fleet_summary(replace(SNAPSHOT, entries=(ENTRIES["api-weu"],)), (ENTRIES["api-weu"],), KNOW))
    assert line == "1 scale set, 36 instances"


def test_tenants_have_a_column_when_there_are_several() -> None:
    know = replace(KNOW, tenants=fleet.tenant_names(SNAPSHOT))
    rows = [fleet.table_of(know).row(entry, know) for entry in ENTRIES.values()]
    columns = fleet.table_of(know).fitted(rows)
    assert [column.key for column in columns][:3] == ["name", "tenant", "sub"]
    assert all(len(row.cells) == len(columns) for row in rows)
    by_name = {text_of(row.cells[0]): text_of(row.cells[1]) for row in rows}
    assert by_name["edge-plc"] == "fabrikam-ports.com"
    assert by_name["web-weu"] == "contoso.com"
    first = fleet.shown_entries(SNAPSHOT, fleet.FleetView(order="tenant", reverse=True), know)[0]
    assert first.scale_set.name == "edge-plc"


def test_one_tenant_needs_no_column_and_a_tenant_without_a_name_has_its_id() -> None:
    own = replace(SNAPSHOT, subscriptions=estate.SUBSCRIPTIONS[:1])
    assert fleet.tenant_names(own) == {}
    assert fleet.table_of(KNOW).fitted([]) == fleet.FLEET.columns
    unknown = fleet.tenant_names(replace(SNAPSHOT, tenants=estate.TENANTS[:1]))
    assert sorted(unknown.values()) == ["22222222", "contoso.com"]


def test_a_version_without_a_name_is_shown_whole() -> None:
    entry = ENTRIES["billing-win"]
    know = replace(KNOW, label=lambda script: "")
    rows = [fleet.table_of(know).row(entry, know)]
    version = next(column for column in fleet.table_of(know).fitted(rows) if column.key == "version")
    assert version.width == len(text_of(rows[0].cells[8])) == fleet.LONGEST_VERSION


def test_the_status_line_says_where_the_set_under_the_cursor_is_as_far_as_there_is_room() -> None:
    know = replace(KNOW, tenants=fleet.tenant_names(SNAPSHOT))
    entry = ENTRIES["web-weu"]
    said = summary.fleet_summary(SNAPSHOT, tuple(ENTRIES.values()), know)
    used = len(text_of(said))
    assert text_of(summary.fleet_rest(said, entry, know, 118)).endswith(" contoso.com ▸ prod-europe ▸ rg-ship-web")
    assert len(text_of(summary.fleet_rest(said, entry, know, 118))) == 118
    assert text_of(summary.fleet_rest(said, entry, know, used + 20)).endswith("    rg-ship-web")
    assert summary.fleet_rest(said, entry, know, used + 5) == said
    assert summary.fleet_rest(said, None, know, 118) == said


OVERVIEW = InstanceCounts(4, None, 4, health_known=False)


@pytest.mark.parametrize(
    ("counts", "reading", "final"),
    [
        (None, "reading", "not read"),
        (OVERVIEW, "reading", "current"),
        (replace(OVERVIEW, current=3), "1 behind", "1 behind"),
        (replace(OVERVIEW, total=0, current=0), "empty", "empty"),
    ],
)
def test_what_is_not_read_is_reading_only_while_it_is(counts: InstanceCounts | None, reading: str, final: str) -> None:
    entry = replace(ENTRIES["api-weu"], counts=counts, upgrade=None)
    table = fleet.table_of(KNOW)
    place = [column.key for column in table.columns].index("healthy")
    for know, word, gap in ((KNOW, reading, "·"), (replace(KNOW, reading=False), final, "–")):
        assert set_state.state_of(entry, know).word == word
        cell = text_of(table.row(entry, know).cells[place])
        assert cell == ("–" if counts is not None and not counts.total else gap)


def test_sets_without_counts_are_counted_with_the_reason() -> None:
    entries = SNAPSHOT.entries
    assert summary.not_counted([replace(entry, counts=InstanceCounts(2, None, 1)) for entry in entries], "x") == ""
    missing = [replace(entry, counts=None) for entry in entries]
    said = summary.not_counted(missing, "the connection was reset")
    assert text.counted(len(missing), "scale set") in said and said.endswith("the connection was reset")
    assert "Resource Graph" in summary.not_counted(missing, "") and ":" not in summary.not_counted(missing, "")
