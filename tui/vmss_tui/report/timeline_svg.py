"""The timeline of a report as SVG: batches, what each instance went through, healthy instances over time. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from vmss_tui.domain.rollout import events as e
from vmss_tui.report.facts import span
from vmss_tui.report.report import Report, Span
from vmss_tui.text import counted

MOST_ROWS = 120
"""With more instances the timeline shows batches only."""
_WIDTH, _LEFT, _RIGHT = 960, 132, 28
_TOP, _ROW, _GAP, _HEALTH = 22, 15, 10, 84
_BAR = 10


def draw(report: Report) -> str:
    """The drawing; `role` and `aria-label` say what it is."""
    shown = report.spans if len(report.spans) <= MOST_ROWS else ()
    bodies = [*_batches(report), *_instances(report, shown, _TOP + len(report.batches) * _ROW + _GAP)]
    bottom = _TOP + len(report.batches) * _ROW + (_GAP + len(shown) * _ROW if shown else 0)
    healthy = list(_health(report, bottom + _GAP + 14))
    height = bottom + (_GAP + 14 + _HEALTH + 12 if healthy else 8)
    label = f"timeline of {len(report.batches)} batches and {counted(len(report.spans), 'instance')}, times in UTC"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" aria-label="{escape(label)}">'
        + "".join([*_axis(report, height), *bodies, *healthy])
        + "</svg>"
    )


def _x(report: Report, at: datetime) -> float:
    whole = max(1.0, (report.end - report.start).total_seconds())
    share = (at - report.start).total_seconds() / whole
    return round(_LEFT + max(0.0, min(1.0, share)) * (_WIDTH - _LEFT - _RIGHT), 1)


def _axis(report: Report, height: int) -> Iterator[str]:
    for step in range(5):
        at = report.start + (report.end - report.start) * step / 4
        x = _x(report, at)
        anchor = "start" if step == 0 else "end" if step == 4 else "middle"
        yield f'<line class="axis" x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - 4}"/>'
        yield f'<text x="{x}" y="11" text-anchor="{anchor}">{report.time(at)}</text>'


def _batches(report: Report) -> Iterator[str]:
    y = _TOP
    for batch in report.batches:
        began, until = batch.started_at or report.start, batch.ended_at or report.end
        size, times = counted(len(batch.ids), "instance"), f"{report.time(began)}, {span(began, until)}"
        bad = " p-bad" if batch.failed else ""
        yield _label(f"batch {batch.number}", y)
        yield _bar(f"p-batch{bad}", _x(report, began), _x(report, until), y, f"batch {batch.number}: {size}, {times}")
        y += _ROW


def _instances(report: Report, shown: tuple[tuple[e.InstanceSeen, tuple[Span, ...]], ...], y: int) -> Iterator[str]:
    ordered = sorted(
        report.spans if shown else (), key=lambda entry: (entry[0].batch or 1 << 30, len(entry[0].id), entry[0].id)
    )
    for seen, spans in ordered:
        name = seen.name or seen.id
        yield _label(name, y)
        for stay in spans:
            if stay.phase is e.Phase.WAITING:
                continue
            title = f"{name}: {stay.phase.value}, {report.time(stay.start)}, {span(stay.start, stay.end)}"
            start, end = _x(report, stay.start), _x(report, stay.end)
            yield _bar(f"p-{stay.phase.value.split()[0]}", start, end, y, title)
        y += _ROW


def _label(name: str, y: int) -> str:
    shown = name if len(name) <= 20 else f"{name[:8]}…{name[-11:]}"
    return f'<text x="{_LEFT - 8}" y="{y + _BAR - 1}" text-anchor="end">{escape(shown)}</text>'


def _bar(kinds: str, start: float, end: float, y: int, title: str) -> str:
    size = f'x="{start}" y="{y}" width="{max(1.5, round(end - start, 1))}" height="{_BAR}" rx="1.5"'
    return f'<rect class="{escape(kinds)}" {size}><title>{escape(title)}</title></rect>'


def _health(report: Report, top: int) -> Iterable[str]:
    """The number of healthy instances over time, as steps; the limit is dashed, the lowest point is marked."""
    state = report.info
    if not state.health_trend:
        return
    total = max(state.total, state.plan.total if state.plan is not None else 0, 1)

    def height(healthy: int) -> float:
        return round(top + _HEALTH * (1 - healthy / max(total, healthy)), 1)

    points: list[str] = []
    last = height(state.health_trend[0][1])
    for at, healthy in state.health_trend:
        x = _x(report, at)
        points += [f"{x},{last}", f"{x},{height(healthy)}"]
        last = height(healthy)
    end, base = _WIDTH - _RIGHT, top + _HEALTH
    points.append(f"{_x(report, report.end)},{last}")
    first = points[0].partition(",")[0]
    yield f'<polygon class="under" points="{first},{base} {" ".join(points)} {_x(report, report.end)},{base}"/>'
    yield f'<polyline class="health" points="{" ".join(points)}"/>'
    yield f'<line class="axis" x1="{_LEFT}" y1="{base}" x2="{end}" y2="{base}"/>'
    yield f'<text x="{_LEFT - 8}" y="{top + 4}" text-anchor="end">healthy of {total}</text>'
    yield f'<text x="{_LEFT - 8}" y="{base + 3}" text-anchor="end">0</text>'
    least = report.info.floor
    if least:
        yield f'<line class="floor" x1="{_LEFT}" y1="{height(least)}" x2="{end}" y2="{height(least)}"/>'
        yield f'<text x="{_LEFT - 8}" y="{height(least) + 4}" text-anchor="end">floor {least}</text>'
    if state.lowest is not None:
        x, y = _x(report, state.lowest.at), height(state.lowest.healthy)
        low = f"lowest {state.lowest.healthy} at {report.time(state.lowest.at)}"
        anchor = "end" if x > _WIDTH * 0.8 else "start"
        yield f'<circle class="low" cx="{x}" cy="{y}" r="3"/>'
        yield f'<text x="{x + (-6 if anchor == "end" else 6)}" y="{y + 13}" text-anchor="{anchor}">{low}</text>'
