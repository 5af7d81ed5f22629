"""The list of profiles."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from support import estate
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.profiles import rows as lists
from vmss_tui.presentation.table import text_of

KNOWN = lists.Known(now=estate.NOW)


@dataclass(frozen=True)
class Entry:
    name: str
    path: Path = Path("/p/web.toml")
    origin: str = "user"
    description: str = "the web"
    owner: str = "web-team"
    problem: str = ""
    last_used: datetime | None = None
    shadowed: bool = False


def test_rows_orders_and_filters_of_profiles() -> None:
    entries = (
        Entry("web", last_used=estate.NOW - timedelta(hours=3)),
        Entry("bad", problem="line 3: unknown key"),
        Entry("old", shadowed=True),
    )
    cells = [[text_of(cell) for cell in lists.PROFILES.row(entry, KNOWN).cells] for entry in entries]
    assert [row[1] for row in cells] == ["● ready", "✖ invalid", "◌ shadowed"]
    assert [row[4] for row in cells] == ["3h ago", "never", "never"]
    assert cells[1][6] == "line 3: unknown key"
    assert [entry.name for entry in lists.shown_profiles(entries, lists.ProfilesView(), KNOWN)] == ["web", "bad", "old"]
    assert [entry.name for entry in lists.shown_profiles(entries, lists.ProfilesView(reverse=True), KNOWN)] == [
        "old",
        "bad",
        "web",
    ]
    for order in lists.PROFILES.orders:
        assert len(lists.shown_profiles(entries, lists.ProfilesView(order=order), KNOWN)) == 3
    invalid = lists.ProfilesView(terms=parse("state:invalid", lists.PROFILES.fields))
    assert [entry.name for entry in lists.shown_profiles(entries, invalid, KNOWN)] == ["bad"]
    assert [column.key for column in lists.PROFILES.without("drift").columns][:3] == ["name", "state", "origin"]


def test_where_a_profile_is_stands_in_few_words() -> None:
    home = Path("/home/maria")
    for path, origin, said in (
        ("/opt/vmss-tui/profiles/web.toml", "bundled", "bundled: web.toml"),
        ("/home/maria/.config/vmss-tui/profiles/web.toml", "user", "~/.config/vmss-tui/profiles/web.toml"),
        ("/srv/profiles/web.toml", "--profiles", "/srv/profiles/web.toml"),
    ):
        assert lists.where_words(Entry("web", Path(path), origin), home) == said
