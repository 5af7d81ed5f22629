"""A rollout's record as one HTML file: no script, no link, no font from elsewhere; the timeline is inline SVG. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.report import timeline
from vmss_tui.report.facts import BAD, floor, span
from vmss_tui.report.report import Report, report_of

_STYLE = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #59636e; --line: #d8dee4; --card: #f6f8fa;
  --ok: #1a7f37; --busy: #0969da; --bad: #cf222e; --warn: #9a6700; --wait: #c9d1d9; }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --fg: #e6edf3; --dim: #8b949e; --line: #30363d;
  --card: #151b23; --ok: #3fb950; --busy: #58a6ff; --bad: #f85149; --warn: #d29922; --wait: #30363d; } }
* { box-sizing: border-box; }
body { background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; max-width: 1000px;
  margin: 2rem auto 4rem; padding: 0 1.2rem; }
header p { color: var(--dim); margin: 0; } h1 { font-size: 1.6rem; line-height: 1.25; margin: .1rem 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; font-weight: 400; }
th { color: var(--dim); white-space: nowrap; } table.pairs th { width: 13rem; white-space: normal; }
table.changes th { width: 24rem; }
table.changes td { white-space: pre-wrap; }
.scroll { overflow-x: auto; } .scroll td { overflow-wrap: normal; } td.ids { overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .3rem 0;
  overflow-x: auto; font-size: 13px; }
header p.verdict { color: var(--fg); font-size: 1.1rem; padding: .7rem 1rem; margin: 0;
  border-left: 5px solid var(--tone);
  background: color-mix(in srgb, var(--tone) 9%, transparent); border-radius: 0 6px 6px 0; }
.verdict b { color: var(--tone); margin-right: .6rem; }
.completed { --tone: var(--ok); } .failed { --tone: var(--bad); } .cancelled { --tone: var(--warn); }
.planned, .running, .paused, .approval, .cancelling { --tone: var(--busy); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .8rem;
  margin: 1rem 0 1.4rem; }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .9rem; }
.cards b { display: block; font-size: 1.35rem; font-weight: 600; line-height: 1.3; } .cards span { color: var(--dim);
  font-size: .85rem; } .cards .bad b { color: var(--bad); } .cards .good b { color: var(--ok); }
del { color: var(--bad); } ins { color: var(--ok); text-decoration: none; } time { color: var(--dim); }
.legend { color: var(--dim); font-size: .85rem; margin: 0 0 .4rem; } .legend i { display: inline-block; width: .8em;
  height: .8em; border-radius: 2px; margin: 0 .35em 0 1em; vertical-align: -.05em; background: var(--c); }
.legend i:first-child { margin-left: 0; }
svg text { font: 11px system-ui, sans-serif; fill: var(--dim); } .axis { stroke: var(--line); }
.floor { stroke: var(--bad); stroke-dasharray: 4 4; opacity: .7; } .low { fill: var(--bad); }
.health { fill: none; stroke: var(--ok); stroke-width: 1.6; } .under { fill: var(--ok); opacity: .12; }
.p-batch { fill: var(--dim); opacity: .55; } .p-batch.p-bad { fill: var(--bad); opacity: .7; }
.p-excluded, .p-gone { fill: var(--wait); } .p-updating { fill: var(--busy); opacity: .45; }
.p-script { fill: var(--busy); } .p-awaiting { fill: var(--busy); opacity: .7; }
.p-done { fill: var(--ok); } .p-failed, .p-unhealthy { fill: var(--bad); } .p-not, .p-leaked { fill: var(--warn); }
.log th { width: 8.5rem; } .log .kind { width: 5rem; color: var(--dim); } .log tr.trouble td { color: var(--bad); }
.log tr.person td { color: var(--busy); } .log tr.end td, .log tr.batch td { font-weight: 600; }
summary { cursor: pointer; color: var(--dim); }
footer { color: var(--dim); margin-top: 2.5rem; font-size: .85rem; padding-top: .6rem;
  border-top: 1px solid var(--line); }
@media print { body { margin: 0; max-width: none; }
  h2, h3 { break-after: avoid; } tr, pre, svg { break-inside: avoid; } }
"""
_SIGNS = {Stage.COMPLETED: "●", Stage.FAILED: "✖", Stage.CANCELLED: "⊘", Stage.REFUSED: "⊘"}
_LEGEND = (
    ("--dim", "batch"),
    ("--busy", "updating, script, awaiting health"),
    ("--ok", "done"),
    ("--bad", "failed or unhealthy"),
    ("--warn", "script not run, leaked"),
)


