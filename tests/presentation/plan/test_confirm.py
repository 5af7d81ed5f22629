"""The question before a plan is carried out: the action, the number of instances, and its consequences."""

from dataclasses import replace

import pytest

from support.build import fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.confirm import confirm_lines, confirm_title, confirm_yes
from vmss_tui.presentation.table import text_of

PLAN = plan_of(snapshot(*fleet(10)))


@pytest.mark.parametrize(
    ("purpose", "title", "yes"),
    [
        (Purpose.ROLLOUT, "Start on web: 10 instances?", "Start"),
        (Purpose.RETRY, "Retry on web: 10 failed instances?", "Retry"),
        (Purpose.ROLLBACK, "Roll back web: 10 instances?", "Roll back"),
    ],
)
def test_the_question_and_its_button_name_what_is_done(purpose: Purpose, title: str, yes: str) -> None:
    made = replace(PLAN, purpose=purpose)
    assert (confirm_title(made), confirm_yes(made)) == (title, yes)


def lines(made: RolloutPlan) -> list[str]:
    return [text_of(line) for line in confirm_lines(made)]


def test_a_plan_is_confirmed_by_its_set_versions_and_way() -> None:
    shown = lines(replace(PLAN, from_label=""))
    assert shown[0] == "rg/web, westeurope" and shown[1] == "nothing → web 2"
    assert len(shown) == 4 + sum(finding.severity is Severity.WARN for finding in PLAN.findings)


@pytest.mark.parametrize(("restored", "words"), [(True, "restored afterwards"), (False, "not restored")])
def test_a_change_of_the_sets_own_policy_and_of_repairs_is_confirmed_too(restored: bool, words: str) -> None:
    asked = RolloutPolicy(mode=UpgradeMode.ROLLING, restore_policy=restored)
    made = replace(plan_of(snapshot(*fleet(10)), asked), holds_repairs=True)
    shown = "\n".join(lines(made))
    assert words in shown and "Automatic repairs are suspended" in shown


def test_warnings_are_shown_and_what_a_follow_up_must_know_too() -> None:
    address = f"https://h.example/{'a' * 80}/run.sh"
    findings = (
        Finding(Severity.WARN, "w", f"{address} may change\x1b[2J"),
        Finding(Severity.INFO, "i", "what the script did stays done"),
    )
    plain = confirm_lines(replace(PLAN, findings=findings))
    (warning,) = [line for line in plain if line[0][1] is Role.WARN]
    assert "…" in text_of(warning) and text_of(warning).endswith(" may change") and "\x1b" not in text_of(warning)
    assert "stays done" not in "".join(map(text_of, plain))
    follow_up = lines(replace(PLAN, findings=findings, origin="undo of 7f3a"))
    assert follow_up[1] == "undo of 7f3a" and follow_up[-1] == "what the script did stays done"


def test_a_retry_names_its_version_once() -> None:
    assert lines(replace(PLAN, from_label=PLAN.to_label, purpose=Purpose.RETRY))[1] == PLAN.to_label
