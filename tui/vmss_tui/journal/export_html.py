"""A rollout's record as one HTML file: no script, no link, no font from elsewhere; the timeline is inline SVG. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from vmss_tui.domain import events as e
from vmss_tui.journal.report import Report, report_of, span
from vmss_tui.journal.store import RolloutHeader

_WIDTH = 900
_LEFT = 110
_ROW = 9
_MOST_ROWS = 120
"""With more instances the timeline shows batches only."""
_STYLE = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #6b7280; --line: #d8dee4; --ok: #1a7f37;
  --busy: #0969da; --bad: #cf222e; --warn: #9a6700; --wait: #c9d1d9; }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --fg: #e6edf3; --dim: #8b949e; --line: #30363d;
  --ok: #3fb950; --busy: #58a6ff; --bad: #f85149; --warn: #d29922; --wait: #30363d; } }
body { background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; max-width: 960px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
  vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--dim); font-weight: 500; white-space: nowrap; }
pre { background: color-mix(in srgb, var(--fg) 6%, transparent); padding: .6rem; overflow-x: auto; }
.verdict { font-size: 1.1rem; padding: .6rem .8rem; border-left: 4px solid var(--dim); }
.completed { border-color: var(--ok); } .failed { border-color: var(--bad); } .cancelled { border-color: var(--warn); }
del { color: var(--bad); } ins { color: var(--ok); text-decoration: none; } time { color: var(--dim); }
svg text { font: 10px system-ui, sans-serif; fill: var(--dim); } .axis { stroke: var(--line); }
.health { fill: none; stroke: var(--ok); stroke-width: 1.5; } .p-batch { fill: var(--busy); opacity: .55; }
.p-waiting, .p-excluded, .p-gone { fill: var(--wait); } .p-updating, .p-script, .p-awaiting { fill: var(--busy); }
.p-done { fill: var(--ok); } .p-failed, .p-unhealthy { fill: var(--bad); } .p-not, .p-leaked { fill: var(--warn); }
"""


def to_html(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """The report as a self-contained page."""
    report = report_of(header, log)
    state = report.state
    sections = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="verdict {escape(state.stage.value)}">{escape(state.reason or state.stage.value)}</p>',
        _pairs(report.facts),
        "<h2>Timeline</h2>" + _timeline(report),
        "<h2>Policy</h2>" + _pairs(report.policy) if report.policy else "",
        "<h2>What changed</h2>" + _changes(report) if report.changes else "",
        "<h2>Known before the start</h2>" + _list(report.findings) if report.findings else "",
        "<h2>Batches</h2>" + _batches(report) if report.batches else "",
        "<h2>Failures</h2>" + "".join(_failures(report)) if report.failures else "",
        "<h2>Decisions</h2>" + _decisions(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(filter(None, sections))
        + "\n</body></html>\n"
    )


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows) + "</table>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in lines) + "</ul>"


def _changes(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{escape(each.path)}</th><td><del>{escape(each.old or '')}</del></td>"
        f"<td><ins>{escape(each.new or '')}</ins></td></tr>"
        for each in report.changes
    )
    return f"<table>{rows}</table>"


def _batches(report: Report) -> str:
    head = "".join(f"<th>{each}</th>" for each in ("batch", "instances", "zone", "started", "took", "failed"))
    rows = []
    for each in report.batches:
        start, end = each.started_at or report.start, each.ended_at or report.end
        cells = (
            str(each.number),
            str(len(each.ids)),
            ", ".join(each.zones) or "–",
            f"{start:%H:%M:%S}",
            span(start, end),
            ", ".join(each.failed) or "–",
        )
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _failures(report: Report) -> Iterable[str]:
    for each in report.failures:
        code = f", exit code {each.exit_code}" if each.exit_code is not None else ""
        yield f"<h3>{escape(each.name or each.id)}: {escape(each.phase)}{code}</h3><p>{escape(each.message)}</p>"
        if each.stderr:
            yield f"<pre>{escape(each.stderr)}</pre>"


