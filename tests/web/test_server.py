"""The server over HTTP: tokens, foreign sites, pages without JavaScript, and events as they come."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from support.journal import NOW, plan
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.rows import RolloutHeader
from vmss_tui.journal.store import Journal
from vmss_tui.web import server
from vmss_tui.web.access import Doors
from vmss_tui.web.server import Site, application
from vmss_tui.web.viewer import Seats, Viewer

LOOK, ACT = "look-look-look-look", "act-act-act-act-act"
Client = TestClient[Request, Application]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.open(tmp_path / "journal.db")


def site(journal: Journal, doors: Doors, seats: int = 2) -> Site:
    viewer = Viewer(["cat"], Seats(seats))
    return Site(
        journal=journal, viewing=viewer, acting=viewer if doors.act else None, doors=doors, hosts=("127.0.0.1",)
    )


@pytest.fixture
async def client(journal: Journal) -> AsyncIterator[Client]:
    """Of a server where anyone may look."""
    async with TestClient(TestServer(application(site(journal, Doors())))) as opened:
        yield opened
    journal.close()


@pytest.fixture
async def guarded(journal: Journal) -> AsyncIterator[Client]:
    """Of a server with both tokens."""
    async with TestClient(TestServer(application(site(journal, Doors(LOOK, ACT))))) as opened:
        yield opened
    journal.close()


def own(client: Client) -> dict[str, str]:
    """The headers of a form of the server's own page."""
    return {"Origin": f"http://{client.host}:{client.port}"}


async def test_the_list_and_a_record_need_no_script(client: Client, journal: Journal) -> None:
    rollout = journal.create(plan(), who="<b>maria</b>", why="CHG1", at=NOW)
    listed = await client.get("/rollouts")
    text = await listed.text()
    assert f'href="/rollouts/{rollout}"' in text and "&lt;b&gt;maria" in text
    record = await (await client.get(f"/rollouts/{rollout}")).text()
    assert "CHG1" in record and '<noscript><meta http-equiv="refresh"' in record and "/live.js" in record
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    record = await (await client.get(f"/rollouts/{rollout}")).text()
    assert "/live.js" not in record and "refresh" not in record, "what is over is not loaded again"


async def test_every_page_keeps_other_sites_away(client: Client) -> None:
    for path in ("/", "/rollouts", "/enter", "/nothing-here", "/rollouts/zz"):
        answer = await client.get(path)
        assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Cache-Control"] == "no-store", path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
    rebound = await client.get("/rollouts", headers={"Host": "evil.example"})
    assert rebound.status == 421


