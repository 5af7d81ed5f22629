"""The formats of a report, by name: the one place that knows them all.

Whatever the format, signatures of signed addresses are redacted, and hidden characters in foreign text (escape
sequences, bidirectional overrides, NUL) are spelled out, so that a report is harmless in a terminal and in a browser.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from vmss_tui.domain.rollout import events as e
from vmss_tui.presentation.rollout.info import Header
from vmss_tui.report import csv, html, json, junit, markdown
from vmss_tui.report.report import Report, report_of
from vmss_tui.text import visible

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "md": markdown.document,
    "html": html.document,
    "json": json.document,
    "jsonl": json.lines,
    "csv": csv.document,
    "junit": junit.document,
}
"""How to write a report, by the name that `report --format` takes."""

_SIGNATURE = re.compile(r"(?i)([?&;](?:amp;)?(?:sig|signature|x-amz-signature|code|token)=)[^&\s\"'<>|\\]+")


def write(form: str, header: Header, log: Sequence[e.Logged]) -> str:
    """The record of a rollout in a format. Raises KeyError for a format that is not known."""
    return visible(unsigned(FORMATS[form](report_of(header, log))))


def unsigned(text: str) -> str:
    """`text` with the signatures of addresses in it replaced by `***`."""
    return _SIGNATURE.sub(r"\1***", text)
