"""Every refusal in words, with a next step."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from vmss_tui.errors import (
    AzureError,
    Changed,
    Conflict,
    ConnectionFailed,
    Forbidden,
    NotFound,
    SignInFailed,
    Throttled,
    Unavailable,
    VmssTuiError,
)
from vmss_tui.gateway.faults import from_exception, from_response, retry_after, sign_in_reason


def answer(status: int, code: str = "", message: str = "", **more: Any) -> VmssTuiError:
    headers = more.pop("headers", {})
    body = {"error": {"code": code, "message": message, **more}}
    return from_response(status, headers, json.dumps(body).encode(), "read it")


def test_403_names_the_action_and_a_role_that_has_it() -> None:
    text = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        "'Microsoft.Compute/virtualMachineScaleSets/write' over scope '/subscriptions/s'"
    )
    found = answer(403, "AuthorizationFailed", text)
    assert isinstance(found, Forbidden)
    assert text in found.message
    assert "virtualMachineScaleSets/write" in found.hint and "Virtual Machine Contributor" in found.hint
    reader = answer(403, "AuthorizationFailed", text.replace("/write'", "/read'"))
    assert reader.hint.count("Reader") == 1
    assert "role" in answer(403, "LinkedAuthorizationFailed", "no").hint


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("SubscriptionNotFound", "tenant"),
        ("ResourceGroupNotFound", "resource group"),
        ("ResourceNotFound", "deleted"),
        ("NotFound", "deleted"),
    ],
)
def test_404(code: str, hint: str) -> None:
    found = answer(404, code, "could not be found")
    assert isinstance(found, NotFound)
    assert hint in found.hint
    assert (found.code, found.status, found.exit_code) == (code, 404, 2)


def test_409_and_412() -> None:
    assert isinstance(answer(409, "Conflict", "with a concurrent request"), Conflict)
    found = answer(412, "PreconditionFailed", "etag")
    assert isinstance(found, Changed)
    assert "changed outside" in found.message
    assert "cancel" in answer(409, "OperationNotAllowed", "There is no ongoing Rolling Upgrade to cancel.").hint
    assert "deleted" in answer(409, "OperationNotAllowed", "since it is marked for deletion.").hint


def test_the_real_429_of_compute_keeps_its_numbers() -> None:
    inner = {"operationGroup": "HighCostGetVMScaleSet3Min", "allowedRequestCount": 162, "measuredRequestCount": 191}
    details = [{"code": "TooManyRequests", "target": "HighCostGetVMScaleSet3Min", "message": json.dumps(inner)}]
    found = answer(429, "OperationNotAllowed", "The server rejected", details=details, headers={"Retry-After": "120"})
    assert isinstance(found, Throttled)
    assert found.retry_after == 120
    assert "HighCostGetVMScaleSet3Min" in found.message and "191 requests, 162 are allowed" in found.message
    assert "2m" in found.hint
    assert isinstance(answer(409, "OperationNotAllowed", "x", details=details), Throttled)


def test_429_of_other_shapes() -> None:
    shapes: list[list[dict[str, str]]] = [
        [],
        [{"code": "TooManyRequests", "target": "LowCostGet3Min", "message": "no json"}],
        [{}],
    ]
    for details in shapes:
        found = answer(429, "TooManyRequests", "The request is being throttled.", details=details)
        assert isinstance(found, Throttled)
        assert found.retry_after == 0
        assert "minutes" in found.hint
    odd = answer(429, "X", "y", details=[{"code": "c", "message": "[1]"}])
    assert isinstance(odd, Throttled)


def test_401_and_5xx_and_the_rest() -> None:
    assert "az login" in answer(401, "ExpiredAuthenticationToken", "expired").hint
    assert isinstance(answer(401, "InvalidAuthenticationToken", "bad"), SignInFailed)
    for status in (408, 500, 502, 503, 504):
        assert isinstance(answer(status, "InternalServerError", "sorry"), Unavailable)
    assert type(answer(400, "InvalidParameter", "The request URL is not valid.")) is AzureError


def test_an_answer_without_a_body_still_says_its_status() -> None:
    for body in (b"", b"<html>", b"[]", b"{}"):
        found = from_response(502, {"x-ms-request-id": "r1"}, body, "read it")
        assert "502" in found.message
        assert isinstance(found, AzureError) and found.request_id == "r1"


def test_retry_after_in_all_its_forms() -> None:
    assert retry_after({"Retry-After": "7"}) == 7
    assert retry_after({"Retry-After": "0.2"}) == 0.2
    assert retry_after({"x-ms-retry-after-ms": "200", "Retry-After": "9"}) == 0.2
    assert retry_after({"Retry-After": "soon"}) is None
    assert retry_after({}) is None
    later = datetime.now(UTC) + timedelta(seconds=100)
    wait = retry_after({"Retry-After": format_datetime(later, usegmt=True)})
    assert wait is not None and 90 < wait <= 100


class Response:
    status_code = 404
    reason = "Not Found"
    headers = {"x-ms-request-id": "r"}  # noqa: RUF012
    request = None
    content = b'{"error": {"code": "NotFound", "message": "gone"}}'

    def text(self) -> str:
        return self.content.decode()


def test_exceptions_of_the_sdk() -> None:
    http = HttpResponseError(response=Response())
    found = from_exception(http, "read it", "host")
    assert isinstance(found, NotFound) and "gone" in found.message
    refused = ServiceRequestError("Cannot connect", error=OSError("Connection refused"))
    assert "host cannot be reached" in from_exception(refused, "read it", "host").message
    broken = ServiceResponseError("x", error=OSError("Connection reset"))
    assert "broke" in from_exception(broken, "read it", "host").message
    assert "broke" in from_exception(IncompleteReadError("half"), "read it", "host").message
    assert "in time" in from_exception(TimeoutError(), "read it", "host").message
    assert "could not be read" in from_exception(DecodeError("x"), "read it", "host").message
    assert "could not be read" in from_exception(msgspec.DecodeError("x"), "read it", "host").message
    untrusted = ServiceRequestError("x", error=OSError("certificate verify failed"))
    assert "ca_file" in from_exception(untrusted, "read it", "host").hint
    signed_out = from_exception(ClientAuthenticationError("no\nTo mitigate …"), "read it", "host")
    assert isinstance(signed_out, SignInFailed) and "mitigate" not in signed_out.message
    odd = from_exception(RuntimeError("odd"), "read it", "host")
    assert isinstance(odd, ConnectionFailed) and "odd" in odd.message
    own = Throttled("x")
    assert from_exception(own, "read it", "host") is own


def test_reasons_lose_their_links() -> None:
    error = ClientAuthenticationError("AADSTS7000215: Invalid client secret. Trace ID: abc Correlation ID: x")
    assert sign_in_reason(error) == "AADSTS7000215: Invalid client secret"


def test_an_az_that_broke_is_quoted_by_the_end_of_its_traceback() -> None:
    text = (
        "ERROR: The command failed with an unexpected error. Here is the traceback:\n"
        "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443)\nTraceback (most recent call last):\n"
        '  File "/opt/az/x.py", line 7, in send\n    raise ConnectionError(e)\n'
        "requests.exceptions.ConnectionError: Max retries exceeded\nTo check existing issues, please visit: https://x\n"
    )
    assert sign_in_reason(ClientAuthenticationError(text)) == (
        "requests.exceptions.ConnectionError: Max retries exceeded"
    )
