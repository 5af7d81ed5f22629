"""A plan in lines for people: what changes, what happens, what to know; for the form, the confirm and plain text.

Pure functions of a `RolloutPlan`. Foreign text comes out as clean single lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import ndiff
from typing import Protocol

from vmss_tui import duration
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.conditions import condition_lines
from vmss_tui.presentation.plan.outlook import expectation, outlook_lines
from vmss_tui.presentation.table import Line, text_of
from vmss_tui.text import counted, cut_middle, listed, plain, plain_lines, width, wrap


class FetchedFile(Protocol):
    """A file that instances download, as it was fetched for the plan."""

    @property
    def uri(self) -> str:
        """Its address."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def sha256(self) -> str:
        """In hex."""

    @property
    def mutable(self) -> str:
        """Why it may change, empty when it may not."""

    @property
    def problem(self) -> str:
        """Why it could not be fetched, empty when it was."""


@dataclass(frozen=True, slots=True)
class ProtectedLine:
    """A protected setting in a diff: `word` says what happens to it, `source` where its value comes from."""

    name: str
    word: str
    source: str = ""


STRATEGIES = {
    Strategy.ROLLING_UPGRADE: "rolling upgrade by Azure: one write, then Azure updates batch by batch",
    Strategy.CLIENT_BATCHES: "batches by vmss-tui: the scale set model is updated, then the instances in gated batches",
    Strategy.VM_BATCHES: "batches by vmss-tui: the extension of each VM is updated in gated batches",
}

_SEVERITIES = {
    Severity.REFUSE: ("✖", Role.BAD),
    Severity.WARN: ("▲", Role.WARN),
    Severity.INFO: ("·", Role.DIM),
}


def sections(
    plan: RolloutPlan,
    cells: int,
    *,
    files: Sequence[FetchedFile] = (),
    protected: Sequence[ProtectedLine] = (),
    steps: Sequence[tuple[str, str]] = (),
) -> tuple[Line, ...]:
    """The whole right side of the form: refusals first, then changes, what happens, what to know, files.

    `steps` are verb and object of what each machine will do.
    """
    lines: list[Line] = []
    if plan.refusals:
        lines += [_title("CANNOT START", Role.BAD), *finding_lines(plan.refusals, cells), ()]
    lines += [_title("WHAT CHANGES"), *change_lines(plan, cells, protected=protected), ()]
    lines += [_title("WHAT HAPPENS"), *batch_lines(plan, cells)]
    if expected := outlook_lines(plan, cells):
        lines += [(), _title("FORECAST"), *expected]
    if conditions := condition_lines(plan, cells):
        lines += [(), _title("CONDITIONS"), *conditions]
    others = [finding for finding in plan.findings if finding.severity is not Severity.REFUSE]
    if others:
        lines += [
            (),
            _title("WARNINGS" if any(finding.severity is Severity.WARN for finding in others) else "NOTES"),
            *finding_lines(others, cells),
        ]
    if files:
        lines += [(), _title("FILES"), *file_lines(files, cells)]
    if steps:
        lines += [(), _title("ON EACH INSTANCE"), *step_lines(steps, cells)]
    return tuple(lines)


def step_lines(steps: Sequence[tuple[str, str]], cells: int) -> tuple[Line, ...]:
    """The steps on an instance, a verb in front of each."""
    lines: list[Line] = []
    for verb, what in steps:
        first, *rest = wrap(plain(what), max(10, cells - 13)) or [""]
        lines.append(((f"  {verb:<10} ", Role.DIM), (first, Role.PLAIN)))
        lines += [((" " * 13 + part, Role.PLAIN),) for part in rest]
    return tuple(lines)


def _title(words: str, role: Role = Role.ACCENT) -> Line:
    return ((words, role),)


# -- what changes ---------------------------------------------------------------------------------------------------


def change_lines(plan: RolloutPlan, cells: int, *, protected: Sequence[ProtectedLine] = ()) -> tuple[Line, ...]:
    """The diff of public settings and policy, protected settings by word, and whether the script will run."""
    lines: list[Line] = []
    for change in plan.changes:
        if not change.path.startswith("protectedSettings."):
            lines += setting_lines(change, cells)
    if not lines:
        lines.append((("  nothing in the public settings", Role.DIM),))
    for line in protected:
        lines += _protected(line, cells)
    role, verb = (Role.OK, "The script will run") if plan.forecast.will_run else (Role.WARN, "The script will not run")
    text = f"{verb}: {plan.forecast.reason}" if plan.forecast.reason else verb
    lines += [((f"  {part}", role),) for part in wrap(text, max(10, cells - 2))]
    return tuple(lines)


