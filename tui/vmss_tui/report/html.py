"""A rollout's record as one HTML file: no script, no link, no font from elsewhere; the timeline is inline SVG."""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib import resources

from vmss_tui.presentation.glyphs import STAGE, Role
from vmss_tui.report import timeline_svg
from vmss_tui.report.facts import span
from vmss_tui.report.report import Report
from vmss_tui.report.tables import BATCH_TITLES, INSTANCE_TITLES, batch_rows, instance_rows, tail

_LEGEND = (
    ("--dim", "batch"),
    ("--busy", "updating, script, awaiting health"),
    ("--ok", "done"),
    ("--bad", "failed or unhealthy"),
    ("--warn", "script not run, leaked"),
)


def document(report: Report) -> str:
    """The report as a self-contained page."""
    return page(report.title, [*sections(report), FOOTER])


FOOTER = "<footer>All times are UTC. Made by vmss-tui from the rollout's log.</footer>"


def sections(report: Report) -> list[str]:
    """The parts of the page; empty ones for what there is nothing of."""
    return [
        _head(report),
        pairs(report.facts),
        "<h2>Timeline</h2>" + _legend() + f'<div class="scroll">{timeline_svg.draw(report)}</div>',
        "<h2>Failures</h2>" + "".join(_failures(report)) if report.info.failures else "",
        "<h2>Batches</h2>" + _batches(report) if report.batches else "",
        "<h2>What changed</h2>" + _changes(report) if report.changes else "",
        "<h2>Script</h2>" + pairs(report.script) if report.script else "",
        "<h2>Plan</h2>" + pairs(report.plan) if report.plan else "",
        "<h2>Policy</h2>" + pairs(report.policy) if report.policy else "",
        "<h2>Known before the start</h2>" + _list(report.findings) if report.findings else "",
        "<h2>Decisions</h2>" + _decisions(report),
        "<h2>Instances</h2>" + _instances(report) if report.state.instances else "",
    ]


def page(title: str, parts: Iterable[str]) -> str:
    """A self-contained page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_style()}</style></head>\n<body>\n"
        + "\n".join(filter(None, parts))
        + "\n</body></html>\n"
    )


@cache
def _style() -> str:
    return resources.files("vmss_tui.report").joinpath("report.css").read_text(encoding="utf-8")


def _head(report: Report) -> str:
    header, stage = report.header, report.info.stage
    mark = STAGE[stage]
    place = " · ".join(filter(None, (header.target.group, header.ticket, f"{report.start:%Y-%m-%d}")))
    verdict = f"<b>{mark.glyph.show()} {escape(mark.word.upper())}</b>{escape(report.info.reason)}"
    return (
        f"<header><p>{escape(place)}</p><h1>{escape(report.title)}</h1>"
        f'<p class="verdict {mark.role.value}">{verdict}</p></header>'
        + f'<div class="cards">{"".join(_card(*card) for card in _cards(report))}</div>'
    )


def _cards(report: Report) -> Iterable[tuple[str, str, str]]:
    """What one wants to know first: a tone, a number, what it is."""
    info = report.info
    everything = info.in_scope and info.done == info.in_scope
    yield "", span(report.start, report.end), f"{report.time(report.start)} to {report.time(report.end)}"
    yield "good" if everything else "", f"{info.done} of {info.in_scope}", f"run {report.header.label}"
    yield "bad" if info.bad else "good", str(info.bad), "failed or unhealthy"
    yield "", str(len(report.batches)), "batch" if len(report.batches) == 1 else "batches"
    if info.lowest is not None:
        least = info.floor or 0
        tone = "bad" if info.lowest.healthy < least else ""
        yield (
            tone,
            f"{info.lowest.healthy} of {info.total}",
            f"never below, {report.time(info.lowest.at)}; floor {least}",
        )


def _card(tone: str, number: str, what: str) -> str:
    return f'<div class="{tone}"><b>{escape(number)}</b><span>{escape(what)}</span></div>'


def _legend() -> str:
    return '<p class="legend">' + "".join(f'<i style="--c:var({c})"></i>{escape(w)}' for c, w in _LEGEND) + "</p>"


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values."""
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f'<table class="pairs">{body}</table>'


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _changes(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{escape(change.path)}</th><td><del>{escape(change.old or '')}</del></td>"
        f"<td><ins>{escape(change.new or '')}</ins></td></tr>"
        for change in report.changes
    )
    return f'<table class="pairs changes">{rows}</table>'


def table(titles: Iterable[str], rows: Iterable[Iterable[str]], *, wide: str = "") -> str:
    """Rows of text under titles; the column named `wide` may be broken anywhere."""
    names = list(titles)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    kinds = [' class="ids"' if name == wide else "" for name in names]
    body = (
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(body)}</table></div>'


def _batches(report: Report) -> str:
    return table(BATCH_TITLES, batch_rows(report), wide="instances")


def _failures(report: Report) -> Iterable[str]:
    for failure in report.info.failures:
        yield f"<h3>{escape(failure.title)}</h3>"
        said = tail(failure.stderr)
        yield f"<pre>{escape(said)}</pre>" if said else f"<p>{escape(failure.message)}</p>"


def _decisions(report: Report) -> str:
    rows = (
        f'<tr class="{"trouble" if line.role in (Role.BAD, Role.WARN) else line.kind.value}">'
        f"<th><time>{report.time(line.at)}</time></th>"
        f'<td class="kind">{line.kind.value}</td><td>{escape(line.text)}</td></tr>'
        for line in report.decisions
    )
    return f'<table class="log">{"".join(rows)}</table>'


def _instances(report: Report) -> str:
    rows = instance_rows(report)
    shown = table(INSTANCE_TITLES, rows, wide="message")
    return f"<details><summary>all {len(rows)} instances as last seen</summary>{shown}</details>"
