"""Protected settings: one command, one block that is replaced as a whole, and what a plan says of both."""

from dataclasses import replace
from typing import Any

import pytest

from support.build import NOW, extension, fleet, plan, script, snapshot
from vmss_tui.domain.fleet.script import ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.checks.facts import Facts
from vmss_tui.domain.plan.checks.protected import CHECKS, by_the_record, hides_its_command
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

KEY = SecretRef(SecretSource.ENV, "WEB_KEY")
HIDDEN: dict[str, Any] = {"fileUris": ["https://files.example.com/app.sh"]}
PUBLIC: dict[str, Any] = {"commandToExecute": "./v1.sh"}


def codes(
    settings: dict[str, Any], protected: tuple[str, ...], on_set: dict[str, Any], **previous: Any
) -> dict[str, str]:
    """Severity by code of what the checks of protected settings find."""
    of = snapshot(*fleet(3), extensions=(extension(settings=on_set),))
    config = script(settings=settings, protected=dict.fromkeys(protected, KEY))
    made = plan(of, config=config)
    if previous and made.previous is not None:
        made = replace(made, previous=replace(made.previous, **previous))
    return {finding.code: finding.severity.value for finding in findings(of, made)}


def findings(of: SetSnapshot, made: RolloutPlan) -> list[Any]:
    facts = Facts(of, made, NOW)
    return [finding for check in CHECKS for finding in check(facts)]


@pytest.mark.parametrize(
    ("settings", "protected", "on_set", "expected"),
    [
        (PUBLIC, (), PUBLIC, {"protected-kept": "info"}),
        (PUBLIC, ("commandToExecute",), PUBLIC, {"command-twice": "refuse", "protected-unknown": "warn"}),
        (PUBLIC, (), HIDDEN, {"command-in-protected": "refuse", "protected-kept": "info"}),
        (PUBLIC, (), {"commandToExecute": ""}, {"command-in-protected": "refuse", "protected-kept": "info"}),
        ({"commandToExecute": ""}, (), PUBLIC, {"no-command": "refuse", "protected-kept": "info"}),
        (PUBLIC, ("storageAccountKey",), HIDDEN, {"protected-unknown": "warn"}),
        (HIDDEN, (), HIDDEN, {"command-hidden": "info", "protected-kept": "info"}),
        (HIDDEN, ("storageAccountKey",), HIDDEN, {"command-dropped": "refuse", "protected-unknown": "warn"}),
        (HIDDEN, ("commandToExecute",), HIDDEN, {"protected-unknown": "warn"}),
        (HIDDEN, ("*",), HIDDEN, {"protected-unknown": "warn"}),
        (HIDDEN, (), PUBLIC, {"no-command": "refuse", "protected-kept": "info"}),
    ],
)
def test_what_the_plan_says(
    settings: dict[str, Any], protected: tuple[str, ...], on_set: dict[str, Any], expected: dict[str, str]
) -> None:
    assert codes(settings, protected, on_set) == expected


def test_known_keys_that_are_dropped_are_named() -> None:
    of = snapshot(*fleet(3), extensions=(extension(settings=HIDDEN),))
    made = plan(of, config=script(settings=HIDDEN, protected={"commandToExecute": KEY}))
    assert made.previous is not None
    known = replace(made.previous, protected={"storageAccountKey": KEY, "storageAccountName": KEY})
    (dropped,) = findings(of, replace(made, previous=known))
    assert dropped.code == "protected-replaced"
    assert "storageAccountKey, storageAccountName are dropped" in dropped.message
    kept = {"commandToExecute": KEY, "storageAccountKey": KEY, "storageAccountName": KEY}
    assert findings(of, replace(made, previous=known, script=replace(made.script, protected=kept))) == []


def test_a_set_without_a_script_and_a_plan_that_removes_it_have_nothing_to_say() -> None:
    bare = snapshot(*fleet(3), extensions=())
    made = plan(bare, config=script())
    assert findings(bare, made) == []
    assert findings(bare, replace(made, removes=True, script=script(settings={}))) == []


def test_a_block_whose_keys_are_all_known_is_kept_in_silence_and_lost_secrets_refuse() -> None:
    of = snapshot(*fleet(3), extensions=(extension(settings=PUBLIC),))
    made = plan(of, config=script(settings=PUBLIC))
    assert made.previous is not None
    known = replace(made, previous=replace(made.previous, protected_known=True))
    assert findings(of, known) == []
    sealed = replace(known, script=replace(made.script, sealed_digest="0" * 64))
    assert [finding.code for finding in findings(of, sealed)] == ["secrets-gone"]


@pytest.mark.parametrize(
    ("config", "hidden"),
    [
        (script(settings=PUBLIC, protected_known=False), False),
        (script(settings=HIDDEN, protected_known=False), True),
        (script(settings=HIDDEN, protected={"commandToExecute": KEY}), True),
        (script(settings=HIDDEN), False),
    ],
)
def test_a_command_that_nobody_sees_must_be_protected(config: ScriptConfig, hidden: bool) -> None:
    assert hides_its_command(config) is hidden


def test_a_version_whose_secrets_are_gone_cannot_be_written_but_removed() -> None:
    of = snapshot(*fleet(3))
    made = plan(of, config=script(sealed_digest="ab" * 32))
    assert "secrets-gone" in {finding.code for finding in findings(of, made)}
    assert "secrets-gone" not in {finding.code for finding in findings(of, replace(made, removes=True))}


def test_protected_settings_that_are_known_are_kept_without_a_word() -> None:
    of = snapshot(*fleet(3))
    made = plan(of, config=script(settings=PUBLIC))
    assert made.previous is not None
    assert findings(of, replace(made, previous=replace(made.previous, protected_known=True))) == []


def test_an_empty_public_command_is_none() -> None:
    empty = replace(script(1), settings={"fileUris": ["https://h/a"], "commandToExecute": ""}, protected_known=False)
    assert hides_its_command(empty) and not empty.shows_command
    assert not hides_its_command(replace(empty, settings={"commandToExecute": "x"}))


def test_keys_that_an_earlier_rollout_wrote_are_dropped_by_name() -> None:
    of = snapshot(*fleet(2), extensions=(extension(settings=PUBLIC),))
    made = plan(of, config=script(settings=PUBLIC | {"x": 1}, protected={"storageAccountKey": KEY}))
    assert "protected-unknown" in {finding.code for finding in made.findings}
    written = ("storageAccountKey", "storageAccountName")
    (dropped,) = [found for found in by_the_record(made, written) if found.code.startswith("protected")]
    assert dropped.code == "protected-replaced" and "storageAccountName is dropped" in dropped.message
    for unknown in ((), ("*",)):
        assert by_the_record(made, unknown) == made.findings
    (again,) = [found for found in by_the_record(made, ("storageAccountKey",)) if found.code.startswith("protected")]
    assert (again.code, again.severity) == ("protected-again", Severity.INFO)