def _protected(line: ProtectedLine, cells: int) -> list[Line]:
    name = "protected settings" if line.name == "*" else plain(line.name)
    head: Line = ((f"  {name}  ", Role.PLAIN), (f"*** {line.word}", Role.WARN))
    source = plain(line.source)
    if not source:
        return [head]
    if width(f"  {name}  *** {line.word}  {source}") <= cells:
        return [(*head, (f"  {source}", Role.DIM))]
    said = source if source.startswith(("in ", "asked ")) else f"from {source}"
    return [head, ((f"    {cut_middle(said, max(8, cells - 4))}", Role.DIM),)]


def setting_lines(change: SettingChange, cells: int) -> list[Line]:
    """One public setting before and after; of a text of several lines only what differs."""
    lines: list[Line] = [((f"  {plain(change.path)}", Role.DIM),)]
    room = max(8, cells - 4)
    if "\n" in (change.old or "") + (change.new or ""):
        return lines + _text_change(change, room)
    old, new = _apart(change.old, change.new, room)
    if change.old is not None:
        lines.append(((f"  - {old}", Role.BAD),))
    if change.new is not None:
        lines.append(((f"  + {new}", Role.OK),))
    return lines


_MOST_LINES = 14


def _text_change(change: SettingChange, room: int) -> list[Line]:
    """A text of several lines: only those that differ."""
    old, new = (plain_lines((value or "").rstrip("\n")) if value else () for value in (change.old, change.new))
    differ = [line for line in ndiff(old, new) if line[:2] in ("- ", "+ ")]
    lines: list[Line] = [
        ((f"  {line[0]} {_short(line[2:], room)}", Role.BAD if line[0] == "-" else Role.OK),)
        for line in differ[:_MOST_LINES]
    ]
    more = len(differ) - _MOST_LINES
    return [*lines, ((f"  … {counted(more, 'more line')}", Role.DIM),)] if more > 0 else lines


def _apart(old: str | None, new: str | None, room: int) -> tuple[str, str]:
    """Both sides cut so that the part that differs is visible: a shared start of long texts becomes `…`."""
    before, after = plain(old or ""), plain(new or "")
    if max(width(before), width(after)) > room and old and new:
        shared = _shared(before, after)
        context = room - 1 - max(width(before[shared:]), width(after[shared:]))
        skip = shared - max(0, context)
        if skip > 1:
            return _short("…" + before[skip:], room), _short("…" + after[skip:], room)
    return _short(before, room), _short(after, room)


def _short(text: str, room: int) -> str:
    return cut_middle(text, room)


def _shared(old: str, new: str) -> int:
    """How many characters both begin with, back to the last separator."""
    count = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        count += 1
    return max(old.rfind("/", 0, count) + 1, 0)


# -- what happens ---------------------------------------------------------------------------------------------------


def batch_lines(plan: RolloutPlan, cells: int, *, most: int = 8) -> tuple[Line, ...]:
    """The batches (equal ones in the middle put together), who is excluded, and the arithmetic in one sentence."""
    lines: list[Line] = [
        ((f"  {part}", Role.DIM),)
        for text in (STRATEGIES[plan.strategy], order(plan))
        for part in (wrap(text, max(10, cells - 2)) if text else ())
    ]
    shown, hidden = _shown(plan.batches, most)
    said: set[str] = set()
    for planned in shown:
        lines += _with_note(_batch(planned, plan), _fresh_note(planned, said), cells)
        if hidden and planned is shown[most - 2]:
            count = sum(len(batch.ids) for batch in hidden)
            words = f"   …  {counted(len(hidden), 'more batch', 'more batches')}, {counted(count, 'instance')}"
            lines.append(((words, Role.DIM),))
    for reason, ids in _reasons(plan):
        first, *rest = wrap(f"{counted(len(ids), 'instance')} excluded: {reason} ({listed(ids)})", max(10, cells - 6))
        lines += [((f"   ⊘  {first}", Role.DIM),), *(((f"      {part}", Role.DIM),) for part in rest)]
    lines += [((f"  {part}", Role.PLAIN),) for part in wrap(sentence(plan), max(10, cells - 2))]
    return tuple(lines)


def _shown(batches: Sequence[Batch], most: int) -> tuple[list[Batch], list[Batch]]:
    if len(batches) <= most:
        return list(batches), []
    return [*batches[: most - 1], batches[-1]], list(batches[most - 1 : -1])