async def test_a_page_that_comes_back_by_itself_after_an_outage(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise JournalUnavailable("the journal is away", hint="wait")

    monkeypatch.setattr(journal, "rollouts", away)
    answer = await client.get("/rollouts")
    assert answer.status == 503 and 'http-equiv="refresh"' in await answer.text()
    assert "refresh" not in await (await client.get("/rollouts/none")).text()


async def test_a_rollout_that_is_not_there(client: Client) -> None:
    answer = await client.get("/rollouts/zz")
    assert answer.status == 404 and "no rollout" in await answer.text()


async def test_without_a_session_every_page_asks_for_the_token(guarded: Client) -> None:
    for path in ("/", "/rollouts", "/rollouts/ab", "/live.js", "/act", "/ws"):
        answer = await guarded.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/enter"), path


async def test_a_token_to_look_does_not_act(guarded: Client) -> None:
    wrong = await guarded.post("/enter", data={"token": "guess"}, headers=own(guarded))
    assert wrong.status == 403 and "not correct" in await wrong.text()
    right = await guarded.post("/enter", data={"token": LOOK}, headers=own(guarded), allow_redirects=False)
    assert right.status == 303
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and LOOK not in cookie
    assert (await guarded.get("/rollouts")).status == 200
    acting = await guarded.get("/act", allow_redirects=False)
    assert (acting.status, acting.headers["Location"]) == (303, "/enter?act")
    with pytest.raises(WSServerHandshakeError):
        await guarded.ws_connect("/act/ws", headers=own(guarded))


async def test_a_token_to_act_opens_the_app_with_writes(guarded: Client) -> None:
    right = await guarded.post("/enter", data={"token": ACT}, headers=own(guarded), allow_redirects=False)
    assert right.headers["Location"] == "/act"
    page = await (await guarded.get("/act")).text()
    assert f"ws://{guarded.host}:{guarded.port}/act/ws" in page


async def test_behind_a_proxy_with_tls_the_app_and_the_cookie_are_of_tls(guarded: Client) -> None:
    forwarded = {**own(guarded), "X-Forwarded-Proto": "https"}
    answer = await guarded.post("/enter", data={"token": ACT}, headers=forwarded, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    page = await (await guarded.get("/act", headers={**forwarded, **session})).text()
    assert f'"wss://{guarded.host}:{guarded.port}/act/ws"' in page


async def test_a_token_that_another_site_sends_is_not_taken(guarded: Client) -> None:
    answer = await guarded.post("/enter", data={"token": ACT}, headers={"Origin": "https://evil.example"})
    assert answer.status == 403 and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("size", ["width=999999999", "height=0", "width=-1", "width=x", "height=1e9"])
async def test_a_terminal_of_any_size_is_not_painted(client: Client, size: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/ws?{size}", headers=own(client))
    assert refused.value.status == 400


async def test_the_app_opens_from_its_own_page_only_and_while_there_is_a_seat(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as foreign:
        await client.ws_connect("/ws", headers={"Origin": "https://evil.example"})
    assert foreign.value.status == 403
    sockets = [await client.ws_connect("/ws", headers=own(client)) for _ in range(2)]
    with pytest.raises(WSServerHandshakeError) as full:
        await client.ws_connect("/ws", headers=own(client))
    assert full.value.status == 503
    assert "limit of 2 viewers" in await (await client.get("/")).text()
    for socket in sockets:
        await socket.close()


async def test_nobody_acts_where_the_server_is_read_only(client: Client) -> None:
    assert (await client.get("/act")).status == 404
    with pytest.raises(WSServerHandshakeError):
        await client.ws_connect("/act/ws", headers=own(client))


async def test_what_came_between_the_page_and_its_stream_is_announced(client: Client, journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    page = await (await client.get(f"/rollouts/{rollout}")).text()
    assert 'data-seq="1"' in page and "/live.js" in page
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    place = client.make_url(f"/rollouts/{rollout}/events")
    async with ClientSession() as session:
        for query, headers in (({"after": "1"}, {}), ({}, {"Last-Event-ID": "1"})):
            async with session.get(place.with_query(query), headers=headers) as stream:
                assert b"id: 2" in await asyncio.wait_for(stream.content.read(), 30)
    assert "/live.js" not in await (await client.get(f"/rollouts/{rollout}")).text()


async def test_events_are_announced_until_the_rollout_ends(client: Client, journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    async with ClientSession() as session, session.get(client.make_url(f"/rollouts/{rollout}/events")) as stream:
        assert stream.content_type == "text/event-stream"
        assert b"retry" in await stream.content.readline()
        journal.append(rollout, e.Resumed(), at=NOW)
        lines = [await asyncio.wait_for(stream.content.readline(), 30) for _ in range(5)]
        assert b"event: grown\n" in lines and b"id: 2\n" in lines
        journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
        rest = await asyncio.wait_for(stream.content.read(), 30)
        assert b"id: 3" in rest


async def test_a_record_is_made_once_for_all_who_read_it(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def count(form: str, header: RolloutHeader, log: tuple[e.Logged, ...], links: object) -> str:
        made.append(header.id)
        return f"<html><head></head><body>{len(log)} events</body></html>"

    monkeypatch.setattr(server, "write", count)
    first, second = (journal.create(plan(), who="bo", at=NOW) for _ in range(2))
    for expected in (1, 2):
        answers = await asyncio.gather(*(client.get(f"/rollouts/{first}") for _ in range(20)))
        assert {f"{expected} events" in await answer.text() for answer in answers} == {True}
        journal.append(first, e.Noted("x"), at=NOW)
    await client.get(f"/rollouts/{second}")
    assert made == [first, first, second]


async def test_only_so_many_pages_listen_at_once(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_STREAMS", 2)
    rollout = journal.create(plan(), who="bo", at=NOW)
    streams = [await client.get(f"/rollouts/{rollout}/events") for _ in range(2)]
    assert streams[0].headers["X-Accel-Buffering"] == "no"
    assert (await client.get(f"/rollouts/{rollout}/events")).status == 503
    assert (await client.get(f"/rollouts/{rollout}")).status == 200
    streams.pop().close()
    for _ in range(600):
        again = await client.get(f"/rollouts/{rollout}/events")
        streams.append(again)
        if again.status == 200:
            break
        await asyncio.sleep(0.05)
    assert again.status == 200, "who leaves makes room"
    for stream in streams:
        stream.close()
