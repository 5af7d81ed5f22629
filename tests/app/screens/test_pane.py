"""The pane beside a list: where there is room for it, as long as it is wanted."""

from pathlib import Path

from support import story
from support.desk import sitting
from support.screens.rollout import showing
from vmss_tui.app.widgets.pane import SidePane

WIDE = (200, 60)


async def test_a_rollout_shows_log_and_output_beside_its_instances(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",)), size=WIDE) as show:
        await show.shows("1 failed")
        pane = show.screen.query_one("#pane", SidePane)

        def subject() -> str:
            lines = [pane.render_line(y).text for y in range(pane.size.height)]
            return next((line for line in lines if line.startswith("OUTPUT")), "")

        await show.until(lambda: "web-weu_3 " in subject())
        assert pane.region.right == WIDE[0] and show.screen.grid.region.right <= pane.region.x
        assert show.screen.query_one("#header").region.width == WIDE[0]
        await show.pilot.press("j")
        await show.until(lambda: "web-weu_38" in subject())


async def test_a_key_hides_it_and_the_next_screen_remembers(tmp_path: Path) -> None:
    async with sitting(tmp_path, size=WIDE) as desk:
        await desk.shows("resource id")
        await desk.press("w")
        await desk.hides("resource id")
        assert not desk.app.last_place.pane
        await desk.press("enter")
        await desk.shows("zone 1")
        assert not desk.app.screen.query("#pane")
        await desk.press("w")
        await desk.shows("DETAILS", "OUTPUT")


async def test_it_comes_with_the_room_and_goes_with_it(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("web-weu")
        assert not desk.app.screen.query("#pane")
        await desk.press("w")
        await desk.shows("the pane needs 160 columns")
        await desk.pilot.resize_terminal(*WIDE)
        await desk.shows("resource id")
        await desk.pilot.resize_terminal(120, 40)
        await desk.hides("resource id")
