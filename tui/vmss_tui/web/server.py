"""The HTTP server: routes, the checks that every request passes, and events as they come."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from vmss_tui.domain.rollout.events import Ended, Logged
from vmss_tui.domain.rollout.team.presence import Through, Watcher
from vmss_tui.errors import JournalUnavailable, UsageError, VmssTuiError
from vmss_tui.journal.lease import Lease
from vmss_tui.journal.rows import RolloutHeader
from vmss_tui.journal.store import Journal
from vmss_tui.report.formats import write
from vmss_tui.web import pages
from vmss_tui.web.access import (
    COOKIE,
    FORWARDED,
    HEADERS,
    PAGE_POLICY,
    Doors,
    Level,
    is_encrypted,
    is_own_host,
    is_own_origin,
)
from vmss_tui.web.viewer import POLICY, Viewer

_LOG = logging.getLogger(__name__)
WRONG_SECONDS = 1.0
"""A wrong token is answered after this long, so that guessing takes forever."""
HEARTBEAT_SECONDS = 15.0
"""How often a quiet stream of events says that it is still there."""
MOST_STREAMS = 200
"""Pages that listen to events at once; others load the record again from time to time."""
_KEPT_RECORDS = 16
"""Records that are kept for the next reader."""
_LISTED = 200
_LONGEST_SEQ = 18
"""Digits of an event's number that fit into the journal."""

STREAM_HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
"""Of a stream of events, which a reverse proxy is not to hold back ("X-Accel-Buffering" of nginx)."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The served app and records: the journal, the app for those who look and for those who act, and who they are."""

    journal: Journal
    viewing: Viewer
    acting: Viewer | None
    """None where no visitor may make changes."""
    doors: Doors
    hosts: tuple[str, ...]
    """Names by which a browser may call this server."""
    who: str = ""
    """The account that serves: every viewer acts, and is seen to watch, as it."""


def application(site: Site) -> web.Application:
    """The routes of a site."""
    own = _Handlers(site)
    app = web.Application(middlewares=[_guard(site)])
    app.add_routes(
        [
            web.get("/", own.look),
            web.get("/ws", site.viewing.connect),
            web.get("/act", own.act),
            web.get("/act/ws", own.connect_acting),
            web.get("/enter", own.door),
            web.post("/enter", own.enter),
            web.get("/rollouts", own.rollouts),
            web.get("/rollouts/{rollout}", own.rollout),
            web.get("/rollouts/{rollout}/events", own.events),
            web.get("/live.js", own.script),
            web.static("/static", site.viewing.files),
        ]
    )
    return app


