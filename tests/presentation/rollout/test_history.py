"""The list of rollouts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from support import estate
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.rollout import history as lists
from vmss_tui.presentation.table import text_of

WEB = ScaleSetId("s", "rg", "web-weu")


@dataclass(frozen=True)
class Header:
    id: str
    target: ScaleSetId = WEB
    label: str = "web 2.5.0"
    profile: str = "web"
    who: str = "maria"
    host: str = "bastion"
    why: str = "release"
    ticket: str = ""
    created_at: datetime = estate.NOW
    ended_at: datetime | None = None
    starts_at: datetime | None = None
    stage: Stage = Stage.RUNNING
    waves: str = ""
    reason: str = ""


def rollouts() -> tuple[lists.RolloutItem, ...]:
    done = Header("aaaa0000", stage=Stage.COMPLETED, created_at=estate.NOW - timedelta(1), ended_at=estate.NOW)
    failed = Header("bbbb0000", stage=Stage.FAILED, reason="3 failed", created_at=estate.NOW - timedelta(2))
    gone = Header("cccc0000", created_at=estate.NOW - timedelta(hours=1))
    return (
        lists.RolloutItem(done, True),
        lists.RolloutItem(failed, True),
        lists.RolloutItem(gone, False),
        lists.RolloutItem(Header("dddd0000", stage=Stage.APPROVAL), True),
    )


def test_rollouts_running_first_newest_first() -> None:
    def shown(view: lists.RolloutsView) -> tuple[lists.RolloutItem, ...]:
        return lists.shown_rollouts(rollouts(), view, estate.NOW)

    assert [rollout.header.id[0] for rollout in shown(lists.RolloutsView())] == ["d", "c", "a", "b"]
    assert [rollout.header.id[0] for rollout in shown(lists.RolloutsView(order="age", reverse=True))] == [
        "b",
        "a",
        "c",
        "d",
    ]
    for order in lists.ROLLOUTS.orders:
        assert len(shown(lists.RolloutsView(order=order))) == 4
    found = shown(lists.RolloutsView(terms=parse("stage:runner", lists.ROLLOUTS.fields)))
    assert [rollout.header.id[0] for rollout in found] == ["c"]


def test_a_runner_that_cannot_write_is_shown() -> None:
    silent = lists.RolloutItem(Header("eeee0000"), True, "its runner has written nothing for 40s")
    assert lists.stage_mark(silent).word == "runner silent"
    assert lists.stage_mark(lists.RolloutItem(Header("eeee0000"), True)).word == "running"
    assert lists.stage_mark(lists.RolloutItem(Header("eeee0000"), False, "what it was")).word == "no runner"


def test_rows_and_summary_of_rollouts() -> None:
    items = rollouts()
    cells = [[text_of(cell) for cell in lists.ROLLOUTS.row(item, estate.NOW).cells] for item in items]
    assert cells[0][3:6] == ["● completed", "24h ago", "24:00:00"]
    assert cells[1][7] == "3 failed"
    assert cells[2][3] == "▲ no runner"
    assert cells[3][3] == "▲ waiting for approval"
    line = text_of(lists.rollouts_summary(items, 4))
    assert line == "4 rollouts  ·  1 running  ·  1 without a runner: press r to resume"
    assert text_of(lists.rollouts_summary(items, 2)).startswith("2 of 4 rollouts")


def test_a_journal_at_rest_is_only_counted() -> None:
    assert text_of(lists.rollouts_summary(rollouts()[:1], 1)) == "1 rollout"


def test_a_rollout_that_starts_later_shows_how_long_until_then_and_is_not_without_a_runner() -> None:
    later = lists.RolloutItem(Header("eeee0000", starts_at=estate.NOW + timedelta(hours=2)), False)
    assert later.scheduled and not later.orphaned and lists.stage_mark(later).word == "scheduled"
    cells = dict(
        zip((column.key for column in lists.ROLLOUTS.columns), lists.ROLLOUTS.row(later, estate.NOW).cells, strict=True)
    )
    assert "in 2h" in {text_of(cell) for cell in cells.values()}
    running = lists.RolloutItem(later.header, True)
    assert not running.scheduled and not running.orphaned


def test_a_rollout_over_several_sets_has_the_name_of_its_profile_and_its_sets_are_indented() -> None:
    part = lists.RolloutItem(Header("ffff0000", waves="1234abcd"), True)
    assert part.name == "  web-weu"
