"""A rollout as a JUnit test suite, an instance a test case, so that a pipeline shows which failed and why.

Instances that failed, are unhealthy or did not run the script are failures; those that were never updated are skipped.
The verdict is a test case of its own: a rollout can fail without a failed instance.
"""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from vmss_tui.domain.rollout.events import InstanceSeen
from vmss_tui.domain.rollout.stage import BAD, Phase, Verdict
from vmss_tui.presentation.rollout.info import why_failed
from vmss_tui.report.report import Report, Span
from vmss_tui.report.tables import tail
from vmss_tui.text import natural, visible

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""
_SKIPPED = (Phase.WAITING, Phase.EXCLUDED, Phase.OVERWRITTEN, Phase.GONE)


def document(report: Report) -> str:
    """The rollout as JUnit XML."""
    return document_of([suite_of(report)])


def document_of(suites: Iterable[ET.Element]) -> str:
    """Test suites as one document."""
    root = ET.Element("testsuites")
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def suite_of(report: Report) -> ET.Element:
    """The rollout as a test suite."""
    spans = {seen.id: instance_spans for seen, instance_spans in report.spans}
    seen = sorted((progress.seen for progress in report.state.instances.values()), key=lambda it: natural(it.id))
    cases = [*(_case(report, it, spans.get(it.id, ())) for it in seen), _verdict(report)]
    suite = ET.Element(
        "testsuite",
        {
            "name": _text(report.title),
            "tests": str(len(cases)),
            "failures": str(sum(case.find("failure") is not None for case in cases)),
            "errors": "0",
            "skipped": str(sum(case.find("skipped") is not None for case in cases)),
            "time": f"{report.info.elapsed:.3f}",
            "timestamp": f"{report.start:%Y-%m-%dT%H:%M:%S}",
            "hostname": _text(report.info.host),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in report.facts:
        ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
    suite.extend(cases)
    return suite


def _case(report: Report, seen: InstanceSeen, spans: Sequence[Span]) -> ET.Element:
    worked = [span for span in spans if span.phase not in _SKIPPED]
    seconds = (worked[-1].start - worked[0].start).total_seconds() if worked else 0.0
    case = ET.Element(
        "testcase",
        {"classname": _text(report.header.target.name), "name": _text(seen.name or seen.id), "time": f"{seconds:.3f}"},
    )
    if seen.phase in BAD:
        reason = why_failed(seen.message, seen.stderr, seen.exit_code)
        failure = ET.SubElement(case, "failure", {"type": seen.phase.value, "message": _text(reason)})
        failure.text = _text(tail(seen.stderr) if seen.stderr.strip() else seen.message)
    elif seen.phase in _SKIPPED:
        ET.SubElement(case, "skipped", {"message": seen.phase.value})
    if seen.stdout.strip():
        ET.SubElement(case, "system-out").text = _text(tail(seen.stdout))
    return case


def _verdict(report: Report) -> ET.Element:
    info = report.info
    case = ET.Element("testcase", {"classname": _text(report.header.target.name), "name": "verdict", "time": "0.000"})
    if info.verdict is None:
        ET.SubElement(case, "skipped", {"message": info.mark.word})
    elif info.verdict is not Verdict.COMPLETED:
        failure = ET.SubElement(case, "failure", {"type": info.mark.word, "message": _text(info.reason)})
        failure.text = _text(info.sentence)
    return case


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", visible(text))
