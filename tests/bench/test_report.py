"""The report of `make bench`: every figure beside baseline and budget, kept as JSON, compared with another run."""

from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.report import load, markdown, save, table
from bench.results import Result, at_most, percentile, ratio

FIGURES = (
    at_most("bytes", 1500, 2048, "B/s", size=1000),
    ratio("first frame", 0.3, 0.1, 1.35),
    at_most("throttled", 0, 0, "calls"),
)


def test_each_figure_stands_beside_its_baseline_and_its_budget() -> None:
    lines = table(FIGURES).splitlines()
    assert [word in lines[2] for word in ("1,000 instances", "1500 B/s", "≤ 2048 B/s", "within")] == [True] * 4
    assert [word in lines[3] for word in ("3.00 x", "300 ms", "100 ms", "≤ 1.35 x", "OVER")] == [True] * 5


def test_the_sizes_of_a_scale_set_share_a_row_with_the_worst_of_them() -> None:
    small, large = (at_most("bytes", 1000.0 * size, 2048, "B/s", size=size) for size in (1, 3))
    row = markdown((large, small)).splitlines()[-1]
    assert row.index("1000 B/s") < row.index("3000 B/s")
    assert "OVER" in row and markdown((large, small)).count("\n") == 3


def test_a_figure_that_must_be_nothing_is_over_when_it_is_something() -> None:
    assert [at_most("throttled", calls, 0, "calls").word for calls in (0, 1)] == ["within", "OVER"]


def test_a_run_of_some_measurements_keeps_the_others_figures(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    save(file, FIGURES, "here")
    save(file, (at_most("bytes", 900, 2048, "B/s", size=1000),), "there")
    results, host = load(file)
    assert ([result.value for result in results], host) == ([900, pytest.approx(3.0), 0], "there")


def test_what_changed_since_another_run_is_shown() -> None:
    lines = table(FIGURES, {"bytes, 1,000 instances": 3000.0}).splitlines()
    assert "3000 B/s" in lines[2] and "-50%" in lines[2]
    assert "new" in lines[3]


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.5, 0.99, 1.0)] == [2.0, 3.0, 3.0]
    assert percentile([], 0.5) == 0.0


def test_a_measurement_that_broke_is_reported_by_the_exit_code_and_an_unknown_one_by_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def measure(self) -> list[Result]:
            raise OSError("no terminal")

    monkeypatch.setattr("bench.__main__.importlib.import_module", lambda name: Broken())
    monkeypatch.setattr(bench, "_clean_environment", lambda: None)
    assert bench.main(["pacing", "--output", str(tmp_path / "b.json")]) == 1
    with pytest.raises(SystemExit):
        bench.main(["nothing"])
    assert "no such measurement" in capsys.readouterr().err
