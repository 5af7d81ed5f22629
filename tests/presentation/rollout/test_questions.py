"""The question before a request is sent to a rollout."""

import pytest

from support import story
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of
from vmss_tui.presentation.rollout.questions import VerbText, ask, azure_drives, pause_or_resume
from vmss_tui.presentation.table import text_of


def info(tale: story.Story) -> RolloutInfo:
    return info_of(fold(tale.log), tale.now)


def client_batches() -> story.Story:
    tale = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    tale.begin()
    tale.start_batch(tale.plan.batches[0])
    return tale


def text(question: VerbText) -> str:
    return "\n".join(text_of(line) for line in question.details)


def test_p_is_resume_while_paused() -> None:
    assert pause_or_resume(RolloutState().stage) is Verb.PAUSE
    tale = client_batches()
    tale.say(e.Paused())
    assert pause_or_resume(fold(tale.log).stage) is Verb.RESUME


def test_a_rolling_upgrade_cannot_be_paused_only_canceled() -> None:
    shown = info(story.until_batch(2))
    assert azure_drives(shown.plan)
    question = ask(Verb.PAUSE, shown)
    assert "web-weu" in question.title and question.yes == "Cancel the rolling upgrade"
    assert "cannot be paused" in text(question) and "12 instances in progress" in text(question)


def test_a_pause_of_client_batches_lets_the_batch_finish() -> None:
    question = ask(Verb.PAUSE, info(client_batches()))
    assert question.yes == "Pause" and "(12 instances in progress)" in text(question)
    idle = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    idle.begin()
    assert "in progress" not in text(ask(Verb.PAUSE, info(idle)))


def test_resume_says_what_remains() -> None:
    assert "48 instances" in text(ask(Verb.RESUME, info(client_batches())))


def test_an_approval_shows_the_health_if_there_is_any() -> None:
    tale = story.until_batch(2)
    tale.say(e.ApprovalNeeded(3))
    question = ask(Verb.APPROVE, info(tale))
    assert "Batch 3 of 5" in text(question) and "of 60 are healthy" in text(question)
    blind = info_of(RolloutState(), tale.now)
    assert "healthy" not in text(ask(Verb.APPROVE, blind))


def test_a_cancel_says_what_stays_and_what_keeps_the_old_version() -> None:
    azure = text(ask(Verb.CANCEL, info(story.until_batch(2))))
    assert "rolling upgrade is canceled" in azure and "12 instances stay on web 2.5.0" in azure
    assert "36 instances keep web 2.4.0" in azure
    idle = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    idle.begin()
    own = text(ask(Verb.CANCEL, info(idle)))
    assert "No new batch starts" in own and "may still end" not in own
    one = info(story.until_batch(2, total=2, size=1))
    assert "1 instance stays on web 2.5.0" in text(ask(Verb.CANCEL, one))


@pytest.mark.parametrize("verb", [Verb.RETRY, Verb.UNDO])
def test_what_is_a_rollout_of_its_own_is_not_asked_here(verb: Verb) -> None:
    with pytest.raises(ValueError, match=verb.value):
        ask(verb, info(story.until_batch(2)))
