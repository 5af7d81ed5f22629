"""Finding scale sets: letters in order, columns by capital letters, everything again."""

from pathlib import Path

from support.desk import Desk, sitting


def names(desk: Desk) -> list[str]:
    """Names in the first column, as shown."""
    return [row.cells[0][0][0] for row in desk.app.screen.query_one("#grid").rows]  # type: ignore[attr-defined]


async def test_letters_in_order_find_a_set_where_nothing_contains_them(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("slash", *"wbweu")
        await desk.until(lambda: names(desk) == ["web-weu"])
        await desk.press("escape", "slash", *"web")
        await desk.until(lambda: len(names(desk)) > 1 and all("web" in name for name in names(desk)))


async def test_a_capital_letter_sorts_by_its_column_and_once_more_the_other_way_round(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        assert desk.app.screen.sort_letters()["R"] == "region"  # type: ignore[attr-defined]
        await desk.press("R")
        await desk.shows("sorted by region")
        up = names(desk)
        await desk.press("R")
        await desk.shows("sorted by region, reversed")
        assert names(desk) != up
        await desk.press("h", "end")
        await desk.shows("SORT BY A COLUMN", "subscription")


async def test_0_shows_everything_again(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("f", "F", "slash", *"web", "enter")
        assert len(names(desk)) < 15
        await desk.press("0")
        await desk.until(lambda: len(names(desk)) == 15)
