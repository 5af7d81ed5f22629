"""The rollout as a JUnit test suite."""

import xml.etree.ElementTree as ET

from support.recorded_rollout import HEADER, LOG, log_of, seen
from vmss_tui.domain.rollout import events as e
from vmss_tui.report.formats import write


def suite(log: tuple[e.Logged, ...]) -> ET.Element:
    found = ET.fromstring(write("junit", HEADER, log)).find("testsuite")
    assert found is not None
    return found


def test_failures_skips_and_the_verdict_are_cases() -> None:
    found = suite(LOG)
    assert {name: found.get(name) for name in ("tests", "failures", "skipped", "errors", "hostname")} == {
        "tests": "5", "failures": "2", "skipped": "3", "errors": "0", "hostname": "bastion",
    }  # fmt: skip
    cases = {case.get("name"): case for case in found.iter("testcase")}
    failure = cases["web_0"].find("failure")
    assert failure is not None and failure.get("message") == "exit 100: E: no | package"
    assert failure.text is not None and failure.text.startswith("line\n```")
    assert cases["web_1"].find("skipped") is not None
    verdict = cases["verdict"].find("failure")
    assert verdict is not None and verdict.get("message") == "1 of 1 failed"
    facts = {element.get("name"): element.get("value") for element in found.iter("property")}
    assert facts["Ticket"] == "CHG1"


def test_a_rollout_that_completed_passes_and_one_that_continues_is_skipped() -> None:
    done = seen("0", e.Phase.DONE, stdout="fine\n")
    log = log_of(LOG[0].event, e.InstancesSeen((seen("0", e.Phase.SCRIPT),)), e.InstancesSeen((done,)))
    running = {case.get("name"): case for case in suite(log).iter("testcase")}
    assert running["verdict"].find("skipped") is not None
    assert running["web_0"].find("failure") is None and running["web_0"].get("time") == "10.000"
    assert running["web_0"].findtext("system-out") == "fine"
    over = log_of(*(entry.event for entry in log), e.Ended(e.Verdict.COMPLETED, "1 of 1"))
    verdict = {case.get("name"): case for case in suite(over).iter("testcase")}["verdict"]
    assert list(verdict) == []


def test_what_xml_cannot_hold_is_spelled_out() -> None:
    failed = seen("0", e.Phase.FAILED, stderr="a\x00b\x1b[31m\ud800\uffffc")
    text = ET.tostring(suite(log_of(LOG[0].event, e.InstancesSeen((failed,)))), encoding="unicode")
    assert "a\\u0000b\\u001b[31m" in text