def to_html(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """The report as a self-contained page."""
    report = report_of(header, log)
    sections = [
        _head(report),
        _pairs(report.facts),
        "<h2>Timeline</h2>" + _legend() + timeline.draw(report),
        "<h2>Failures</h2>" + "".join(_failures(report)) if report.failures else "",
        "<h2>Batches</h2>" + _batches(report) if report.batches else "",
        "<h2>What changed</h2>" + _changes(report) if report.changes else "",
        "<h2>Script</h2>" + _pairs(report.script) if report.script else "",
        "<h2>Plan</h2>" + _pairs(report.plan) if report.plan else "",
        "<h2>Policy</h2>" + _pairs(report.policy) if report.policy else "",
        "<h2>Known before the start</h2>" + _list(report.findings) if report.findings else "",
        "<h2>Decisions</h2>" + _decisions(report),
        "<h2>Instances</h2>" + _instances(report) if report.state.instances else "",
        "<footer>All times are UTC. Made by vmss-tui from the rollout's log.</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(filter(None, sections))
        + "\n</body></html>\n"
    )


def _head(report: Report) -> str:
    state, header = report.state, report.header
    stage = state.stage
    place = " · ".join(filter(None, (header.target.group, header.ticket, f"{report.start:%Y-%m-%d}")))
    verdict = f"<b>{_SIGNS.get(stage, '◐')} {escape(stage.value.upper())}</b>{escape(state.reason)}"
    return (
        f"<header><p>{escape(place)}</p><h1>{escape(report.title)}</h1>"
        f'<p class="verdict {escape(stage.value.split()[0])}">{verdict}</p></header>'
        + f'<div class="cards">{"".join(_card(*each) for each in _cards(report))}</div>'
    )


def _cards(report: Report) -> Iterable[tuple[str, str, str]]:
    """What one wants to know first: a tone, a number, what it is."""
    state: RolloutState = report.state
    done, bad = state.count(e.Phase.DONE), state.count(*BAD)
    planned = len(state.instances) - state.count(e.Phase.EXCLUDED, e.Phase.GONE)
    yield "", span(report.start, report.end), f"{report.time(report.start)} to {report.time(report.end)}"
    yield "good" if planned and done == planned else "", f"{done} of {planned}", f"run {report.header.label}"
    yield "bad" if bad else "good", str(bad), "failed or unhealthy"
    yield "", str(len(report.batches)), "batch" if len(report.batches) == 1 else "batches"
    if state.lowest is not None:
        least = floor(state) or 0
        tone = "bad" if state.lowest.healthy < least else ""
        when = f"lowest healthy, {report.time(state.lowest.at)}; limit {least}"
        yield tone, f"{state.lowest.healthy} of {state.total}", when


def _card(tone: str, number: str, what: str) -> str:
    return f'<div class="{tone}"><b>{escape(number)}</b><span>{escape(what)}</span></div>'


def _legend() -> str:
    return '<p class="legend">' + "".join(f'<i style="--c:var({c})"></i>{escape(w)}' for c, w in _LEGEND) + "</p>"


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f'<table class="pairs">{body}</table>'


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in lines) + "</ul>"


def _changes(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{escape(each.path)}</th><td><del>{escape(each.old or '')}</del></td>"
        f"<td><ins>{escape(each.new or '')}</ins></td></tr>"
        for each in report.changes
    )
    return f'<table class="pairs changes">{rows}</table>'


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]], *, wide: str = "") -> str:
    """Rows of text under titles; the column called `wide` may be broken anywhere."""
    names = list(titles)
    head = "".join(f"<th>{escape(each)}</th>" for each in names)
    kinds = [' class="ids"' if each == wide else "" for each in names]
    body = (
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(body)}</table></div>'


def _batches(report: Report) -> str:
    titles = ("batch", "zone", "started", "ended", "took", "lowest healthy", "instances", "failed")
    return _table(titles, (row(report, index) for index in range(len(report.batches))), wide="instances")


def row(report: Report, index: int) -> tuple[str, ...]:
    """A batch as cells: number, zones, start, end, duration, lowest healthy, ids, failed ids."""
    each = report.batches[index]
    return (
        str(each.number),
        ", ".join(each.zones) or "–",
        report.time(each.started),
        report.time(each.ended) if each.ended is not None else "not ended",
        span(each.started, each.ended or report.end),
        str(each.lowest) if each.lowest is not None else "–",
        ", ".join(each.ids),
        ", ".join(each.failed) or "–",
    )


def _failures(report: Report) -> Iterable[str]:
    for each in report.failures:
        code = f", exit code {each.exit_code}" if each.exit_code is not None else ""
        yield f"<h3>{escape(each.name or each.id)}: {escape(each.phase)}{code}</h3>"
        yield f"<pre>{escape(each.stderr)}</pre>" if each.stderr else f"<p>{escape(each.message)}</p>"


def _decisions(report: Report) -> str:
    rows = (
        f'<tr class="{each.kind.value}"><th><time>{report.time(each.at)}</time></th>'
        f'<td class="kind">{each.kind.value}</td><td>{escape(each.text)}</td></tr>'
        for each in report.decisions
    )
    return f'<table class="log">{"".join(rows)}</table>'


def _instances(report: Report) -> str:
    titles = ("instance", "zone", "batch", "outcome", "version", "exit code", "script ran (UTC)", "message")
    known = sorted(report.state.instances.values(), key=lambda each: (each.seen.batch or 1 << 30, len(each.seen.id)))
    rows = (
        (
            each.seen.name or each.seen.id,
            each.seen.zone or "–",
            str(each.seen.batch or "–"),
            each.seen.phase.value,
            each.seen.version or "–",
            "–" if each.seen.exit_code is None else str(each.seen.exit_code),
            f"{each.seen.script_at:%Y-%m-%d %H:%M:%S}" if each.seen.script_at is not None else "–",
            each.seen.message,
        )
        for each in known
    )
    table = _table(titles, rows, wide="message")
    return f"<details><summary>all {len(known)} instances as last seen</summary>{table}</details>"