def _decisions(report: Report) -> str:
    rows = (
        f"<tr><th><time>{each.at:%H:%M:%S}</time></th><td>{escape(each.text)}</td></tr>" for each in report.decisions
    )
    return f"<table>{''.join(rows)}</table>"


# --- the timeline ---------------------------------------------------------------------------------------------------


def _timeline(report: Report) -> str:
    rows = list(_rows(report))
    top, health = 16, 60
    height = top + len(rows) * _ROW + 14 + health + 16
    bottom = top + len(rows) * _ROW + 14
    body = [*_axis(report, height), *rows, *_health_line(report, bottom, health)]
    label = f"timeline of {len(report.batches)} batches"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" aria-label="{escape(label)}">'
        + "".join(body)
        + "</svg>"
    )


def _x(report: Report, at: datetime) -> float:
    whole = max(1.0, (report.end - report.start).total_seconds())
    share = (at - report.start).total_seconds() / whole
    return round(_LEFT + max(0.0, min(1.0, share)) * (_WIDTH - _LEFT - 10), 1)


def _axis(report: Report, height: int) -> Iterable[str]:
    for step in range(5):
        at = report.start + (report.end - report.start) * step / 4
        x = _x(report, at)
        yield f'<line class="axis" x1="{x}" y1="14" x2="{x}" y2="{height - 14}"/>'
        yield f'<text x="{x}" y="10" text-anchor="middle">{at:%H:%M:%S}</text>'


def _rows(report: Report) -> Iterable[str]:
    """A bar per batch, then a bar per instance when there are not too many."""
    y = 16
    for each in report.batches:
        start, end = _x(report, each.started_at or report.start), _x(report, each.ended_at or report.end)
        yield _bar(f"batch {each.number}", "batch", y, [(start, end, "batch", f"{len(each.ids)} instances")])
        y += _ROW
    if len(report.spans) > _MOST_ROWS:
        return
    ordered = sorted(report.spans, key=lambda each: (each[0].batch or 1 << 30, len(each[0].id), each[0].id))
    for seen, spans in ordered:
        bars = [
            (_x(report, each.start), _x(report, each.end), each.phase.value, each.phase.value)
            for each in spans
            if each.phase is not e.Phase.WAITING
        ]
        yield _bar(seen.name or seen.id, "instance", y, bars)
        y += _ROW


def _bar(name: str, kind: str, y: int, bars: Iterable[tuple[float, float, str, str]]) -> str:
    boxes = "".join(
        f'<rect class="p-{escape(phase.split()[0])}" x="{start}" y="{y}" width="{max(1.0, round(end - start, 1))}" '
        f'height="{_ROW - 2}"><title>{escape(name)}: {escape(told)}</title></rect>'
        for start, end, phase, told in bars
    )
    shown = name if len(name) <= 18 else f"{name[:8]}…{name[-9:]}"
    return f'<text x="{_LEFT - 6}" y="{y + _ROW - 2}" text-anchor="end">{escape(shown)}</text>{boxes}'


def _health_line(report: Report, top: int, height: int) -> Iterable[str]:
    """The number of healthy instances over time, as steps."""
    state = report.state
    if not state.health_trend or not state.total:
        return
    points: list[str] = []
    last = None
    for at, healthy in state.health_trend:
        x, y = _x(report, at), round(top + height - height * healthy / state.total, 1)
        points += [f"{x},{last}"] if last is not None else []
        points.append(f"{x},{y}")
        last = y
    points.append(f"{_x(report, report.end)},{last}")
    yield f'<text x="{_LEFT - 6}" y="{top + 8}" text-anchor="end">healthy {state.total}</text>'
    yield f'<text x="{_LEFT - 6}" y="{top + height}" text-anchor="end">0</text>'
    yield f'<line class="axis" x1="{_LEFT}" y1="{top + height}" x2="{_WIDTH - 10}" y2="{top + height}"/>'
    yield f'<polyline class="health" points="{" ".join(points)}"/>'
