"""Scale sets that belong to another controller: hidden unless a filter asks for them, counted, marked."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.fleet.rows import FLEET, FleetView, shown_entries
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.fleet.summary import fleet_summary, managed_hidden
from vmss_tui.presentation.records import scale_set_record
from vmss_tui.presentation.table import text_of

KNOW = Knowledge(now=estate.NOW)
PLAIN = FleetEntry(scale_set=estate.estate()[0].scale_set, subscription=estate.PROD_EUROPE)
POOL = replace(
    PLAIN,
    scale_set=replace(
        PLAIN.scale_set,
        id=replace(PLAIN.scale_set.id, group="MC_rg_c_weu", name="aks-pool1"),
        tags={"aks-managed-poolName": "pool1"},
    ),
)
FLEET_OF_TWO = FleetSnapshot(entries=(PLAIN, POOL))


def shown(source: str = "") -> list[str]:
    view = FleetView(terms=parse(source, FLEET.fields))
    return [entry.scale_set.name for entry in shown_entries(FLEET_OF_TWO, view, KNOW)]


def test_they_are_shown_to_a_filter_that_asks_for_them() -> None:
    assert shown() == shown("!aks") == shown("managed:no") == [PLAIN.scale_set.name]
    assert shown("managed:yes") == shown("managed:aks") == ["aks-pool1"]
    assert shown("managed:yes,no") == sorted([PLAIN.scale_set.name, "aks-pool1"])


def test_how_many_are_hidden_is_said() -> None:
    visible = shown_entries(FLEET_OF_TWO, FleetView(), KNOW)
    assert managed_hidden(FLEET_OF_TWO, visible) == 1
    assert "1 hidden" in text_of(fleet_summary(FLEET_OF_TWO, visible, KNOW))
    assert managed_hidden(FLEET_OF_TWO, FLEET_OF_TWO.entries) == 0


def test_a_row_and_a_record_name_the_owner() -> None:
    assert "aks-pool1 (AKS)" in text_of(FLEET.row(POOL, KNOW).cells[0])
    assert scale_set_record(POOL)["managed_by"] == "AKS" and scale_set_record(PLAIN)["managed_by"] is None
