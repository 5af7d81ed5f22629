"""Instances as signs by zone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vmss_tui import text
from vmss_tui.presentation.glyphs import CROSS, DOT, Mark, Role
from vmss_tui.presentation.heatmap import Zone, heatmap_lines
from vmss_tui.presentation.table import text_of

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


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=5), st.integers(20, 200))
def test_the_map_fits_whatever_the_set(sizes: list[int], width: int) -> None:
    found = heatmap_lines([Zone(f"zone {n}", (OK,) * size, f"z{n}") for n, size in enumerate(sizes)], width, most=5)
    assert 0 < len(found) <= 5
    assert all(text.width(text_of(line)) <= max(width, 70) for line in found)


def test_a_map_without_zones_has_no_titles_and_too_many_zones_have_no_map() -> None:
    assert text_of(heatmap_lines([Zone("", (OK, BAD))], 40)[0]) == "●✖"
    assert heatmap_lines([Zone(f"zone {n}", (OK,) * 9, f"zone {n}") for n in range(12)], 30) == ()
