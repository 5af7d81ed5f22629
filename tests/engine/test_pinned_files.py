"""The files of a rollout are looked at again by the runner itself, before each of its batches."""

from dataclasses import replace

from support.engine.lab import ONE_THIRD, version
from support.engine.opens import OpensLab
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.followup import Followup
from vmss_tui.engine.prepare import RolloutWish, prepare
from vmss_tui.ports import FilePin
from vmss_tui.report.report import report_of

URI = "https://files.contoso.example/app/install.sh"


async def test_a_file_that_changes_between_two_batches_stops_the_rollout(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    contents = iter(["aa" * 32, "aa" * 32, "bb" * 32])

    async def pin(uri: str) -> FilePin:
        return FilePin(uri, 812, next(contents), "main is a branch")

    lab.azure.pin = pin  # type: ignore[method-assign]
    script = version("2", settings={"fileUris": [URI], "commandToExecute": "./app-2.sh"})
    state = await lab.roll_out(script)
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith(
        f"changed since the plan: {URI} (SHA-256 bbbbbbbbbbbb…, planned aaaaaaaaaaaa…); 2 instances run"
    )
    assert [len(batch.ids) for batch in state.batches] == [2]
    header = lab.journal.find(None)
    report = report_of(header, lab.journal.events(header.id))
    assert ("File", f"{URI}, 812 bytes, sha256 {'aa' * 32}, as seen when planning, may change: main is a branch") in (
        report.script
    )


async def test_a_pin_that_does_not_match_is_refused_and_an_unreachable_file_is_unverified(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")

    async def pin(uri: str) -> FilePin:
        return FilePin(uri, 812, "aa" * 32) if uri == URI else FilePin(uri, problem="no such file")

    lab.azure.pin = pin  # type: ignore[method-assign]
    lost = "https://files.contoso.example/app/lost.sh"
    script = version("2", settings={"fileUris": [URI, lost], "commandToExecute": "./app-2.sh"})
    wish = RolloutWish(target=lab.target, script=script, policy=ONE_THIRD, sha256={URI: "BB" * 32})
    prepared = await prepare(lab.azure, wish, lab.clock)
    plan = prepared.plan
    assert [finding.code for finding in plan.refusals] == ["file-changed"]
    assert "file-unreachable" in [finding.code for finding in plan.findings]
    assert [(file.uri, file.sha256, file.pinned) for file in plan.files] == [(URI, "bb" * 32, True), (lost, "", False)]
    assert len(prepared.pins) == 2
    plan = (await prepare(lab.azure, replace(wish, sha256={URI: "AA" * 32}), lab.clock)).plan
    assert not plan.refusals
    rollout = lab.journal.create(plan, who="maria")
    report = report_of(lab.journal.find(rollout), lab.journal.events(rollout))
    assert ("File", f"{lost}, unverified: no such file") in report.script


async def test_an_undo_looks_at_the_files_of_the_version_that_it_brings_back(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    gone: set[str] = set()

    async def pin(uri: str) -> FilePin:
        return FilePin(uri, problem="no such file") if uri in gone else FilePin(uri, 812, "aa" * 32)

    lab.azure.pin = pin  # type: ignore[method-assign]
    old, new = (
        version(number, settings={"fileUris": [f"{URI}?v={number}"], "commandToExecute": f"./app-{number}.sh"})
        for number in ("2", "3")
    )
    await lab.roll_out(old)
    state = await lab.roll_out(new)
    assert state.verdict is e.Verdict.COMPLETED
    gone.add(f"{URI}?v=2")
    rollout = lab.journal.find(None).id
    back = await lab.followed_up(Followup.UNDO, rollout)
    assert [file.problem for file in back.files] == ["no such file"]
    assert "file-unreachable" in [finding.code for finding in back.findings]
