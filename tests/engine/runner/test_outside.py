"""What is asked or occasions outside: gates, hooks, files; and what cannot be planned."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from support.engine.toy import Toy, script
from support.engine.toy_azure import ToyAzure, ToyClock
from vmss_tui.domain.fleet.script import ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import ExternalGate, Hook, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.pinned_files import file_findings
from vmss_tui.engine.prepare import RolloutWish, prepare
from vmss_tui.engine.runner import writes as requests
from vmss_tui.engine.runner.commands_and_webhooks import check_gate, run_command
from vmss_tui.engine.runner.notifications import Notifier, occasion
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.errors import (
    AzureError,
    Changed,
    Conflict,
    ConnectionFailed,
    Forbidden,
    SignInFailed,
    Throttled,
    Unavailable,
    UsageError,
    VmssTuiError,
)
from vmss_tui.journal.store import Journal
from vmss_tui.ports import FilePin

posted: list[dict[str, object]] = []
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A web server that knows `/yes`, `/no` and `/slow`, and remembers what is posted."""
    app = web.Application()
    posted.clear()

    async def yes(request: web.Request) -> web.Response:
        if request.method == "POST":
            posted.append(await request.json())
        return web.Response(text="all\nquiet\n")

    async def no(request: web.Request) -> web.Response:
        return web.Response(status=503, text="error rate \x1b[31m7%")

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    app.add_routes([web.route("*", "/yes", yes), web.route("*", "/no", no), web.get("/slow", slow)])
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_web_address_as_gate(site: str) -> None:
    assert await check_gate(ExternalGate(url=f"{site}/yes"), {}) == (True, f"{site}/yes answered 200: quiet")
    assert await check_gate(ExternalGate(url=f"{site}/no"), {}) == (False, f"{site}/no answered 503: error rate 7%")
    late = await check_gate(ExternalGate(url=f"{site}/slow", timeout_seconds=1), {})
    assert late == (False, f"{site}/slow did not answer within 1s")
    assert (await check_gate(ExternalGate(url="ftp://x"), {}))[1].startswith("ftp://x cannot be checked")
    assert not (await check_gate(ExternalGate(url="http://127.0.0.1:9/"), {}))[0]


async def test_a_command_as_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    assert await check_gate(ExternalGate(command=("true",)), {}) == (True, "true ended with 0")
    assert await check_gate(ExternalGate(command=("sh", "-c", "env | grep -c ^AZURE_")), {}) == (False, "0")
    assert await check_gate(ExternalGate(command=("cat",)), {"batch": 2}) == (True, '{"batch": 2}')
    assert (await check_gate(ExternalGate(command=("/no/such",)), {}))[1].startswith("/no/such cannot be checked")
    late = await check_gate(ExternalGate(command=("sh", "-c", "sleep 60 & sleep 60"), timeout_seconds=1), {})
    assert late == (False, "sh did not answer within 1s")


async def test_a_command_that_reads_nothing() -> None:
    assert await run_command(("sh", "-c", "exec <&-; echo done"), {"x": "y" * 100_000}, 10) == (0, "done")


async def test_a_webhook_gets_the_message(site: str, caplog: pytest.LogCaptureFixture) -> None:
    hooks = (Hook(url=f"{site}/yes"), Hook(url=f"{site}/no"), Hook(url=f"{site}/yes", on=("needs_person",)))
    plan = plan_rollout(Toy().snapshot(), script(2), RolloutPolicy(hooks=hooks), now=NOW)
    notifier = Notifier("7f3a", plan, lambda event: f"in words: {occasion(event)}")
    notifier.notify([e.Logged(1, NOW, e.Resumed()), e.Logged(2, NOW, e.Ended(e.Verdict.COMPLETED, "6 of 6"))])
    await notifier.finish()
    assert posted == [
        {
            "rollout": "7f3a",
            "occasion": "ended",
            "urgency": "info",
            "at": NOW.isoformat(),
            "scale_set": str(plan.target),
            "version": "web 2",
            "message": "in words: ended",
        }
    ]
    assert "hook answered 503" in caplog.text
    assert json.dumps(posted)


def test_occasions() -> None:
    occasions: dict[e.Event, str] = {
        e.ApprovalNeeded(2): "needs_person",
        e.RunnerStopped("the disk is full"): "needs_person",
        e.RunnerStopped(): "",
        e.Paused("the window closes", window=True): "needs_person",
        e.Paused("requested"): "",
        e.Resumed(): "",
    }
    assert {event: occasion(event) for event in occasions} == occasions
    assert occasion(e.Ended(e.Verdict.FAILED, "")) == "failed" and occasion(e.Ended(e.Verdict.CANCELLED, "")) == "ended"


