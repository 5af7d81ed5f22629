"""The rows of the first frame are where the app paints them, and no bytes of foreign text act on the terminal."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyte
import pytest

from support import estate
from support.desk import sitting
from support.fakes import FakeSession
from vmss_tui.app.places.last_place import LastPlace, keep_last_place
from vmss_tui.app.terminal.first_rows import rows_frame
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts

SIZES = ((120, 40), (80, 24), (60, 16), (180, 50))


def inventory(session: FakeSession, name: str = "") -> FleetSnapshot:
    """An inventory of ten hours ago; the first scale set can have another name."""
    entries = [
        FleetEntry(
            scale_set=replace(snap.scale_set, extensions=()),
            subscription=estate.PROD_EUROPE,
            counts=InstanceCounts(9, 8, 9),
        )
        for snap in estate.estate()
    ]
    if name:
        changed = replace(entries[0].scale_set, id=replace(entries[0].id, name=name))
        entries[0] = replace(entries[0], scale_set=changed)
    taken_at = session.clock.now() - timedelta(hours=10)
    return FleetSnapshot(entries=tuple(entries), subscriptions=estate.SUBSCRIPTIONS, taken_at=taken_at)


def painted(
    session: FakeSession,
    last: LastPlace,
    size: tuple[int, int],
    lists: ListSettings = ListSettings(),  # noqa: B008
) -> list[str]:
    """The screen with nothing but these rows."""
    kept = session.inventory.newest()
    assert kept is not None
    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(rows_frame(kept, lists, last, frozenset(), session.clock.now(), size))
    return [line.rstrip() for line in screen.display]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", [0, 14])
async def test_the_app_paints_the_same_rows_in_the_same_places(
    tmp_path: Path, size: tuple[int, int], where: int
) -> None:
    last = LastPlace()

    def prepare(session: FakeSession) -> None:
        session.inventory.keep(inventory(session), estate.MARIA, lambda entry: "web 1.9")
        session.connect_gate = asyncio.Event()
        by_name = sorted(inventory(session).entries, key=lambda entry: entry.scale_set.name)
        last.scale_set = str(by_name[where].id)
        keep_last_place(session.cloud.name, last)

    async with sitting(tmp_path, size=size, prepare=prepare) as desk:
        await desk.shows("SCALE SET", "▸", "▲ 1 unhealthy")
        width = size[0] if size[0] < 160 else size[0] * 64 // 100 - 1
        app = [line[: width - 1].rstrip() for line in desk.text().splitlines()][3:-2]
        found = [line[: width - 1].rstrip() for line in painted(desk.session, last, size)][3:-2]
        assert found == app
        assert any("▸" in line for line in found)


@pytest.mark.parametrize(
    ("lists", "last"),
    [
        (ListSettings(app_filter="web"), LastPlace()),
        (ListSettings(), LastPlace(group="region")),
        (ListSettings(), LastPlace(mode="rollouts")),
        (ListSettings(), LastPlace(opened=True, scale_set=str(estate.estate()[0].scale_set.id))),
    ],
)
def test_a_list_that_begins_otherwise_is_left_to_the_app(tmp_path: Path, lists: ListSettings, last: LastPlace) -> None:
    session = FakeSession(tmp_path)
    session.inventory.keep(inventory(session), estate.MARIA, lambda entry: "web 1.9")
    assert not any(painted(session, last, (120, 40), lists))
    assert any(painted(session, last, (120, 40), replace(lists, restore=False))) == (not lists.app_filter)
    session.close()


def test_no_name_acts_on_the_terminal(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    hostile = inventory(session, "a\x1b[2J\x9b31m\u202eb")
    found = rows_frame(hostile, ListSettings(), LastPlace(), frozenset(), session.clock.now(), (120, 40))
    assert "\x1b[2J" not in found and "\x9b" not in found and "\u202e" not in found
    session.close()


def test_signs_are_ascii_where_the_terminal_wants_it(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    kept = inventory(session)
    found = rows_frame(kept, ListSettings(), LastPlace(), frozenset(), session.clock.now(), (120, 40), ascii_signs=True)
    assert found.isascii() and "web-weu" in found
    session.close()


def test_it_imports_no_textual() -> None:
    code = "import sys, vmss_tui.app.terminal.first_rows; print([m for m in sys.modules if m.startswith('textual')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
