"""The palette: once at a time, also below another screen and with a key that is pressed fast."""

from textual.command import CommandPalette
from textual.screen import Screen

from vmss_tui.app.screens.modal import PaletteApp


async def test_a_second_palette_is_not_opened_over_another_screen() -> None:
    app = PaletteApp()
    async with app.run_test() as pilot:
        app.action_command_palette()
        await pilot.pause()
        await app.push_screen(Screen[None]())
        app.action_command_palette()
        await pilot.pause()
        assert [isinstance(screen, CommandPalette) for screen in app.screen_stack] == [False, True, False]


async def test_a_palette_opens_while_the_one_before_is_about_to_close() -> None:
    app = PaletteApp()
    async with app.run_test() as pilot:
        for _ in range(3):
            app.action_command_palette()
            await pilot.pause()
            app.pop_screen()
        app.action_command_palette()
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
