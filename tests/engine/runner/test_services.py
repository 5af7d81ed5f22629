"""Notifications through a service by Apprise, to a local web server: what arrives, and no address is written down."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web

from support.engine.lab import ONE_THIRD, steps, version
from support.engine.opens import OpensLab
from support.engine.requests import when
from vmss_tui.domain.plan.rollout_policy import BatchStep, Hook, ServiceRef, Urgency
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.engine.runner.notifications import RunningHooks, urgency_of
from vmss_tui.engine.runner.services import send, text, title

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")
"""A plugin of Apprise may import what its Python is about to drop."""
TOKEN = "T0KEN-0123456789"
MESSAGE = {
    "rollout": "1234abcd", "occasion": "failed", "urgency": "error", "scale_set": "s/g/web", "version": "web 2",
    "message": "1 of 6 failed",
}  # fmt: skip


@pytest.fixture
async def service() -> AsyncIterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """A service with a token in its address, what it was sent, and the status codes that it answers with."""
    sent: list[dict[str, Any]] = []
    codes: list[int] = []

    async def take(request: web.Request) -> web.Response:
        sent.append({**await request.json(), "path": request.path})
        return web.Response(status=codes.pop() if codes else 200)

    app = web.Application()
    app.router.add_post(f"/{TOKEN}{{hook:.*}}", take)
    running = web.AppRunner(app, access_log=None)
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    yield f"json://127.0.0.1:{running.addresses[0][1]}/{TOKEN}", sent, codes
    await running.cleanup()


async def test_a_rollout_notifies_a_service_and_writes_its_address_nowhere(
    open_lab: OpensLab,
    service: tuple[str, list[dict[str, Any]], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address, sent, _ = service
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPS_CHAT", address)
    lab = await open_lab(mode="Manual")
    hooks = (
        Hook(service=ServiceRef(env="OPS_CHAT")),
        Hook(service=ServiceRef(env="OPS_CHAT"), least=Urgency.ERROR),
        Hook(service=ServiceRef(env="NOT_SET_ANYWHERE")),
    )
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, hooks=hooks))
    assert state.verdict is e.Verdict.COMPLETED
    (message,) = sent
    assert message["type"] == "info" and str(lab.target) in message["title"] and "ended" in message["title"]
    assert "app 2" in message["message"]
    assert TOKEN not in caplog.text and "$NOT_SET_ANYWHERE" in caplog.text
    stored = b"".join(path.read_bytes() for path in Path(lab.journal.place).parent.glob("*") if path.is_file())
    assert TOKEN.encode() not in stored and b"OPS_CHAT" in stored


async def test_each_event_reaches_the_hooks_that_are_for_it(
    open_lab: OpensLab, service: tuple[str, list[dict[str, Any]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, sent, _ = service
    lab = await open_lab(mode="Manual")
    wanted: dict[str, dict[str, Any]] = {
        "all": {}, "warning": {"least": Urgency.WARNING}, "error": {"least": Urgency.ERROR},
        "person": {"on": ("needs_person",)}, "failed": {"on": ("failed",)},
    }  # fmt: skip
    for name in wanted:
        monkeypatch.setenv(f"CHAT_{name.upper()}", f"{address}/{name}")
    hooks = tuple(Hook(service=ServiceRef(env=f"CHAT_{name.upper()}"), **more) for name, more in wanted.items())
    policy = replace(ONE_THIRD, hooks=hooks, unhealthy_upgraded_percent=0)

    def reached() -> dict[str, list[str]]:
        """The types of what each hook got, which is forgotten."""
        found = {name: sorted(row["type"] for row in sent if row["path"].endswith(f"/{name}")) for name in wanted}
        sent.clear()
        return {name: types for name, types in found.items() if types}

    first, rest = steps(1, "100%")
    asked = replace(policy, steps=(first, BatchStep(rest.amount, approve=True)), unhealthy_upgraded_percent=100)
    rollout = await lab.create(version("2"), asked)
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, lambda state: state.stage is Stage.APPROVAL, "approve")
    assert await running is e.Verdict.COMPLETED
    assert reached() == {"all": ["info", "warning"], "warning": ["warning"], "person": ["warning"]}
    assert (await lab.roll_out(version("3-bad"), policy)).verdict is e.Verdict.FAILED
    assert reached() == {"all": ["failure"], "warning": ["failure"], "error": ["failure"], "failed": ["failure"]}


async def test_the_address_may_be_in_a_file_and_a_refusal_has_a_reason(
    service: tuple[str, list[dict[str, Any]], list[int]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address, sent, codes = service
    caplog.set_level(logging.DEBUG)
    kept = tmp_path / "chat"
    kept.write_text(f"{address}\n")
    reference = ServiceRef(file=str(kept))
    assert await send(reference, MESSAGE, Urgency.ERROR, 10) == ""
    assert sent[0]["type"] == "failure" and sent[0]["message"].startswith("1 of 6 failed")
    codes.append(500)
    assert "did not accept" in await send(reference, MESSAGE, Urgency.WARNING, 10)
    kept.write_text(f"nonsense://{TOKEN}")
    assert "not one that Apprise knows" in await send(reference, MESSAGE, Urgency.WARNING, 10)
    kept.unlink()
    assert str(kept) in await send(reference, MESSAGE, Urgency.WARNING, 10)
    assert TOKEN not in caplog.text


async def test_a_service_that_answers_a_byte_at_a_time_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a thread of the loop nor a process remains of it."""
    asked = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with closing(writer), suppress(OSError):
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

    before, threads = {child.pid for child in psutil.Process().children()}, set(threading.enumerate())
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        monkeypatch.setenv("OPS_CHAT", f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}/{TOKEN}")
        sending = asyncio.create_task(send(ServiceRef(env="OPS_CHAT"), MESSAGE, Urgency.ERROR, 3))
        await asked.wait()
        (child,) = {child.pid for child in psutil.Process().children()} - before
        assert TOKEN not in " ".join(psutil.Process(child).cmdline())
        with pytest.raises(TimeoutError):
            await sending
        assert not psutil.pid_exists(child)
        assert set(threading.enumerate()) == threads


