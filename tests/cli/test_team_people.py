"""The people of a team: who watches is seen everywhere, who may do what is enforced everywhere, tokens as passwords."""

import json
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from support.entra_postgres import claims_of, entra_door
from support.postgres import PostgresServer, postgres_server
from support.program import Program, until
from support.simulator import SimulatorProcess
from support.team import Team, team, team_on_address
from vmss_tui.cli.commands.database_roles import statements
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.journal.store import Journal

__all__ = ["postgres_server", "team"]

pytestmark = pytest.mark.campaign


def listed(team: Team, rollout: str) -> dict[str, Any]:
    """What the second host's list says of a rollout."""
    (found,) = [row for row in team.second("rollouts", "--json").json if row["id"] == rollout]
    assert isinstance(found, dict)
    return found


def test_who_watches_and_which_host_holds_it_is_seen_from_elsewhere(team: Team, own_world: SimulatorProcess) -> None:
    rollout = team.start(team.first)
    assert listed(team, rollout)["runner"]["host"] == "bastion-1"
    with team.first.running("attach", rollout) as watching:
        until(lambda: bool(listed(team, rollout)["watchers"]), "the watcher")
        (watcher,) = listed(team, rollout)["watchers"]
        assert (watcher["host"], watcher["through"]) == ("bastion-1", "attach")
        table = team.second("rollouts").out
        assert "RUNNER" in table and "WATCHED BY" in table and "@bastion-1 (attach)" in table
        with team.second.running("attach", rollout) as other:
            assert other.stderr is not None
            assert "bastion-1" in other.stderr.readline(), "which host holds it"
            assert "(attach)" in other.stderr.readline(), "who watches, too"
        watching.send_signal(signal.SIGINT)
        watching.wait(20)
    until(lambda: not listed(team, rollout)["watchers"], "their leave", 30)


# --- roles ------------------------------------------------------------------------------------------------------------


@contextmanager
def role(program: Program, **lists: list[str]) -> Iterator[Program]:
    """The program on a host whose configuration has these lists."""
    path = program.directory / f"roles-{secrets.token_hex(4)}.toml"
    path.write_text("[roles]\n" + "".join(f"{name} = {json.dumps(names)}\n" for name, names in lists.items()))
    yield Program({**program.variables, "VMSS_TUI_CONFIG": str(path)}, program.directory)


def test_an_operator_of_the_database_starts_rollouts_before_and_after_there_is_a_queue(
    own: Program, own_world: SimulatorProcess, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """The owner of the tables makes the journal, grants the right, and later starts workers."""
    address, operator = postgres_server.new_database(), f"role_{secrets.token_hex(3)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{operator}" LOGIN'.encode())
    owner = team_on_address(own, address, tmp_path)
    (tmp_path / "operator").mkdir()
    granted = team_on_address(own, address.replace("postgres:@", f"{operator}@"), tmp_path / "operator")
    assert granted.first("rollouts").code != 0
    Journal.open(address).close()
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements(operator, Right.OPERATOR):
            connection.execute(statement.encode())
    rollout = granted.start(granted.first, "batches")
    until(lambda: granted.stage(rollout) == "completed", "the end, by its own host", 60)
    assert owner.first("journal", "grant", operator, "operator", "--execute").code == 0
    with granted.worker(granted.second) as worker:
        rollout = granted.start(granted.first, "batches", version="2.1.0")
        assert granted.log(rollout)[1]["pid"] == worker.pid
        until(lambda: granted.stage(rollout) == "completed", "the end, by a worker", 60)


def test_each_verb_is_refused_on_the_host_whose_lists_say_so(team: Team, own_world: SimulatorProcess) -> None:
    rollout = team.start(team.first)
    until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
    with role(team.second, operators=["nobody-else"], approvers=["*@bastion-1"]) as viewer:
        calls = [[verb, rollout] for verb in ("pause", "resume", "approve", "cancel", "exclude", "retry", "undo")]
        calls += [["rollout", "gently", "app", "--set", "version=2.0.0", "--yes"], ["worker"], ["schedule", rollout]]
        for call in calls:
            refused = viewer(*call, *(["--at", "now"] if call[0] == "schedule" else []))
            assert refused.code == 4 and "roles.operators" in refused.err, (call, refused.err)
        for call in (
            ["serve", "--allow-writes", "--port", "0"],
            ["journal", "repair"],
            ["journal", "copy", "a.db", "b.db"],
        ):
            assert viewer(*call).code == 4, call
        assert viewer("rollouts").code == viewer("attach", rollout, "--help").code == 0
    with role(team.second, operators=["nobody-else"], approvers=["*"]) as approver:
        refused = approver("pause", rollout)
        assert refused.code == 4 and "roles.approvers" in refused.err
        assert approver("approve", rollout).code == 0
    assert team.second("attach", rollout).code == 0


def test_a_worker_and_a_runner_refuse_by_their_own_lists(team: Team, own_world: SimulatorProcess) -> None:
    with role(team.first, operators=["*@bastion-1"], approvers=["*@bastion-2"]) as strict:
        team.first = strict
        rollout = team.start(team.first)
        until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
        refused = team.second("cancel", rollout)
        assert refused.code == 1 and "roles.approvers" in refused.out, "its own host knew no lists; the runner does"
        assert team.second("approve", rollout).code == 0
        assert team.second("attach", rollout).code == 0
        before = len(own_world.control.requests())
        with team.worker(team.first):
            done = team.second("rollout", "gently", "hand", "--set", "version=3.0.0", "--yes")
            assert done.code != 0 and "roles.approvers" in done.out + done.err
        sent = own_world.control.requests()[before:]
        assert not [
            row for row in sent if row["method"] in ("PUT", "PATCH") and "virtualMachineScaleSets" in row["path"]
        ]
        answers = [row for row in team.log(rollout) if row["event"] == "request_answered"]
        assert [row["accepted"] for row in answers] == [False, True], "the refusal is on record"


# --- Entra ID ---------------------------------------------------------------------------------------------------------


def test_the_token_of_entra_id_is_the_password_of_worker_and_commands(
    own: Program, own_world: SimulatorProcess, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with entra_door(postgres_server.new_database()) as door:
        team = team_on_address(own, door.address(), tmp_path)
        with team.worker(team.first) as worker:
            rollout = team.start(team.second, "batches")
            door.cut()
            until(lambda: _stage(team, rollout) == "completed", "the end, after a reconnect", 90)
            assert "eyJ" not in " ".join(worker.cmdline()), "no token among the arguments"
        assert door.refused == [] and len({claims_of(token)["aud"] for token in door.tokens}) == 1
        assert team.second("report", rollout, "--verify").code == 0
        logs = [path.read_text(errors="replace") for path in tmp_path.rglob("*.log")]
        assert logs and not any(token in text for text in logs for token in door.tokens)


def _stage(team: Team, rollout: str) -> str:
    done = team.second("rollouts", "--json")
    return next((str(row["stage"]) for row in done.json if row["id"] == rollout), "") if done.code == 0 else ""
