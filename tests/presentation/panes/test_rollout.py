"""The pane of a rollout: log, output, forecast."""

from dataclasses import replace
from datetime import UTC

from support import story
from vmss_tui.domain.rollout.events import Ended, Paused, Verdict
from vmss_tui.domain.rollout.state import fold
from vmss_tui.presentation.panes.rollout import rollout_pane
from vmss_tui.presentation.rollout.info import info_of
from vmss_tui.presentation.rollout.log import follow
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def pane(tale: story.Story, instance: str | None = "3", cells: int = 56, rows: int = 37) -> list[str]:
    state, log = follow(tale.log, tz=UTC)
    progress = state.instances[instance] if instance is not None else None
    return [text_of(line) for line in rollout_pane(info_of(state, tale.now), log, progress, cells, rows, tz=UTC)]


def test_log_output_and_forecast_in_this_order() -> None:
    found = pane(story.until_batch(4, fails=("3",)))
    titles = [
        line.split()[0] for line in found if line.split() and line.split()[0].isalpha() and line.split()[0].isupper()
    ]
    assert titles == ["LOG", "OUTPUT", "FORECAST"]
    assert "batch 4 of 5 started" in found[1]
    output = next(n for n, line in enumerate(found) if line.startswith("OUTPUT"))
    assert "web-weu_3" in found[output] and "failed" in found[output]
    assert found[output + 1] == "exit 22: curl: (22) HTTP error 404"
    assert found[output + 2] == "+ curl -f https://cdn/x"
    assert found[found.index("FORECAST") + 1].startswith("P50 ")
    assert max(map(width, found)) <= 56


def test_without_movement_or_after_the_end_nothing_is_forecast() -> None:
    tale = story.until_batch(4)
    tale.say(Paused("somebody asked"))
    assert "FORECAST" not in pane(tale)
    tale.say(Ended(Verdict.FAILED, "too many"))
    assert "FORECAST" not in pane(tale) and not any(line.startswith("OUTPUT") for line in pane(tale, None))


def test_the_newest_output_is_shown_and_that_azure_cut_it() -> None:
    tale = story.until_batch(2)
    tale.see(["0"], stdout="\n".join(f"step {n}" for n in range(900)))
    found = pane(tale, "0", rows=20)
    assert found[-2:] == [*found[-2:]] and any("step 899" in line for line in found)
    assert any("(the last 4 KiB)" in line for line in found)
    tale.see(["0"], stdout="", message="Enable in progress")
    assert any("nothing printed yet" in line for line in pane(tale, "0"))


def test_the_window_is_named_when_it_may_close_too_early() -> None:
    tale = story.until_batch(4)
    state, log = follow(tale.log, tz=UTC)
    info = info_of(state, tale.now)
    short = replace(info, window_closes=tale.now)
    found = [text_of(line) for line in rollout_pane(short, log, None, 56, 30, tz=UTC)]
    assert any("P90 exceeds it by" in line for line in found)
    assert fold(tale.log) == state
