"""How far scale sets are from a profile, in a cell and in lines.

Pure functions over anything that has the fields of the profiles' `Drift`: a sibling may not be imported.
"""

from collections.abc import Sequence
from typing import Protocol

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.presentation.glyphs import DOT, HALF, RING, TRIANGLE, Glyph, Role
from vmss_tui.presentation.plan.lines import setting_lines
from vmss_tui.presentation.table import Cell, Line, cell
from vmss_tui.text import counted, cut_middle, plain


class Drift(Protocol):
    """One scale set against a profile; counts are in instances."""

    @property
    def target(self) -> ScaleSetId:
        """The scale set."""

    @property
    def state(self) -> str:
        """`same`, `differs` or `not installed`."""

    @property
    def label(self) -> str:
        """The version of its model."""

    @property
    def changes(self) -> Sequence[SettingChange]:
        """What a rollout would change."""

    @property
    def reason(self) -> str:
        """Why it differs."""

    @property
    def behind(self) -> int:
        """Instances that do not run what the model says."""

    @property
    def total(self) -> int:
        """Instances."""

    @property
    def counted(self) -> bool:
        """Whether the instances have been read."""


_SIGNS: dict[str, tuple[Glyph, Role]] = {
    "same": (DOT, Role.WELL),
    "differs": (TRIANGLE, Role.WARN),
    "not installed": (RING, Role.WAIT),
}
_SHORT = {"same": "same", "differs": "differs", "not installed": "missing"}
_LAGS: tuple[Glyph, Role] = (HALF, Role.WARN)


def drift_cell(drifts: Sequence[Drift] | None) -> Cell:
    """All targets at a glance: `● 4 same`, `▲ 1 of 4 differs, 12 lag`; `drifts` is None before anything is known."""
    if drifts is None:
        return cell("not read yet", Role.WAIT)
    if not drifts:
        return cell("no target", Role.DIM)
    states = [drift.state for drift in drifts]
    lagging = sum(drift.behind for drift in drifts if drift.state != "not installed")
    wrong = [state for state in _SIGNS if state in states and state != "same"]
    glyph, role = _SIGNS[wrong[0]] if wrong else _LAGS if lagging else _SIGNS["same"]
    words = [_counted(states, state) for state in wrong or ("same",)]
    if lagging:
        words.append(f"{lagging} lag")
    return ((f"{glyph.show()} {', '.join(words)}", role),)


def _counted(states: Sequence[str], state: str) -> str:
    """`4 same`, `1 of 4 differs`, `3 of 3 differ`."""
    count = states.count(state)
    if state == "same":
        return f"{count} same"
    word = "differ" if state == "differs" and count > 1 else _SHORT[state]
    return f"{count} of {len(states)} {word}"


def drift_words(drifts: Sequence[Drift] | None) -> tuple[str, ...]:
    """What a filter finds a profile by: the states of its targets, and `lag`."""
    found = {word for drift in drifts or () for word in (drift.state, _SHORT[drift.state])}
    return (*sorted(found), *(("lag",) if any(drift.behind for drift in drifts or ()) else ()))


def drift_rank(drifts: Sequence[Drift] | None) -> tuple[int, int]:
    """For sorting: most targets that are not as the profile says first, then most instances that lag."""
    found = drifts or ()
    return (-sum(drift.state != "same" for drift in found), -sum(drift.behind for drift in found))


def drift_lines(drifts: Sequence[Drift], cells: int) -> tuple[Line, ...]:
    """Target by target: state, version, who lags; below one that differs, what a rollout would change."""
    lines: list[Line] = []
    for drift in drifts:
        glyph, role = _SIGNS[drift.state]
        lines.append(
            (
                (f" {glyph.show()} {drift.state}", role),
                (f"  {cut_middle(plain(drift.target.short), max(12, cells // 2))}", Role.PLAIN),
                (f"  {plain(drift.label)}" if drift.label else "", Role.DIM),
                *_lag(drift),
            )
        )
        if drift.changes:
            lines += [line for change in drift.changes for line in setting_lines(change, cells)]
        elif drift.reason:
            lines.append(((f"   {plain(drift.reason)}", Role.DIM),))
    return tuple(lines)


def _lag(drift: Drift) -> Line:
    if not drift.counted:
        return (("  instances not read yet", Role.WAIT),)
    if not drift.behind or drift.state == "not installed":
        return ((f"  {counted(drift.total, 'instance')}", Role.DIM),)
    return ((f"  {drift.behind} of {drift.total} lag behind the model", Role.WARN),)
