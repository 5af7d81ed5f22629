"""Everything that can go wrong on the way to Azure, as `vmss_tui.errors` with a next step.

`from_response` reads ARM error bodies, `from_exception` what azure-core and azure-identity raise. Texts of Azure are
kept (they name the action and the scope); request bodies and tokens never get into one. Sources: facts recorded in
`*_409`, `*_404` and "Understand throttling"; a 429's details are JSON in a string.
"""

import errno
import os
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
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
from vmss_tui.gateway.arm_error import ArmError, read_body
from vmss_tui.text import one_line

_ACTION = re.compile(r"perform action '([^']+)'")
_ROLE = "Virtual Machine Contributor"
_CONFLICT_HINTS = (
    ("rolling upgrade in progress", "wait for the rolling upgrade, or cancel it first"),
    ("no ongoing rolling upgrade", "there is nothing to cancel"),
    ("batchinstancepercent", "raise the unhealthy limit to the batch size, or shrink the batch"),
    ("marked for deletion", "the scale set is being deleted"),
)


def from_response(status: int, headers: Mapping[str, str], body: bytes, what: str) -> VmssTuiError:
    """The error that an answer means. `what` says what was asked, as in `read scale set web-weu`."""
    found = read_body(body)
    code, text = found.specific_code, one_line(found.text, 0)
    request_id = headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id") or ""
    about: dict[str, Any] = {"code": code, "request_id": request_id}
    message = f"cannot {what}: {text or f'Azure answered {status}'}"
    if status == 401:
        return _signed_out(message, code)
    if status == 429 or _counts_requests(found):
        return _throttled(what, found, headers, about)
    if status == 403:
        return Forbidden(message, hint=_forbidden_hint(text), status=status, **about)
    if status in (404, 410):
        return NotFound(message, hint=_not_found_hint(code), status=status, **about)
    if status == 412:
        return Changed(
            f"cannot {what}: somebody else changed it in between",
            hint="read it again, look at the difference, and plan anew",
            status=status,
            **about,
        )
    if status == 409:
        return Conflict(message, hint=_conflict_hint(text), status=status, **about)
    if status >= 500 or status == 408:
        return Unavailable(message, hint="Azure itself fails; try again in a minute", status=status, **about)
    return AzureError(message, hint=_conflict_hint(text), status=status, **about)


def _signed_out(message: str, code: str) -> SignInFailed:
    again = "sign in again (az login), or check the clock of this machine"
    return SignInFailed(message, hint=again if "Expired" in code else "sign in again: the token was refused")


def _counts_requests(found: ArmError) -> bool:
    return any(detail.code == "TooManyRequests" for detail in found.details)


def _throttled(what: str, found: ArmError, headers: Mapping[str, str], about: dict[str, Any]) -> Throttled:
    bucket, counts = bucket_of(found)
    wait = retry_after(headers) or 0.0
    where = f" of {bucket}" if bucket else ""
    return Throttled(
        f"cannot {what}: the request quota{where} is used up{counts}",
        hint=f"Azure asks to wait {wait:.0f} s" if wait else "wait a few minutes; other tools share this quota",
        retry_after=wait,
        **about,
    )


