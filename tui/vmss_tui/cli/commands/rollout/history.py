"""`rollouts`, `report`, `replay`: what the journal remembers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet.tables import parsed_terms
from vmss_tui.cli.options import current, painted
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.duration import coarse
from vmss_tui.errors import UsageError
from vmss_tui.journal.lease import STUCK_HINT, silence, stuck
from vmss_tui.journal.logs.presence import Watchers
from vmss_tui.journal.store import Journal, Lease, RolloutHeader, WavesHeader
from vmss_tui.paths import write_named
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.filter import Term
from vmss_tui.presentation.records import Record, head_record, header_record
from vmss_tui.presentation.rollout.history import ROLLOUTS, RolloutItem, watcher_names, watcher_record
from vmss_tui.presentation.rollout.schedule import countdown
from vmss_tui.presentation.table import View
from vmss_tui.text import listed, width

AnyHeader = RolloutHeader | WavesHeader
FORMATS = ("md", "html", "json", "jsonl", "csv", "junit")
"""As in `report.formats`, which is only imported to write one."""


@contextmanager
def opened(ctx: click.Context) -> Iterator[Journal]:
    """The journal; reading it needs no cloud and no sign-in."""
    journal = Journal.open(current(ctx).journal)
    try:
        yield journal
    finally:
        journal.close()


@click.command()
@click.argument("terms", nargs=-1, metavar="[FILTER …]")
@shaped
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number, newest first.")
@click.pass_context
def rollouts(ctx: click.Context, terms: tuple[str, ...], shape: Shape, limit: int) -> int:
    """List the rollouts of the journal, newest first.

    FILTER is as in the app: name, stage:failed, who:maria, started:2026-10.
    """
    from vmss_tui.engine.schedule.scheduled import left_at_window

    wanted = parsed_terms(terms, ROLLOUTS.fields)
    with opened(ctx) as journal:
        headers, leases, watchers = _grouped(journal, -1 if wanted else limit), journal.leases(), journal.watchers()
        damaged, shared = journal.damaged(limit=limit), journal.shared
        left = {header.id for header in headers if header.stage is Stage.PAUSED and left_at_window(journal, header.id)}
    found = [
        _Listed(header, leases.get(header.id), watchers.get(header.id, ()), shared, header.id in left)
        for header in headers
    ]
    found = _filtered(found, wanted)[:limit] if wanted else found
    for header, lease in ((it.header, it.lease) for it in found):
        if lease is not None and not header.stage.over and (trouble := stuck(lease, datetime.now(UTC))):
            diagnostics.say(f"vmss-tui: rollout {header.id}: {trouble}", STUCK_HINT)
    if damaged:
        diagnostics.say(f"vmss-tui: not shown, since damaged: {listed(damaged)}", "See `vmss-tui journal check`.")
    shape.answer([_record(it) for it in found], lambda: _table(found, output.columns(), _none(terms, damaged)))
    return 0


@dataclass(frozen=True, slots=True)
class _Listed:
    """A rollout in the list, who holds it and who watches it."""

    header: AnyHeader
    lease: Lease | None
    watchers: Watchers
    shared: bool
    """Whether several hosts use the journal."""
    window_ended: bool = False
    """Whether its runner left at the end of the maintenance window."""

    @property
    def held(self) -> bool:
        """Whether a runner holds it."""
        return self.lease is not None and self.lease.alive and not self.header.stage.over


def _grouped(journal: Journal, limit: int) -> list[AnyHeader]:
    """Rollouts, newest first; those that belong to one over several sets below it. A `limit` below 0: all of them."""
    alone: list[AnyHeader] = [header for header in journal.rollouts(limit=limit) if not header.waves]
    newest = sorted([*alone, *journal.waves.headers(limit=limit)], key=lambda header: header.created_at, reverse=True)
    grouped: list[AnyHeader] = []
    for header in newest if limit < 0 else newest[:limit]:
        grouped.append(header)
        grouped += journal.waves.sets(header.id) if isinstance(header, WavesHeader) else ()
    return grouped


def _filtered(found: Sequence[_Listed], wanted: Sequence[Term]) -> list[_Listed]:
    """Those that pass a filter, as in the app."""
    items = [
        RolloutItem(
            it.header,
            it.lease is not None and it.lease.alive,
            runner=it.lease.host if it.lease is not None and it.held and it.shared else "",
            watchers=it.watchers,
            window_ended=it.window_ended,
        )
        for it in found
    ]
    kept = {item.header.id for item in ROLLOUTS.shown(items, View(terms=tuple(wanted)), datetime.now(UTC))}
    return [it for it in found if it.header.id in kept]


def _none(terms: Sequence[str], damaged: Sequence[str]) -> str:
    """What to say where no rollout is listed."""
    if terms:
        return f"no rollout matches {' '.join(terms)}"
    return "no rollout that can be read" if damaged else "no rollout yet; `vmss-tui rollout PROFILE` starts one"


def _record(it: _Listed) -> Record:
    header, lease = it.header, it.lease
    record = head_record(header, kind="waves") if isinstance(header, WavesHeader) else header_record(header)
    trouble = stuck(lease, datetime.now(UTC)) if lease is not None and not header.stage.over else ""
    held = {"host": lease.host, "pid": lease.pid} if lease is not None and it.held else None
    return {
        **record,
        "runner_alive": lease is not None and lease.alive,
        "runner_trouble": trouble or None,
        "runner": held,
        "watchers": [watcher_record(watcher) for watcher in it.watchers],
    }


def _target(header: AnyHeader, *, name_only: bool) -> str:
    """The scale set; indented where it belongs to the rollout over several sets above it."""
    if isinstance(header, WavesHeader):
        return f"{header.profile} in waves"
    name = header.target.name if name_only else header.target.short
    return f"  {name}" if header.waves else name


_SPARE = ("RUNNER", "WATCHED BY", "WHO", "WHY")
"""Columns that a narrow terminal does without, the first one first."""


def _table(found: list[_Listed], cells: int | None, none: str) -> list[str]:
    """The list in `cells` columns (None: as wide as it is): without resource groups, then without columns."""
    if not found:
        return [none]
    titles = ("ROLLOUT", "STARTED", "SCALE SET", "VERSION", "STATE", "WHO", "WHY", "RUNNER", "WATCHED BY")
    least = {"SCALE SET": 12, "VERSION": 8, "WHO": 6, "WHY": 8, "RUNNER": 8, "WATCHED BY": 10}
    rows = [_cells(it) for it in found]
    shown = [
        i for i, title in enumerate(titles) if title not in ("RUNNER", "WATCHED BY") or any(row[i] for row in rows)
    ]

    def drawn(fitted: int | None) -> list[str]:
        columns = [text_tables.TextColumn(titles[i], least=least.get(titles[i], 0)) for i in shown]
        return text_tables.table(columns, [[row[i] for i in shown] for row in rows], cells=fitted)

    if cells is not None and max(map(width, drawn(None))) > cells:
        rows = [_cells(it, name_only=True) for it in found]
        for spare in map(titles.index, _SPARE):
            if max(map(width, drawn(cells))) > cells and spare in shown:
                shown.remove(spare)
    return drawn(cells)


def _cells(it: _Listed, *, name_only: bool = False) -> tuple[str, ...]:
    header, lease = it.header, it.lease
    return (
        header.id,
        header.created_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        _target(header, name_only=name_only),
        header.label,
        _stage(header, lease, window_ended=it.window_ended),
        header.who,
        " ".join(filter(None, (header.ticket, header.why))),
        lease.host if lease is not None and it.held and it.shared else "",
        watcher_names(it.watchers),
    )


def _stage(header: AnyHeader, lease: Lease | None, *, window_ended: bool) -> str:
    if header.stage.over:
        return header.stage.word
    if lease is not None and lease.alive:
        silent = stuck(lease, now := datetime.now(UTC)) and f", runner silent for {coarse(silence(lease, now))}"
        return f"{header.stage.word}{silent}"
    if header.starts_at is not None:
        return f"scheduled, {countdown(header.starts_at, datetime.now(UTC))}"
    return f"{header.stage.word}, {'window ended' if window_ended else 'runner gone'}"


@click.command()
@click.argument("rollout", required=False)
@click.option("--format", "form", type=click.Choice(FORMATS), default="md", show_default=True)
@click.option("--json", "form", flag_value="json", help="As --format json.")
@click.option("--output", "-o", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--verify", "verifies", is_flag=True, help="Prove that no event was changed or removed.")
@click.option(
    "--from",
    "export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --verify: an export by --format jsonl, in place of the journal.",
)
@click.option("--head", default="", metavar="HASH", help="With --verify: a head of the record that was kept elsewhere.")
@click.pass_context
def report(
    ctx: click.Context, rollout: str | None, form: str, path: Path | None, verifies: bool, export: Path | None,
    head: str,
) -> int:  # fmt: skip
    """Print the change record of a rollout: who, why, plan, batches, failures, decisions.

    Every event has a hash that depends on all events before it; the report names the last one, the head. --verify
    checks them all. Its exit code is 1 when an event was changed, added or removed.
    """
    if verifies:
        return _verify(ctx, rollout, export, head.lower(), as_json=form in ("json", "jsonl"))
    if export is not None or head:
        raise UsageError("--from and --head are for --verify", hint="Give --verify too.")
    from vmss_tui.report.for_waves import waves_text
    from vmss_tui.report.formats import write

    with opened(ctx) as journal:
        header = journal.locate(rollout)
        if isinstance(header, WavesHeader):
            text = waves_text(form, journal, header)
        else:
            text = write(form, header, journal.events(header.id), journal.links(header.id))
    if path is None:
        shown = text.rstrip("\n").split("\n")
        if form in ("json", "jsonl"):
            output.verbatim(shown, json_lines=True)
        else:
            output.lines(shown)
        return 0
    try:
        write_named(path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="choose another file") from error
    return 0


def _verify(ctx: click.Context, rollout: str | None, export: Path | None, head: str, *, as_json: bool) -> int:
    from vmss_tui.cli.commands.verify_record import verify_file, verify_journal

    if export is not None:
        return verify_file(export, head, as_json=as_json)
    with opened(ctx) as journal:
        return verify_journal(journal, journal.locate(rollout).id, head, as_json=as_json)


@click.command()
@click.argument("rollout", required=False)
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=10.0, show_default=True, help="Speed-up factor.")
@painted
@click.pass_context
def replay(ctx: click.Context, rollout: str | None, speed: float) -> int:
    """Play a recorded rollout in the app's live screen."""
    from vmss_tui.cli.open_app import open_app, require_terminal

    require_terminal("vmss-tui report")
    with opened(ctx) as journal:
        header = journal.locate(rollout)
    if isinstance(header, WavesHeader):
        raise UsageError(
            f"rollout {header.id} goes over several scale sets",
            hint="Replay the rollout of a set: `vmss-tui rollouts`.",
        )
    return open_app(current(ctx), rollout=header.id, speed=speed)
