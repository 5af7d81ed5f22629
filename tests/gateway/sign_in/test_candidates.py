"""Every credential that can be asked for: it has a candidate, words in the app's menu, and a row in the documents."""

from pathlib import Path

import pytest

from vmss_tui.app.screens.sign_in import CREDENTIALS as WORDS
from vmss_tui.gateway.sign_in.candidates import Candidates
from vmss_tui.gateway.sign_in.clouds import PUBLIC
from vmss_tui.gateway.sign_in.credentials import CREDENTIALS, IN_PERSON, ORDERED
from vmss_tui.gateway.sign_in.environment import read_environment

ROOT = Path(__file__).parents[3]


def candidates() -> Candidates:
    return Candidates(cloud=PUBLIC, environment=read_environment(PUBLIC, None, {}), environ={}, proxies={})


@pytest.mark.parametrize("name", sorted(set(CREDENTIALS) - {"auto"}))
async def test_each_has_a_candidate(name: str) -> None:
    assert name in ORDERED or name in IN_PERSON
    assert [found.name async for found in candidates().of(name)]


async def test_a_name_without_a_candidate_is_never_taken_for_auto() -> None:
    with pytest.raises(ValueError, match="newcomer"):
        _ = [found async for found in candidates().of("newcomer")]


def test_each_is_explained_in_the_menu_and_in_the_documents() -> None:
    assert set(WORDS) == set(CREDENTIALS)
    page = (ROOT / "docs" / "sign-in.md").read_text(encoding="utf-8")
    assert [name for name in (*ORDERED, *IN_PERSON) if f"| `{name}` |" not in page] == []