def _batch(batch: Batch, plan: RolloutPlan) -> Line:
    zones = f"zone {'+'.join(batch.zones)}" if any(batch.zones) else ""
    widest = max((len("+".join(batch.zones)) for batch in plan.batches if any(batch.zones)), default=-6) + 6
    count = f"{len(batch.ids):>3} {'instance' if len(batch.ids) == 1 else 'instances'}"
    last = batch.number == len(plan.batches)
    pause = "" if last or not plan.policy.pause_seconds else f"  then {duration.exact(plan.policy.pause_seconds)}"
    pieces: list[tuple[str, Role]] = [
        (f"  {batch.number:>2}  ", Role.DIM),
        (f"{zones:<{widest}}{count:<14}", Role.PLAIN),
    ]
    if batch.approve:
        pieces.append(("  after approval", Role.WARN))
    return (*pieces, (pause, Role.DIM))


def order(plan: RolloutPlan) -> str:
    """The order of the batches, in words; empty without batches."""
    policy = plan.policy
    if not plan.batches:
        return ""
    azure = plan.strategy is Strategy.ROLLING_UPGRADE
    zones = any(batch.zones for batch in plan.batches) and not policy.cross_zone
    steps = [
        f"{', '.join(plain(name) for name in policy.canary)} first" if policy.canary and not azure else "",
        "unhealthy first" if policy.prioritise_unhealthy else "",
        "zone by zone" if zones else "",
        "by update domain",
    ]
    said = ", ".join(step for step in steps if step)
    return f"Azure chooses the order, usually {said}" if azure else f"order: {said}"


def _fresh_note(batch: Batch, said: set[str]) -> str:
    """The arithmetic of a batch, less what batches before it said already."""
    fresh = [part for part in batch.note.split("; ") if part and part not in said]
    said.update(fresh)
    return "; ".join(fresh)


def _with_note(line: Line, note: str, cells: int) -> list[Line]:
    """A batch and its arithmetic: beside it where there is room, else below."""
    if not note:
        return [line]
    if width(text_of(line)) + 3 + width(note) <= cells:
        return [(*line, (f"   {note}", Role.DIM))]
    return [line, *(((f"      {part}", Role.DIM),) for part in wrap(note, max(10, cells - 6)))]


def _reasons(plan: RolloutPlan) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for exclusion in plan.excluded:
        found.setdefault(exclusion.reason, []).append(exclusion.id)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def sentence(plan: RolloutPlan) -> str:
    """`60 instances in 5 batches, at least 48 of 60 healthy, about 9 to 12 min`."""
    if not plan.affected:
        return "nothing to do"
    parts = [f"{counted(plan.affected, 'instance')} in {counted(len(plan.batches), 'batch', 'batches')}"]
    if plan.healthy is not None:
        parts.append(f"at least {plan.floor} of {plan.total} healthy if nothing fails")
    else:
        parts.append("no health source: health is not checked")
    if plan.batches:
        parts.append(expectation(plan))
    return ", ".join(parts)


# -- files and findings ---------------------------------------------------------------------------------------------


def file_lines(files: Sequence[FetchedFile], cells: int) -> tuple[Line, ...]:
    """Each file that instances download: size, hash, whether it may change, or why it could not be fetched."""
    lines: list[Line] = []
    for file in files:
        lines.append(((f"  {cut_middle(plain(file.uri), max(8, cells - 2))}", Role.PLAIN),))
        lines += [((f"    {part}", role),) for text, role in [_file(file)] for part in wrap(text, max(10, cells - 4))]
    return tuple(lines)


def _file(fetched: FetchedFile) -> tuple[str, Role]:
    if fetched.problem:
        return f"◌ not verified: {plain(fetched.problem)}", Role.WARN
    text = f"{size(fetched.size)}  sha256 {fetched.sha256[:12]}"
    return (f"▲ {text}  may change: {plain(fetched.mutable)}", Role.WARN) if fetched.mutable else (f"● {text}", Role.OK)


def size(count: int) -> str:
    """Bytes for people: `812 B`, `3.1 KB`, `2.4 MB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def finding_lines(findings: Sequence[Finding], cells: int) -> tuple[Line, ...]:
    """Findings with their next step, wrapped."""
    lines: list[Line] = []
    for finding in findings:
        sign, role = _SEVERITIES[finding.severity]
        first, *rest = wrap(plain(finding.message), max(10, cells - 4)) or [""]
        lines.append(((f"  {sign} ", role), (first, role if finding.severity is not Severity.INFO else Role.PLAIN)))
        lines += [((f"    {part}", role if finding.severity is not Severity.INFO else Role.PLAIN),) for part in rest]
        lines += [
            ((f"    {part}", Role.DIM),)
            for part in (wrap(plain(finding.hint), max(10, cells - 4)) if finding.hint else [])
        ]
    return tuple(lines)
