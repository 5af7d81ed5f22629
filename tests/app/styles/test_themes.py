"""Themes: contrast, colors that do not depend on red and green, and the user's own."""

from pathlib import Path

import pytest
from textual.color import Color

from support import estate, pictures, story
from support.contrast import contrast, faint
from support.desk import Desk, sitting, terminal
from support.fakes import FakeSession
from support.screens.rollout import recorded
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.styles.skins import read_skins
from vmss_tui.app.styles.themes import COLORBLIND, CONTRAST, DARK, LIGHT, THEMES
from vmss_tui.app.widgets.grid import Grid
from vmss_tui.paths import themes_directory

_STATES = ("text-success", "text-primary", "text-warning", "text-error", "text-accent")


@pytest.mark.parametrize("state", _STATES)
def test_high_contrast_is_seven_to_one(state: str) -> None:
    colors = (Color.parse(color or "") for color in (CONTRAST.variables[state], CONTRAST.background))
    assert contrast(*colors) >= 7, "success criterion 1.4.6"


_LEAST = {theme.name: 7.0 if theme is CONTRAST else 4.5 for theme in THEMES if not theme.ansi}
"""By theme, the least contrast of text (success criteria 1.4.3 and 1.4.6)."""


async def test_everything_on_a_list_can_be_read_in_every_theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await _read_in_every_theme(desk)


@pytest.mark.campaign
async def test_everything_on_a_form_can_be_read_in_every_theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    async with sitting(tmp_path) as desk:
        await desk.shows("web-weu")
        await desk.press("slash", *"web-weu", "enter", "e")
        await desk.shows("WHAT CHANGES")
        await _read_in_every_theme(desk)


async def test_everything_on_a_failing_rollout_can_be_read_in_every_theme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tale = story.until_batch(4, fails=("3", "17"))

    def prepare(session: FakeSession) -> None:
        recorded(session, tale)

    with pictures.steady(monkeypatch):
        async with sitting(tmp_path, start_at=StartAt(rollout="7f3a0001"), prepare=prepare) as desk:
            await desk.shows("2 failed")
            await _read_in_every_theme(desk)
            await desk.press(*["down"] * 3)
            await _read_in_every_theme(desk)


async def _read_in_every_theme(desk: Desk) -> None:
    for theme, least in _LEAST.items():
        desk.app.theme = theme
        await desk.pilot.pause(0.05)
        assert sorted(set(faint(desk.app, least))) == [], theme


def _without_red_and_green(color: Color) -> tuple[float, float]:
    """The contrasts that remain without red or green cones: brightness, and blue against yellow."""
    return color.brightness, (2 * color.b - color.r - color.g) / 510


def test_no_two_states_of_the_color_blind_theme_differ_by_red_and_green_alone() -> None:
    seen = [_without_red_and_green(Color.parse(COLORBLIND.variables[state])) for state in _STATES[:4]]
    for number, one in enumerate(seen):
        for other in seen[number + 1 :]:
            assert max(abs(one[0] - other[0]), abs(one[1] - other[1])) > 0.12


def test_a_skin_is_a_theme_with_other_colors(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'base = "vmss-light"\n[colors]\nsuccess = "#00d000"\nbackground = "#ffffee"\n[variables]\nrule = "#404040"\n'
        'block-cursor-text-style = "bold not italic"\ntext-muted = "auto 60%"\nscrollbar = "#ffffff 50%"\n'
    )
    skins = read_skins(tmp_path)
    assert skins.problems == ()
    (mine,) = skins.themes
    assert (mine.name, mine.dark, mine.error) == ("mine", False, LIGHT.error)
    assert mine.variables["text-success"] == "#00d000" and mine.variables["scrollbar-background"] == "#ffffee"
    assert mine.variables["rule"] == "#404040" and mine.variables["text-error"] == LIGHT.variables["text-error"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('base = "solarized"', "vmss-dark"),
        ('[colors]\nsucess = "#fff"', "colors.sucess"),
        ('[colors]\nsuccess = "greenish"', "greenish"),
        ("colors = 3", "[colors]"),
        ('paint = "x"', "paint"),
        ("dark = 1", "dark"),
        ("[variables]\nrule = 1", "variables.rule"),
        ("[variables]\nrule = '}{ x'", "variables.rule"),
        ("[variables]\nblock-cursor-text-style = 'bold; x: y'", "bold; x: y"),
        ("[variables]\n'a b' = '#ffffff'", "a b"),
        ('base = ["vmss-dark"]', "vmss-dark"),
        ("= ", "cannot be read"),
    ],
)
def test_a_skin_with_a_mistake_is_named_and_left_aside(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    skins = read_skins(tmp_path)
    assert skins.themes == ()
    assert "mine.toml" in skins.problems[0] and named in skins.problems[0]


def test_a_skin_cannot_take_the_name_of_a_theme(tmp_path: Path) -> None:
    (tmp_path / f"{DARK.name}.toml").write_text("")
    assert read_skins(tmp_path).themes == ()


async def test_the_app_uses_a_skin_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    themes_directory().mkdir(parents=True)
    (themes_directory() / "mine.toml").write_text('[colors]\nbackground = "#000080"\n')
    monkeypatch.setenv("TEXTUAL_THEME", "mine")
    async with sitting(tmp_path) as desk:
        assert desk.app.theme == "mine"
        assert desk.app.current_theme.background == "#000080"


async def test_a_theme_that_there_is_not_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", "solarised")
    async with sitting(tmp_path) as desk:
        await desk.shows("there is no theme solarised")
        assert desk.app.theme == "vmss-dark"


async def test_a_theme_with_a_mistake_is_said_on_the_screen_that_opens_first(tmp_path: Path) -> None:
    themes_directory().mkdir(parents=True)
    (themes_directory() / "mine.toml").write_text('base = "x"\n')
    web = next(it.scale_set.id for it in estate.estate() if it.scale_set.name == "web-weu")
    async with sitting(tmp_path, start_at=StartAt(scale_set=web)) as desk:
        await desk.shows("'x'", "vmss-colorblind")


async def test_a_reversed_row_has_one_color_in_sixteen_colors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, TERM="xterm-16color", COLORTERM="")
    async with sitting(tmp_path) as desk:
        await desk.shows("8 behind")
        grid = desk.app.screen.query_one(Grid)
        grid.move_to(next(row.key for row in grid.rows if "8 behind" in "".join(p[0] for c in row.cells for p in c)))
        await desk.pilot.pause()
        line = next(grid.render_line(y) for y in range(grid.size.height) if "8 behind" in grid.render_line(y).text)
        behind = [segment for segment in line if "behind" in segment.text]
        assert {str(segment.style.color) for segment in behind if segment.style} == {
            str(segment.style.color) for segment in line if "billing" in segment.text and segment.style
        }
