"""The journal from the command line: damage that is found and repaired, starts that were refused."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.journal import NOW, plan
from support.leases import me
from support.program import Inside
from vmss_tui.cli.main import main
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.events import Ended
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.errors import LeaseHeld
from vmss_tui.journal.store import Journal
from vmss_tui.paths import journal_file


@pytest.fixture
def rollout() -> str:
    journal = Journal.open()
    made = journal.create(plan(), who="maria", at=NOW)
    journal.close()
    return made


def damage(rollout: str) -> None:
    connection = sqlite3.connect(journal_file())
    connection.execute("UPDATE rollouts SET target = 'garbage' WHERE id = ?", (rollout,))
    connection.commit()
    connection.close()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_damage_is_listed_and_repaired(rollout: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "journal", "check")[0] == 0
    damage(rollout)
    code, out, _ = run(capsys, "journal", "check", "--query", "[].[rollout, damage]")
    assert (code, out) == (1, f"{rollout}\theader\n")
    code, _, err = run(capsys, "rollouts")
    assert code == 0 and rollout in err and "journal check" in err
    assert run(capsys, "--read-only", "journal", "repair")[0] == 2
    code, _, err = run(capsys, "journal", "repair")
    assert code == 0 and ".bak" in err
    assert len(list(journal_file().parent.glob("*.bak"))) == 1
    assert rollout in run(capsys, "rollouts")[1]


def test_the_list_fits_a_narrow_terminal(
    rollout: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open()
    header = journal.header(rollout)
    journal.close()
    wide = run(capsys, "rollouts")[1]
    assert header.target.short in wide and "WHO" in wide
    for cells in (80, 70):
        monkeypatch.setattr("vmss_tui.cli.output.columns", lambda cells=cells: cells)
        lines = run(capsys, "rollouts")[1].splitlines()
        assert max(map(len, lines)) <= cells
        assert header.target.name in lines[1] and rollout in lines[1]


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (("started:2026-03",), True),
        (("started:2026-04",), False),
        (("maria", "!nobody"), True),
        (("stage:failed",), False),
        (("nowhere",), False),
    ],
)
def test_the_list_takes_the_filter_of_the_app(
    terms: tuple[str, ...], found: bool, rollout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "rollouts", *terms)
    assert code == 0 and (rollout in out) is found and ("no rollout matches" in out) is not found
    code, out, err = run(capsys, "rollouts", "unknown:field")
    assert code == 2 and not out and "invalid filter" in err


def test_a_runner_that_cannot_write_is_named(rollout: str, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal.open()
    lease = journal.take_lease(rollout, me(), at=datetime.now(UTC))
    assert run(capsys, "rollouts", "--query", "[].runner_trouble")[1] == ""
    journal.beat(lease, datetime.now(UTC) - timedelta(seconds=44))
    code, out, err = run(capsys, "rollouts")
    assert code == 0 and "runner silent for" in out and rollout in err
    assert run(capsys, "rollouts", "--query", "[].[runner_alive, runner_trouble]")[1].startswith("true\t")
    journal.release(lease)
    journal.close()


def test_without_a_journal_there_is_nothing_to_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "journal", "check")[0] == 2
    assert not journal_file().exists()


def test_a_runner_is_refused_in_a_read_only_program(rollout: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("--read-only", "runner", rollout), ("runner", rollout, "--read-only")):
        code, out, err = run(capsys, *words, "--journal", str(journal_file()))
        assert (code, out) == (2, "") and "--read-only" in err
    journal = Journal.open()
    assert len(journal.events(rollout)) == 1 and journal.lease(rollout) is None
    journal.close()


def test_the_loser_of_a_start_race_is_refused_and_cannot_be_resumed(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(*_: object, **__: object) -> None:
        raise LeaseHeld("a runner on bastion (process 7) works on rollout aaaaaaaa, which has this scale set")

    monkeypatch.setattr(LiveSession, "_run", too_late)
    done = inside("rollout", "app", "slow", "--set", "version=2.0.0", "--yes")
    assert done.code == 4
    (record,) = inside("rollouts", "--json").json
    assert record["stage"] == "refused" and "aaaaaaaa" in record["reason"]


def test_a_plan_names_the_rollout_that_is_running_on_the_set(inside: Inside) -> None:
    words = ("app", "slow", "--set", "version=2.0.0")
    free = inside("plan", *words, "--json")
    assert free.code == 0
    journal = Journal.open()
    running = journal.create(plan(ScaleSetId.parse(free.json["target"])), who="maria", at=NOW)
    journal.take_lease(running, me(), at=datetime.now(UTC))
    journal.close()
    done = inside("plan", *words, "--json")
    (refusal,) = [finding for finding in done.json["findings"] if finding["severity"] == "refuse"]
    assert done.code == 4 and running in refusal["message"] and f"attach {running}" in refusal["hint"]
    start = inside("rollout", *words, "--yes")
    assert start.code == 4 and refusal["message"] in start.err


def test_a_refused_rollout_is_over(rollout: str, capsys: pytest.CaptureFixture[str]) -> None:

    journal = Journal.open()
    journal.append(rollout, Ended(Verdict.REFUSED, "not started: another was first"), at=NOW)
    journal.close()
    code, _, err = run(capsys, "resume", rollout)
    assert code == 2 and "has ended (refused)" in err
    assert run(capsys, "attach", rollout, "--plain")[0] == 4
    assert "REFUSED" in run(capsys, "report", rollout)[1].upper()