def test_files_that_instances_download() -> None:
    plain = script(2)
    pins = [
        FilePin("https://a", 10, "AB" * 32),
        FilePin("https://b", problem="404"),
        FilePin("https://c", 10, "cd" * 32, mutable="a branch"),
        FilePin("https://d", 10, "ef" * 32),
    ]
    found = file_findings(pins, {"https://a": "ab" * 32, "https://d": "00" * 32}, plain)
    assert [(finding.code, finding.severity.value) for finding in found] == [
        ("file-unreachable", "warn"),
        ("file-mutable", "info"),
        ("file-changed", "refuse"),
    ]
    assert "every script fails" in found[0].hint
    protected = replace(plain, protected={"key": SecretRef(SecretSource.ENV, "K")})
    assert "their own credentials" in file_findings(pins[1:2], {}, protected)[0].hint


async def test_preparing_reads_pins_and_plans() -> None:
    toy = Toy()
    config = replace(script(2), settings={"fileUris": ["https://x/a.sh"], "commandToExecute": "./a.sh"})
    azure = ToyAzure(toy, plan_rollout(toy.snapshot(), config, RolloutPolicy(), now=NOW))

    async def pin(uri: str) -> FilePin:
        return FilePin(uri, 3, "ab" * 32)

    azure.pin = pin  # type: ignore[attr-defined]

    def names(scripts: Iterable[ScriptConfig]) -> VersionNames:
        return VersionNames({version.digest: "runs everywhere" for version in scripts})

    wish = RolloutWish(
        target=plan_of(toy).target, script=config, policy=RolloutPolicy(), profile="web", variables={"v": "2"},
        sha256={"https://x/a.sh": "00" * 32}, names=names,
    )  # fmt: skip
    prepared = await prepare(azure.port(), wish, ToyClock(toy))
    plan, pins = prepared.plan, prepared.pins
    assert plan.from_label == "runs everywhere"
    assert [pin.uri for pin in pins] == ["https://x/a.sh"] and plan.profile == "web"
    assert [finding.code for finding in plan.refusals] == ["file-changed"] and plan.findings[0].code == "file-changed"
    assert toy.writes == []


def plan_of(toy: Toy) -> RolloutPlan:
    return plan_rollout(toy.snapshot(), script(2), RolloutPolicy(), now=NOW)


def test_what_still_runs_cannot_be_followed_up(tmp_path: Path) -> None:
    toy = Toy()
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan_of(toy), who="m")
    for followup, hint in ((Followup.RETRY, "Wait"), (Followup.UNDO, "Cancel")):
        with pytest.raises(UsageError, match="is still running") as refused:
            followup_wish(followup, rollout, journal)
        assert hint in refused.value.hint
    journal.close()


@pytest.mark.parametrize(
    ("error", "action", "unclear", "again"),
    [
        (Throttled("x", retry_after=7), Action.MODEL, False, 7.0),
        (Conflict("a rolling upgrade in progress"), Action.RESTORE, False, 0.0),
        (Conflict("x", code="ConflictingConcurrentWriteNotAllowed"), Action.UPDATE, False, 0.0),
        (Conflict("x", code="OperationNotAllowed"), Action.MODEL, False, None),
        (Conflict("in progress"), Action.CANCEL, False, None),
        (Changed("x"), Action.MODEL, False, 0.0),
        (SignInFailed("x"), Action.MODEL, False, 0.0),
        (Forbidden("x"), Action.MODEL, False, None),
        (AzureError("x", status=400), Action.MODEL, False, None),
        (Unavailable("x"), Action.MODEL, True, None),
        (ConnectionFailed("x"), Action.MODEL, True, None),
    ],
)
def test_what_a_refusal_means(error: VmssTuiError, action: Action, unclear: bool, again: float | None) -> None:
    assert requests.is_unclear(error) is unclear
    assert unclear or requests.retry_after(error, action) == again
    fault = requests.fault_of(error)
    assert fault.message == error.message and fault.code


def test_a_clouds_pace() -> None:
    slow, quick = Pace.of(12, 5), Pace.of(0.2, 0.1)
    assert (slow.watch_seconds, slow.request_seconds, slow.settle_seconds) == (12, 0.5, 20)
    assert (quick.operation_seconds, quick.request_seconds, quick.settle_seconds) == (0.1, 0.2, 2.0)
