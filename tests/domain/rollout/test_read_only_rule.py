"""A rule of this installation that protects the set: a rollout that has written nothing is refused, also late."""

from dataclasses import replace

from support.engine.story import M, drive
from support.engine.toy import BASE, Toy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Record
from vmss_tui.domain.rollout.decide import decide


def test_nothing_is_written_to_a_set_that_a_rule_protects() -> None:
    driver = drive(Toy(mode=M))
    made = driver.toy.snapshot()
    ruled = replace(made, scale_set=replace(made.scale_set, read_only_rule="name web (w*)"))
    (command,) = decide(driver.plan, driver.state, ruled, BASE)
    assert isinstance(command, Record)
    (ended,) = command.events
    assert isinstance(ended, e.Ended) and ended.verdict is e.Verdict.REFUSED and "name web (w*)" in ended.reason
    assert decide(driver.plan, driver.state, made, BASE) != [command]
