"""A failing rollout through the real program and its runner: rolled back by itself, also when the runner is killed."""

import os
from pathlib import Path

import pytest

from support.program import PROFILE, Program, runners, until

pytestmark = pytest.mark.campaign

FAILS = ("hand", "--set", "version=9.0.0", "--yes", "--detach")


def profile(on_failure: str) -> str:
    return PROFILE + f'\n[rollout]\nbatch = 2\nunhealthy_upgraded = 10\non_failure = "{on_failure}"\n'


def stage(program: Program) -> str:
    return str(program("rollouts", "--json").json[0]["stage"])


def kinds(program: Program, rollout: str) -> list[str]:
    return [record["event"] for record in program("report", rollout, "--format", "jsonl").records]


def versions(program: Program) -> set[str]:
    return {instance["version"] for instance in program("instances", "hand", "--json").json}


def test_a_killed_runner_is_resumed_in_its_roll_back_and_the_record_holds(own: Program) -> None:
    own.profile("careful", profile("rollback"))
    rollout = own("rollout", "careful", *FAILS).out.strip()
    until(lambda: "rollback_started" in kinds(own, rollout), "the roll back")
    for runner in runners(own.env["XDG_STATE_HOME"]):
        runner.kill()
    if stage(own) != "failed":
        assert own("resume", rollout).code == 0
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 1 and "rolled back to app 1.0.0" in ended.records[-1]["reason"]
    assert versions(own) == {"app 1.0.0"} and kinds(own, rollout).count("rollback_started") == 1
    assert own("report", rollout, "--verify").code == 0


def test_a_person_decides_on_the_command_line(own: Program) -> None:
    own.profile("careful", profile("ask"))
    rollout = own("rollout", "careful", *FAILS).out.strip()
    until(lambda: stage(own) == "awaiting decision", "the question")
    assert own("exclude", rollout, "--instance", "1").code == 1, "without a reason"
    assert own("retry", rollout, "--instance", "0").code == 1, "it did not fail"
    assert own("exclude", rollout, "--instance", "1", "--why", "broken disk").code == 0
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 0 and "broken disk" in own("report", rollout).out


def test_a_roll_back_as_a_decision_is_confirmed_by_name(own: Program) -> None:
    """Production: `--yes` is not enough, and another name is none."""
    home = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui"
    own.profile("careful", profile("ask"))
    rollout = own("rollout", "careful", *FAILS).out.strip()
    until(lambda: stage(own) == "awaiting decision", "the question")
    (home / "config.toml").write_text('[production]\nnames = ["hand"]\n')
    for given in ((), ("--yes",), ("--confirm", "slow")):
        refused = own("undo", rollout, *given)
        assert refused.code == 2 and "--confirm hand" in refused.err
    assert stage(own) == "awaiting decision"
    assert own("undo", rollout, "--confirm", "hand", "--why", "it is broken", "--json").json["accepted"]
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 1 and "rolled back to app 1.0.0" in ended.records[-1]["reason"]
    assert versions(own) == {"app 1.0.0"} and "it is broken" in own("report", rollout).out
