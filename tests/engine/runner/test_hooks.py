"""Hooks of a rollout with the real runner: which people get which messages, without secrets, and that no hook harms
it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from support.engine.lab import FAST, ONE_THIRD, steps, version
from support.engine.opens import OpensLab
from support.engine.requests import batches_begun, when
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.plan.rollout_policy import BatchStep, Hook
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.errors import VmssTuiError

SECRET = "hunter2"


@pytest.fixture
async def webhook() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A web server that keeps what is posted to it, and answers that it did not like it."""
    posted: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        posted.append(await request.json())
        return web.Response(status=500, text="no")

    app = web.Application()
    app.router.add_post("/hook", take)
    running = web.AppRunner(app)
    await running.setup()
    site = web.TCPSite(running, "127.0.0.1", 0)
    await site.start()
    port = running.addresses[0][1]
    yield f"http://127.0.0.1:{port}/hook", posted
    await running.cleanup()


def recorder(directory: Path) -> tuple[Hook, Path]:
    """A command that keeps its arguments, its environment and its standard input."""
    kept, script = directory / "kept", directory / "hook.sh"
    script.write_text(f'#!/bin/sh\n{{ echo "args: $0 $*"; env; cat; echo; }} >> {kept}\n')
    script.chmod(0o700)
    return Hook(command=(str(script), "ops")), kept


async def test_a_webhook_and_a_command_hear_of_an_approval_and_of_a_failure_and_of_no_secret(
    open_lab: OpensLab,
    webhook: tuple[str, list[dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, posted = webhook
    command, kept = recorder(tmp_path)
    for name in ("AZURE_CLIENT_SECRET", "PGPASSWORD", "IDENTITY_HEADER", "VMSS_TUI_SECRET_KEY", "VMSS_TUI_SERVE_TOKEN"):
        monkeypatch.setenv(name, SECRET)
    lab = await open_lab(mode="Manual")
    script = version("2-bad", protected={"key": SecretRef(SecretSource.PROMPT, "the key")})
    first, rest = steps(1, "100%")
    policy = replace(
        ONE_THIRD,
        steps=(first, BatchStep(rest.amount, approve=True)),
        unhealthy_percent=100,
        hooks=(Hook(url=url), command, Hook(url=url, on=("ended",))),
    )
    rollout = await lab.create(script, policy)
    running = asyncio.create_task(lab.run(rollout, secrets={"key": Secret(SECRET)}))
    await when(lab, rollout, lambda state: state.stage is Stage.APPROVAL, "approve")
    assert await running is e.Verdict.FAILED
    heard = [(post["occasion"], post["message"]) for post in posted]
    assert heard[0] == ("needs_person", "batch 2 is waiting for approval")
    assert [occasion for occasion, _ in heard[1:]] == ["failed", "failed"], "`ended` includes a failure"
    assert {post["rollout"] for post in posted} == {rollout}
    assert posted[0]["scale_set"] == str(lab.target) and posted[0]["version"] == "app 2-bad"
    text = kept.read_text()
    assert text.count("args: ") == 2 and text.count(f"args: {command.command[0]} ops\n") == 2
    assert SECRET not in text and SECRET not in json.dumps(posted)


async def test_people_are_told_of_the_end_and_of_a_runner_that_gave_up(
    open_lab: OpensLab, webhook: tuple[str, list[dict[str, Any]]]
) -> None:
    url, posted = webhook
    lab = await open_lab(mode="Manual", speed=20)
    rollout = await lab.create(version("2"), replace(ONE_THIRD, hooks=(Hook(url=url),)))
    running = asyncio.create_task(lab.run(rollout, pace=replace(FAST, patience_seconds=0.5)))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.sim.control.add_fault(kind="reset", method="*", path="*", count=0)
    with pytest.raises(VmssTuiError):
        await running
    (message,) = posted
    assert message["occasion"] == "needs_person" and message["message"].startswith("runner stopped: cannot ")
    lab.sim.control.clear_faults()
    await lab.run(rollout)
    assert [post["occasion"] for post in posted] == ["needs_person", "ended"]
    assert posted[-1]["message"] == "completed: 6 of 6 run app 2 and are healthy"


async def test_hooks_that_hang_cost_no_more_than_their_time(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    hooks = (Hook(command=("sleep", "600"), timeout_seconds=1), Hook(url="http://192.0.2.1/never", timeout_seconds=1))
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, hooks=hooks))
    assert state.verdict is e.Verdict.COMPLETED
