"""What a person may choose after a failure, and the versions that a roll back may go to."""

from dataclasses import replace

from support import estate, story
from support.build import script
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.decisions import choices, revision_row
from vmss_tui.presentation.table import text_of


def deciding(
    *ids: str, strategy: Strategy = Strategy.CLIENT_BATCHES, label: str = "web 2.4.0", fails: str = "3"
) -> RolloutState:
    """A rollout whose instance `fails` failed, and that asks about these instances."""
    made = story.plan_of(12, 12, strategy=strategy)
    before = replace(script(1), label=label)
    tale = story.Story(replace(made, previous=before))
    tale.begin()
    tale.run_batch(tale.plan.batches[0], [fails])
    tale.say(e.DecisionNeeded("a script failed", ids))
    return fold(tale.log)


def test_one_failure_offers_its_retry_its_exclusion_the_roll_back_and_the_end() -> None:
    found = choices(deciding("3"))
    assert [choice.key for choice in found] == ["retry:3", "exclude:3", "undo:", "cancel:"]
    assert found[0].words == "retry web-weu_3" and found[0].about.startswith("exit 22: curl: (22)")
    assert "to web 2.4.0; the model first" in found[2].about


def test_several_failures_are_offered_together_first_and_in_the_order_of_their_numbers() -> None:
    found = choices(deciding("10", "3"))
    assert [choice.key for choice in found if choice.verb is Verb.RETRY] == ["retry:3,10", "retry:3", "retry:10"]
    assert [choice.argument for choice in found if choice.verb is Verb.EXCLUDE] == ["3,10", "3", "10"]
    assert found[0].words == "retry all 2 failed instances" and found[0].about == "3, 10"
    assert [text_of(cell) for cell in found[0].row.cells] == [found[0].words, found[0].about]


def test_an_instance_that_is_not_known_is_named_by_its_id() -> None:
    retry, *_ = choices(deciding("99"))
    assert (retry.words, retry.about) == ("retry 99", "")


def test_a_rolling_upgrade_and_a_gate_offer_roll_back_and_the_end_only() -> None:
    for state in (deciding("3", strategy=Strategy.ROLLING_UPGRADE), deciding()):
        assert [choice.verb for choice in choices(state)] == [Verb.UNDO, Verb.CANCEL]


def test_a_version_without_a_name_is_the_version_before() -> None:
    (undo,) = [choice for choice in choices(deciding("3", label="")) if choice.verb is Verb.UNDO]
    assert "to the version before" in undo.about


def test_nothing_is_offered_while_nothing_is_asked() -> None:
    assert choices(fold(story.until_batch(2).log)) == ()


def test_an_earlier_version_is_a_row_with_its_name_or_the_beginning_of_its_digest() -> None:
    named, unnamed = (
        revision_row(found, "7f3a01bc", estate.NOW, "maria\x1b[2J") for found in (script(1), script(1, label=""))
    )
    assert named.key == unnamed.key == script(1).digest
    assert text_of(named.cells[0]) == "web 1" and text_of(unnamed.cells[0]) == f"unknown {script(1).digest[:8]}"
    assert text_of(named.cells[1]) == "7f3a01bc" and "\x1b" not in text_of(named.cells[3])