async def serve(site: Site, host: str, port: int, *, tls: ssl.SSLContext | None, ready: Callable[[int], None]) -> None:
    """Serve until canceled; `ready` gets the port. Raises UsageError when the address cannot be used."""
    runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=3)
    await runner.setup()
    try:
        place = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await place.start()
        except OSError as error:
            raise UsageError(
                f"cannot serve on {host}:{port}: {error.strerror or error}", hint="Choose another --port."
            ) from error
        ready(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _guard(site: Site) -> Middleware:
    """Every request: the right host, a session that suffices, and headers that keep other sites away."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_own_host(request.host, site.hosts):
            return _html(pages.message("Not here", "This server does not have that name."), status=421)
        if request.path != "/enter" and _level(site, request) is Level.NOTHING:
            return web.Response(status=303, headers={**HEADERS, "Location": "/enter"})
        try:
            answer = await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            answer = _html(pages.message(error.reason, error.text or error.reason), status=error.status)
        except VmssTuiError as error:
            passes = isinstance(error, JournalUnavailable)
            text = pages.message("vmss-tui", error.in_one_line, passes=passes)
            answer = _html(text, status=503 if passes else 404)
        if not answer.prepared:
            for name, value in HEADERS.items():
                answer.headers.setdefault(name, value)
        return answer

    return guard


class _Records:
    """The records of rollouts as HTML, each made once for all who read it, and in a thread.

    The record of a large rollout takes a second to write, and each of its readers asks for it after each event.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._made: dict[str, tuple[tuple[Logged, ...], str]] = {}
        self._making: dict[str, asyncio.Lock] = {}

    async def of(self, header: RolloutHeader) -> tuple[tuple[Logged, ...], str]:
        """The log of a rollout, and its record. Raises JournalUnavailable."""
        async with self._making.setdefault(header.id, asyncio.Lock()):
            log, record = self._made.pop(header.id, ((), ""))
            if not log or self._journal.events(header.id, log[-1].seq, limit=1):
                log, record = await asyncio.to_thread(self._make, header)
            self._made[header.id] = log, record
            while len(self._made) > _KEPT_RECORDS:
                oldest = next(iter(self._made))
                del self._made[oldest]
                self._making.pop(oldest, None)
        return log, record

    def _make(self, header: RolloutHeader) -> tuple[tuple[Logged, ...], str]:
        log = self._journal.events(header.id)
        return log, write("html", header, log, self._journal.links(header.id))


class _Handlers:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._records = _Records(site.journal)
        self._streams = 0

    async def look(self, request: web.Request) -> web.Response:
        """The app, read-only."""
        return _html(self._site.viewing.page(request, "/ws"), policy=POLICY)

    async def act(self, request: web.Request) -> web.Response:
        """The app, with writes, for who has the token."""
        acting = self._acting(request)
        if acting is None:
            raise web.HTTPSeeOther("/enter?act")
        return _html(acting.page(request, "/act/ws"), policy=POLICY)

    async def connect_acting(self, request: web.Request) -> web.StreamResponse:
        """The connection of that app."""
        acting = self._acting(request)
        if acting is None:
            raise web.HTTPForbidden(text="Enter the token first.")
        return await acting.connect(request)

    async def door(self, request: web.Request) -> web.Response:
        """The form for a token."""
        return _html(pages.door(wrong=False, acts="act" in request.query))

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """A token was entered."""
        if not is_own_origin(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text="Enter the token on the page of this server.")
        token = str((await request.post()).get("token", ""))
        session = self._site.doors.enter(token)
        if session is None:
            _LOG.warning("a wrong token was entered from %s", request.remote)
            await asyncio.sleep(WRONG_SECONDS)
            return _html(pages.door(wrong=True, acts="act" in request.query), status=403)
        acts = self._site.doors.level(session) is Level.ACT
        answer = web.Response(status=303, headers={"Location": "/act" if acts else "/"})
        encrypted = is_encrypted(request.secure, request.headers.get(FORWARDED))
        answer.set_cookie(COOKIE, session, httponly=True, samesite="Strict", secure=encrypted, path="/")
        return answer

    async def rollouts(self, request: web.Request) -> web.Response:
        """The list."""
        headers, journal = self._site.journal.rollouts(limit=_LISTED), self._site.journal
        leases, watchers = journal.leases(), journal.watchers()
        around = {it.id: _around(leases.get(it.id), watchers.get(it.id, ()), over=it.stage.over) for it in headers}
        return _html(pages.rollouts(headers, around))

    async def rollout(self, request: web.Request) -> web.Response:
        """The record of one."""
        header = self._named(request)
        log, record = await self._records.of(header)
        watchers = self._site.journal.watchers().get(header.id, ())
        around = _around(self._site.journal.lease(header.id), watchers, over=_over(log))
        return _html(pages.live(record, header.id, around, seq=log[-1].seq if log else 0, over=_over(log)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A stream that says when the log has grown, until the rollout ends."""
        header = self._named(request)
        if self._streams >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(text="Too many pages listen at once.")
        self._streams += 1
        try:
            return await self._stream(request, header)
        finally:
            self._streams -= 1

    async def _stream(self, request: web.Request, header: RolloutHeader) -> web.StreamResponse:
        answer = web.StreamResponse(headers={**HEADERS, **STREAM_HEADERS})
        await answer.prepare(request)
        await answer.write(b"retry: 2000\n\n")
        grown = asyncio.Queue[int]()
        who, through = self._site.who, Through.BROWSER
        following = asyncio.ensure_future(self._follow(header.id, _known(request), grown))
        try:
            async with self._site.journal.watching(
                header.id, who=who, through=through, seen=lambda _: grown.put_nowait(0)
            ):
                await _send_changes(answer, grown, following)
            return answer
        except ConnectionError:
            return answer
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _follow(self, rollout: str, known: int | None, grown: asyncio.Queue[int]) -> None:
        """Put the number of the newest event into the queue whenever the log has grown, until it ends."""
        after = self._site.journal.state(rollout).seq if known is None else known
        async for log in self._site.journal.tail(rollout, after, poll_seconds=1.0):
            grown.put_nowait(log[-1].seq)

    async def script(self, request: web.Request) -> web.Response:
        """What keeps a page up to date."""
        return web.Response(text=pages.script(), content_type="text/javascript")

    def _named(self, request: web.Request) -> RolloutHeader:
        return self._site.journal.find(request.match_info["rollout"])

    def _acting(self, request: web.Request) -> Viewer | None:
        """The app with writes, for a visitor who may act. Raises HTTPNotFound where no one may."""
        if self._site.acting is None:
            raise web.HTTPNotFound(text="This server is read-only; `vmss-tui serve --allow-writes` is not.")
        return self._site.acting if _level(self._site, request) is Level.ACT else None


async def _send_changes(
    answer: web.StreamResponse, changes: asyncio.Queue[int], following: "asyncio.Future[None]"
) -> None:
    """Say when there is something new, until the log has ended and everything is said."""
    while not (following.done() and changes.empty()):
        waiting = asyncio.ensure_future(changes.get())
        await asyncio.wait((waiting, following), timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            await answer.write(f"event: grown\nid: {waiting.result()}\ndata: {waiting.result()}\n\n".encode())
            continue
        waiting.cancel()
        if not following.done():
            await answer.write(b": still here\n\n")


def _known(request: web.Request) -> int | None:
    """The last event that a page shows, or that it was sent before its connection was lost; None: not said."""
    said = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST_SEQ else None


def _over(log: Sequence[Logged]) -> bool:
    return bool(log) and isinstance(log[-1].event, Ended)


def _around(lease: Lease | None, watchers: tuple[Watcher, ...], *, over: bool) -> pages.Around:
    """Which host holds a rollout, and who watches it."""
    return pages.Around(lease.host if lease is not None and lease.alive and not over else "", watchers)


def _level(site: Site, request: web.Request) -> Level:
    return site.doors.level(request.cookies.get(COOKIE))


def _html(text: str, *, status: int = 200, policy: str = PAGE_POLICY) -> web.Response:
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)
