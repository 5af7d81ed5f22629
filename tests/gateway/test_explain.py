"""What each of Azure's errors means: real bodies, and bodies made after Microsoft's documentation."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vmss_tui.errors import AzureError, ConnectionFailed, Forbidden, VmssTuiError
from vmss_tui.gateway.arm_error import ArmError, read_body, read_error
from vmss_tui.gateway.explain import RULES, explain
from vmss_tui.gateway.explanations.rule import Kind
from vmss_tui.gateway.faults import from_response
from vmss_tui.gateway.read.mapping import fault

DATA = Path(__file__).parent.parent / "data"
REPORTED = json.loads((DATA / "arm_errors.json").read_text(encoding="utf-8"))
DOCUMENTED = json.loads((DATA / "arm_errors_documented.json").read_text(encoding="utf-8"))
FIELD = json.loads((DATA / "arm_errors_in_the_field.json").read_text(encoding="utf-8"))
"""After what people reported in public: Azure's codes and sentences, with names of our own."""
HEADERS = {"x-ms-request-id": "11111111-2222"}


def bytes_of(case: dict[str, Any]) -> bytes:
    return (case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])).encode()


def error_of(case: dict[str, Any]) -> VmssTuiError:
    return from_response(case["status"], HEADERS, bytes_of(case), "write scale set rg-app/app")


def check(case: dict[str, Any], next_step: str) -> None:
    if case["next_step_matches"]:
        assert re.search(case["next_step_matches"], next_step, re.IGNORECASE | re.DOTALL), next_step
    if case["next_step_never"]:
        assert not re.search(case["next_step_never"], next_step, re.IGNORECASE), next_step


@pytest.mark.parametrize("case", REPORTED + DOCUMENTED + FIELD, ids=lambda case: case["name"])
def test_the_next_step_fits_and_nothing_of_azures_text_is_lost(case: dict[str, Any]) -> None:
    error = error_of(case)
    check(case, error.hint)
    assert (case["message_keeps"] or "") in error.message
    assert (case["message_keeps"] or "") in error.azure_message
    assert error.request_id == "11111111-2222"
    assert "\n" not in error.message


@pytest.mark.parametrize("case", DOCUMENTED + FIELD, ids=lambda case: case["name"])
def test_its_kind_is_known(case: dict[str, Any]) -> None:
    assert explain(read_body(bytes_of(case)), case["status"]).kind == Kind(case["kind"])


@pytest.mark.parametrize(
    "case", [case for case in DOCUMENTED + FIELD if case["status"] == 200], ids=lambda case: case["name"]
)
def test_a_failed_operation_has_the_same_next_step(case: dict[str, Any]) -> None:
    found = fault(case["body"]["error"], "r1")
    assert found is not None and found.request_id == "r1"
    check(case, found.next_step)
    assert case["message_keeps"] in found.message


def test_an_error_in_the_body_of_another_form_is_unwrapped() -> None:
    inner = {"error": {"code": "ScopeLocked", "message": "locked"}}
    for outer in (
        inner,
        [inner],
        {"error": {"code": "BadRequest", "message": json.dumps(inner)}},
        {"code": "Conflict", "message": f"The service said: '{json.dumps(inner)}'."},
        {"error": {"code": "Conflict", "message": "see inside", "details": [{"details": [inner]}]}},
        {"error": {"code": "Conflict", "message": "see inside", "innererror": {"innererror": inner["error"]}}},
    ):
        found = read_error(outer)
        assert found.specific_code == "ScopeLocked", outer
        assert "locked" in found.text


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b"null", b'"text"', b'{"error": 3}', b'{"error": {"message": "{\\"a\\": 1}"}}'],
)
def test_any_body_can_be_read(body: bytes) -> None:
    found = read_body(body)
    assert found.specific_code == ""
    assert from_response(400, {}, body, "read it").message


def test_nesting_has_an_end() -> None:
    deep: dict[str, Any] = {"code": "Deep", "message": "end"}
    for _ in range(2000):
        deep = {"error": {"code": "BadRequest", "message": "", "details": [deep]}}
    assert read_error(deep).specific_code == "BadRequest"


def test_what_a_script_printed_is_not_taken_for_azures_reason() -> None:
    text = "Error message: 'command terminated with exit status=1\n[stderr]\nquota exceeded: vault secret not found'"
    assert explain(ArmError("VMExtensionProvisioningError", text)).kind is Kind.SCRIPT


def test_a_page_that_is_not_azures_is_no_missing_right() -> None:
    page = b"<html><body>Access to this site is blocked by your organization</body></html>"
    for status in (403, 404):
        found = from_response(status, {}, page, "read it")
        assert isinstance(found, ConnectionFailed) and "proxy" in found.hint
    assert isinstance(from_response(403, {"x-ms-request-id": "r"}, page, "read it"), Forbidden)


def test_a_sentence_in_place_of_a_code_is_a_sentence() -> None:
    found = from_response(409, {}, b'{"error": "The set is on loan."}', "write it")
    assert "The set is on loan." in found.message and "no advice for The set" not in found.hint


def test_an_unknown_code_gets_no_guess() -> None:
    for status in (0, 400, 403, 409, 418):
        found = explain(ArmError("NeverSeen", "Something new."), status)
        assert not found.known and not found.waiting_helps
        assert "NeverSeen" in found.next_step


def test_whether_waiting_helps_is_carried_by_the_error() -> None:
    def waits(code: str, status: int = 409) -> bool:
        error = from_response(status, {}, json.dumps({"error": {"code": code, "message": "x"}}).encode(), "do it")
        assert isinstance(error, AzureError)
        return error.waiting_helps

    assert waits("AnotherOperationInProgress") and waits("AllocationFailed") and waits("ServiceUnavailable", 503)
    assert not waits("ScopeLocked") and not waits("QuotaExceeded") and not waits("PreconditionFailed", 412)


def test_every_rule_can_be_reached_and_says_something() -> None:
    for rule in RULES:
        assert rule.sentence and rule.next_step and rule.source
        assert rule.codes or rule.pattern
        re.compile(rule.pattern)
        assert rule.sentence[0].islower() or rule.sentence.startswith(("Azure", "Entra", "{"))
        assert not rule.next_step.endswith(".")
