"""The list of scale sets by what they have in common, and one set in full."""

from dataclasses import replace

import pytest

from support.fleet import ENTRIES, KNOW
from vmss_tui.presentation.fleet.details import entry_lines
from vmss_tui.presentation.fleet.groups import BY_COLUMN, KEY, group_row, grouped, ways_to_group
from vmss_tui.presentation.fleet.rows import table_of
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

WEB, BILLING = ENTRIES["web-weu"], ENTRIES["billing-win"]


def test_sets_can_be_grouped_by_columns_and_by_every_tag_that_one_has() -> None:
    tagged = replace(WEB, scale_set=replace(WEB.scale_set, tags={"env": "prod", "app": "web"}))
    untagged = replace(BILLING, scale_set=replace(BILLING.scale_set, tags={}))
    assert ways_to_group([tagged, untagged]) == (*BY_COLUMN, "tag:app", "tag:env")
    assert [(group.name, len(group.entries)) for group in grouped([untagged, tagged], "tag:env", KNOW)] == [
        ("prod", 1),
        ("–", 1),
    ], "those without it come last"


@pytest.mark.parametrize("by", BY_COLUMN)
def test_every_set_is_in_one_group_and_keeps_its_place(by: str) -> None:
    entries = list(ENTRIES.values())
    groups = grouped(entries, by, KNOW)
    assert sorted(entry.id.name for group in groups for entry in group.entries) == sorted(ENTRIES)
    for group in groups:
        places = [entries.index(entry) for entry in group.entries]
        assert places == sorted(places) and group.key == f"{KEY}{group.name}"


def test_a_tenant_has_its_name_where_it_is_known() -> None:
    know = replace(KNOW, tenants={WEB.subscription.tenant_id: "Contoso"})
    assert [group.name for group in grouped([WEB], "tenant", know)] == ["Contoso"]
    assert [group.name for group in grouped([WEB], "tenant", KNOW)] == [WEB.subscription.tenant_id]


@pytest.mark.parametrize(("closed", "sign"), [(True, "▸"), (False, "▾")])
def test_the_line_of_a_group_has_its_size_and_its_gravest_state(closed: bool, sign: str) -> None:
    (group,) = grouped([WEB, BILLING], "tag:nothing", KNOW)
    table = table_of(KNOW)
    cells = dict(
        zip(
            (column.key for column in table.columns),
            group_row(group, table, KNOW, closed=closed).cells,
            strict=True,
        )
    )
    assert text_of(cells["name"]) == f"{sign} – (2)"
    assert WEB.counts is not None and BILLING.counts is not None
    assert text_of(cells["instances"]) == str(WEB.counts.total + BILLING.counts.total)
    assert "1 unhealthy" in text_of(cells["state"]) and cells["sub"] == ()


def test_a_set_that_was_not_counted_counts_by_its_capacity() -> None:
    (group,) = grouped([replace(WEB, counts=None)], "region", KNOW)
    row = group_row(group, table_of(KNOW), KNOW, closed=False)
    assert any(text_of(cell) == str(WEB.scale_set.capacity) for cell in row.cells)


@pytest.mark.parametrize("cells", [40, 100])
def test_a_set_in_full_has_every_column_tag_and_its_id(cells: int) -> None:
    entry = replace(
        WEB, scale_set=replace(WEB.scale_set, tags={"env": "prod", "app": "web"}), problem="cannot be read\x1b[2J"
    )
    lines = entry_lines(entry, KNOW, cells)
    text = "\n".join(text_of(line) for line in lines)
    for words in ("web-weu", "env=prod", "app=web", "cannot be read", "resource id"):
        assert words in text, words
    assert "\x1b" not in text and all(width(text_of(line)) <= cells for line in lines)
    assert {role for line in lines for _, role in line} <= {Role.DIM, Role.PLAIN}
    assert str(WEB.id).replace("/", "") in "".join(text.split()).replace("/", "")


def test_a_set_without_tags_and_problems_has_no_lines_for_them() -> None:
    bare = replace(WEB, scale_set=replace(WEB.scale_set, tags={}))
    titles = [text_of(line).split()[0] for line in entry_lines(bare, KNOW, 200)]
    assert "tag" not in titles and "problem" not in titles
