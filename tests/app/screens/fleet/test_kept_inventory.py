"""The fleet at the start: what an earlier start saw, with its age, until Azure has answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support import estate
from support.desk import sitting
from support.fakes import FakeSession
from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts
from vmss_tui.errors import SignInFailed

OTHER = replace(estate.MARIA, object_id="somebody else")


def kept(session: FakeSession, who: Identity = estate.MARIA) -> None:
    """An inventory of ten hours ago, and a sign-in that waits."""
    entries = tuple(
        FleetEntry(
            scale_set=replace(snap.scale_set, extensions=()),
            subscription=estate.PROD_EUROPE,
            counts=InstanceCounts(99, 99, 99),
        )
        for snap in estate.estate()
    )
    gone = replace(entries[0], scale_set=replace(entries[0].scale_set, id=replace(entries[0].id, name="a-gone-set")))
    snapshot = FleetSnapshot(
        entries=(*entries, gone), subscriptions=estate.SUBSCRIPTIONS, taken_at=session.clock.now() - timedelta(hours=10)
    )
    session.inventory.keep(snapshot, who, lambda entry: "web 1.9")
    session.connect_gate = asyncio.Event()


async def test_the_first_frame_has_the_last_inventory_with_its_age(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=kept) as desk:
        await desk.shows("a-gone-set", "web 1.9", "16 scale sets", "10h ago")
        gate = desk.session.connect_gate
        assert gate is not None
        gate.set()
        await desk.shows("web 2.4.0", "15 scale sets")
        assert "a-gone-set" not in desk.text() and "web 1.9" not in desk.text()


async def test_what_another_account_saw_goes_when_it_is_known_who_is_signed_in(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=lambda session: kept(session, OTHER)) as desk:
        await desk.shows("a-gone-set")
        gate = desk.session.connect_gate
        assert gate is not None
        desk.azure.gates["subscriptions"] = asyncio.Event()
        gate.set()
        await desk.hides("a-gone-set")


async def test_a_sign_in_that_needs_a_person_is_not_hidden_by_old_rows(tmp_path: Path) -> None:
    def prepare(session: FakeSession) -> None:
        kept(session)
        session.connect_gate = None
        session.connect_error = SignInFailed("no credential worked", hint="run `az login`")

    async with sitting(tmp_path, prepare=prepare) as desk:
        await desk.shows("Not signed in", "no credential worked")


async def test_the_inventory_is_kept_for_the_next_start(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.until(lambda: desk.session.inventory.of(estate.MARIA) is not None)
        found = desk.session.inventory.of(estate.MARIA)
        assert found is not None and {entry.id for entry in found.entries} == set(desk.azure.sets)
        assert "web 2.4.0" in {entry.kept_version for entry in found.entries}
