"""Who may do what by the lists of the configuration."""

import pytest

from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.team.roles import EVERYONE, Right, TeamRoles

TEAM = TeamRoles(viewers=("guest*",), approvers=("tom", "ann@office-*"), operators=("maria", "deploy@ci-*"))


def test_without_lists_everyone_is_an_operator() -> None:
    assert EVERYONE.right_of("anyone", "anywhere")[0] is Right.OPERATOR
    assert EVERYONE.refusal("anyone", "anywhere") == ""


@pytest.mark.parametrize(
    ("who", "host", "right", "rule"),
    [
        ("maria", "bastion-1", Right.OPERATOR, "roles.operators"),
        ("MARIA", "bastion-1", Right.OPERATOR, "roles.operators"),
        ("deploy", "ci-7", Right.OPERATOR, "roles.operators"),
        ("deploy", "bastion-1", Right.VIEWER, "roles.operators does not name"),
        ("tom", "bastion-1", Right.APPROVER, "roles.approvers"),
        ("ann", "office-3", Right.APPROVER, "roles.approvers"),
        ("guest7", "bastion-1", Right.VIEWER, "roles.viewers"),
        ("stranger", "bastion-1", Right.VIEWER, "roles.operators does not name"),
    ],
)
def test_a_name_gives_a_right_and_the_rule(who: str, host: str, right: Right, rule: str) -> None:
    found, why = TEAM.right_of(who, host)
    assert found is right and rule in why


@pytest.mark.parametrize("verb", [None, *Verb])
def test_what_each_right_may_do(verb: Verb | None) -> None:
    allowed = {who for who in ("maria", "tom", "guest1") if not TEAM.refusal(who, "bastion-1", verb)}
    assert allowed == ({"maria", "tom"} if verb is Verb.APPROVE else {"maria"})


def test_the_greatest_right_counts_and_a_refusal_names_the_rule() -> None:
    team = TeamRoles(viewers=("*",), operators=("maria",))
    assert team.right_of("maria", "x")[0] is Right.OPERATOR
    refusal = team.refusal("tom", "bastion-2", Verb.PAUSE)
    assert "tom@bastion-2" in refusal and 'roles.viewers has "*"' in refusal and "pause" in refusal


def test_without_operators_only_those_who_are_named_are_limited() -> None:
    team = TeamRoles(approvers=("tom",))
    assert team.refusal("bo", "x") == "" != team.refusal("tom", "x")
