"""The record as a page without any other file."""

import xml.etree.ElementTree as ET
from datetime import timedelta
from html.parser import HTMLParser

from support.recorded_rollout import HEADER, LOG, NOW, seen
from vmss_tui.domain.rollout import events as e
from vmss_tui.report.formats import write


class Strict(HTMLParser):
    """Notes tags that load something from elsewhere, or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object") or any(name in ("src", "href") for name, _ in attrs):
            self.found.append(tag)


def test_html_stands_alone_and_draws_the_timeline() -> None:
    text = write("html", HEADER, LOG)
    parser = Strict()
    parser.feed(text)
    assert parser.found == [] and "@import" not in text and "url(" not in text
    assert "&lt;script&gt;alert(1)" in text
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    titles = [element.text for element in svg.iter("title")]
    assert titles == [
        "batch 1: 1 instance, 12:01:00, 00:30",
        "web_0: script running, 12:01:10, 00:10",
        "web_0: failed, 12:01:20, 01:00",
    ]
    assert len(list(svg.iter("polyline"))) == 1
    assert "floor 1" in text and "lowest 1 at 12:01:20" in text


def test_html_with_many_instances_draws_batches_only() -> None:
    many = tuple(seen(str(i), e.Phase.SCRIPT) for i in range(200))
    text = write("html", HEADER, [*LOG[:7], e.Logged(8, NOW + timedelta(seconds=70), e.InstancesSeen(many, None, 200))])
    assert text.count("<rect") == 1 and "polyline" in text