def bucket_of(found: ArmError) -> tuple[str, str]:
    """The empty bucket of a 429 and its numbers in words; compute puts them as JSON into a detail's message."""
    for each in found.details:
        try:
            inner = msgspec.json.decode(each.message or "")
        except msgspec.DecodeError:
            inner = None
        if isinstance(inner, dict):
            allowed, measured = inner.get("allowedRequestCount"), inner.get("measuredRequestCount")
            counts = f" ({measured} requests, {allowed} are allowed)" if allowed and measured else ""
            return str(inner.get("operationGroup") or each.target or ""), counts
        if each.target:
            return each.target, ""
    return "", ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait; None when it does not say, or in a way that nobody understands."""
    for name, unit in (("x-ms-retry-after-ms", 0.001), ("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            return max(0.0, float(text) * unit)
        except ValueError:
            return _until(text)
    return None


def _until(text: str) -> float | None:
    from datetime import UTC, datetime

    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _forbidden_hint(text: str) -> str:
    action = _ACTION.search(text)
    if action is None:
        return f"ask for a role that allows it, such as {_ROLE}"
    role = "Reader" if action[1].endswith("/read") else _ROLE
    return f"ask for a role with {action[1]}, such as {role}; a new role takes a few minutes to work"


def _not_found_hint(code: str) -> str:
    if code == "SubscriptionNotFound":
        return "check the subscription id and the tenant you are signed in to"
    if code == "ResourceGroupNotFound":
        return "check the name of the resource group; `vmss-tui list` shows what you can see"
    return "it may have been deleted, or this sign-in cannot see it"


def _conflict_hint(text: str) -> str:
    low = text.lower()
    return next((hint for words, hint in _CONFLICT_HINTS if words in low), "another change may be going on; try again")


def from_exception(error: BaseException, what: str, host: str) -> VmssTuiError:
    """The error that an exception of azure-core, azure-identity or msgspec means."""
    if isinstance(error, VmssTuiError):
        return error
    if isinstance(error, IncompleteReadError):
        return connection_failed(error, what, host)
    if isinstance(error, DecodeError | msgspec.DecodeError | ValueError):
        return ConnectionFailed(
            f"cannot {what}: the answer of {host} could not be read ({one_line(str(error), 160)})",
            hint="something between here and Azure may have changed the answer; try again",
        )
    if isinstance(error, HttpResponseError) and error.response is not None:
        answer: Any = error.response
        return from_response(answer.status_code, answer.headers, _body_of(answer), what)
    if isinstance(error, ClientAuthenticationError):
        return SignInFailed(f"cannot {what}: {sign_in_reason(error)}", hint="sign in again, for example with az login")
    return connection_failed(error, what, host)


def _body_of(response: Any) -> bytes:
    read = getattr(response, "body", None)
    return bytes(read()) if callable(read) else bytes(response.content)


def connection_failed(error: BaseException, what: str, host: str) -> ConnectionFailed:
    """No route, TLS, a time-out, half an answer: said in words with what to check."""
    text = _innermost(error)
    low = text.lower()
    if "certificate" in low or "ssl" in low:
        return ConnectionFailed(
            f"cannot {what}: the certificate of {host} is not trusted ({text})",
            hint="name the authority in the cloud's ca_file, or set SSL_CERT_FILE (a company proxy needs that too)",
        )
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower() or "timeout" in low:
        return ConnectionFailed(f"cannot {what}: {host} did not answer in time", hint="check the network; try again")
    if isinstance(error, ServiceRequestError) and not any(word in low for word in ("disconnect", "broke", "reset")):
        return ConnectionFailed(
            f"cannot {what}: {host} cannot be reached ({text})", hint="check the network, the proxy and the cloud"
        )
    if isinstance(error, ServiceRequestError | ServiceResponseError | IncompleteReadError):
        return ConnectionFailed(
            f"cannot {what}: {host} broke off its answer ({text})", hint="check the network; try again"
        )
    return ConnectionFailed(f"cannot {what}: {host}: {text}", hint="check the network; try again")


_ERRNO = {each: os.strerror(each).lower() for each in (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)}
"""Why a connection could not be made, without the address that is named before it."""


def _innermost(error: BaseException) -> str:
    cause: BaseException = error
    while (inner := cause.__cause__ or getattr(cause, "inner_exception", None)) and isinstance(inner, BaseException):
        if inner is cause:
            break
        cause = inner
    if isinstance(cause, OSError) and cause.errno in _ERRNO:
        return _ERRNO[cause.errno]
    return one_line(str(cause) or str(error) or type(cause).__name__, 200)


def sign_in_reason(error: BaseException) -> str:
    """Why a credential did not work: the first line, without the links that azure-identity adds."""
    text = str(getattr(error, "message", "") or error)
    return one_line(re.split(r"\r?\n|To mitigate|Visit https|Trace ID:", text, maxsplit=1)[0], 300).rstrip(". ")