def test_no_text_of_others_calls_people() -> None:
    for foreign in ("<!channel> look", "<@U024BE7LH>", "@everyone", "@Here", "<@&1234>", "x@all"):
        heading, body = title({**MESSAGE, "scale_set": foreign}), text({**MESSAGE, "message": foreign})
        for mention in ("<!", "<@", "@everyone", "@Here", "@all"):
            assert mention not in heading + body, foreign
    assert "bob@example.com" in text({**MESSAGE, "message": "by bob@example.com"})


async def test_only_what_is_urgent_enough_starts_a_hook(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hooks = [
        Hook(command=("/bin/sh", "-c", f"echo {least.value} >> {out}"), least=least, timeout_seconds=30)
        for least in Urgency
    ]
    running = RunningHooks()
    running.start(hooks, "needs_person", {**MESSAGE, "urgency": "warning"})
    await asyncio.wait_for(running.finish(), 60)
    assert sorted(out.read_text().split()) == ["info", "warning"]


@pytest.mark.parametrize(
    ("kind", "event", "expected"),
    [
        ("failed", e.Ended(e.Verdict.FAILED, "x"), Urgency.ERROR),
        ("ended", e.Ended(e.Verdict.CANCELLED, "x"), Urgency.WARNING),
        ("ended", e.Ended(e.Verdict.COMPLETED, "x"), Urgency.INFO),
        ("needs_person", e.RunnerStopped("gave up"), Urgency.WARNING),
    ],
)
def test_the_urgency_follows_from_the_event(kind: str, event: e.Event, expected: Urgency) -> None:
    assert urgency_of(kind, event) is expected
