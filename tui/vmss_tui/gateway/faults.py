"""Everything that can go wrong on the way to Azure, as `vmss_tui.errors` with a next step.

`from_response` reads ARM error bodies, `from_exception` what azure-core and azure-identity raise; `explain` has the
meaning of an error. Azure's texts are kept whole (they name the action and the scope); request bodies and tokens never
get into one.
"""

import errno
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
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

from vmss_tui import duration
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
from vmss_tui.gateway.explain import Explanation, explain
from vmss_tui.gateway.proxy import proxy_name
from vmss_tui.text import one_line, readable

_ENTRA_CODE = re.compile(r"AADSTS\d+")
_COMMAND = re.compile(r"""\baz login(?: --[\w-]+(?: (?:"[^"\r\n]*"|'[^'\r\n]*'|(?!--)[^\s,;'"`()]+))?)+""")
"""A command to sign in, with its options: a claims challenge in it must stay whole."""
_BY_STATUS: dict[int, type[AzureError]] = {
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    410: NotFound,
    412: Changed,
}
_FILTER = "a proxy or web filter between here and Azure may block it: ask for a rule for this host, or set HTTPS_PROXY"
_INTERMEDIARY = "the answer came from a proxy or gateway between here and Azure; try again in a minute"


def from_response(status: int, headers: Mapping[str, str], body: bytes, what: str) -> VmssTuiError:
    """The error that an answer means. `what` says what was asked, as in `read scale set web-weu`."""
    answer = read_body(body)
    text = readable(answer.text)
    about: dict[str, Any] = {
        "code": answer.specific_code,
        "azure_message": text,
        "request_id": request_id_of(headers),
    }
    if status == 429 or (status < 500 and _counts_requests(answer)):
        return _throttled(what, answer, headers, about)
    found = explain(answer, status)
    message = f"cannot {what}: {found.sentence}{_quoted(status, text, about)}"
    if status == 401:
        return SignInFailed(message, hint=found.next_step, **about)
    if status == 407:
        return ConnectionFailed(message, hint=found.next_step, **about)
    kind = Unavailable if status >= 500 else _BY_STATUS.get(status, AzureError)
    unsigned = not text and not about["request_id"]
    if unsigned and status < 500 and body.lstrip()[:1] == b"<":
        return ConnectionFailed(f"cannot {what}: a page, not Azure, answered {status}", hint=_FILTER)
    foreign = unsigned and kind is Unavailable
    return kind(
        message,
        hint=_INTERMEDIARY if foreign else found.next_step,
        status=status,
        category=found.kind.value,
        waiting_helps=found.waiting_helps,
        **about,
    )


def request_id_of(headers: Mapping[str, str]) -> str:
    """What Azure support needs to find a request; empty when the answer has no id."""
    return headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id") or ""


def _quoted(status: int, text: str, about: Mapping[str, str]) -> str:
    """What Azure says, whole, on one line, with its code and the request id; its status when it says nothing."""
    reference = _reference(about)
    if not text:
        return f" (Azure answered {', '.join([str(status), *reference])})"
    return f". Azure says: {one_line(text, 0)}" + (f" [{', '.join(reference)}]" if reference else "")


def _reference(about: Mapping[str, str]) -> list[str]:
    """What Azure support asks for: `ScopeLocked`, `request id 5f3a…`."""
    request = about["request_id"]
    return [part for part in (about["code"], f"request id {request}" if request else "") if part]


def _counts_requests(answer: ArmError) -> bool:
    return any(detail.code == "TooManyRequests" for detail in answer.details)


def _throttled(what: str, answer: ArmError, headers: Mapping[str, str], about: dict[str, Any]) -> Throttled:
    bucket, counts = bucket_of(answer)
    wait = retry_after(headers) or 0.0
    where = f" of {bucket}" if bucket else ""
    said = _quoted(429, about["azure_message"], about)
    hint = f"wait {duration.exact(wait)}, then try again" if wait else "wait a few minutes, then try again"
    return Throttled(
        f"cannot {what}: the request quota{where} is used up{counts}{said}",
        hint=f"{hint}; other tools share this quota",
        retry_after=wait,
        **about,
    )


def bucket_of(answer: ArmError) -> tuple[str, str]:
    """The empty bucket of a 429 and its numbers in words; compute puts them as JSON into a detail's message."""
    for detail in answer.details:
        try:
            inner = msgspec.json.decode(detail.message)
        except (msgspec.DecodeError, RecursionError):
            inner = None
        if isinstance(inner, dict):
            allowed, measured = inner.get("allowedRequestCount"), inner.get("measuredRequestCount")
            counts = f" ({measured} requests, {allowed} are allowed)" if allowed and measured else ""
            return str(inner.get("operationGroup") or detail.target or ""), counts
        if detail.target:
            return detail.target, ""
    return "", ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait; None when it does not say, or not in a form that HTTP knows."""
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
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def from_exception(error: BaseException, what: str, host: str) -> VmssTuiError:
    """The error that an exception of azure-core, azure-identity or msgspec means."""
    if isinstance(error, VmssTuiError):
        return error
    if isinstance(error, IncompleteReadError):
        return connection_failed(error, what, host)
    if isinstance(error, DecodeError | msgspec.DecodeError | ValueError | RecursionError):
        # azure-core quotes the whole body, which may be half an answer with a token
        reason = one_line(str(error).partition("\nContent:")[0], 160)
        return ConnectionFailed(
            f"cannot {what}: the answer of {host} could not be read ({reason})",
            hint="a proxy between here and Azure may have changed the answer; try again",
        )
    if isinstance(error, HttpResponseError) and error.response is not None:
        answer: Any = error.response
        return from_response(answer.status_code, answer.headers, _body_of(answer), what)
    if isinstance(error, ClientAuthenticationError):
        return sign_in_failed(error, f"cannot {what}")
    return connection_failed(error, what, host)


def _body_of(response: Any) -> bytes:
    read = getattr(response, "body", None)
    return bytes(read()) if callable(read) else bytes(response.content)


def connection_failed(error: BaseException, what: str, host: str) -> ConnectionFailed:
    """No route, TLS, a time-out, half an answer: in words, with what to check; names the proxy if one is in between."""
    text = _innermost(error)
    low = text.lower()
    if "certificate" in low or "ssl" in low:
        return ConnectionFailed(
            f"cannot {what}: the certificate of {host} is not trusted ({text})",
            hint="name the authority in the cloud's ca_file, or set SSL_CERT_FILE (a company proxy needs that too)",
        )
    proxy = proxy_name(host)
    where = f"{host} through the proxy {proxy}" if proxy else host
    check = f"check the proxy {proxy} (HTTPS_PROXY, NO_PROXY)" if proxy else "check the network"
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower() or "timeout" in low:
        return ConnectionFailed(f"cannot {what}: {where} did not answer in time", hint=f"{check}; try again")
    broke = any(word in low for word in ("disconnect", "broke", "reset"))
    if proxy and _is_of_proxy(error):
        return ConnectionFailed(f"cannot {what}: the proxy {proxy} cannot be used ({text})", hint=check)
    if isinstance(error, ServiceRequestError) and not broke:
        return ConnectionFailed(
            f"cannot {what}: {where} cannot be reached ({text})", hint=check if proxy else f"{check} and the cloud"
        )
    if isinstance(error, ServiceRequestError | ServiceResponseError | IncompleteReadError):
        return ConnectionFailed(f"cannot {what}: the connection to {where} broke ({text})", hint=f"{check}; try again")
    return ConnectionFailed(f"cannot {what}: {where}: {text}", hint=f"{check}; try again")


def _is_of_proxy(error: BaseException) -> bool:
    """Whether the proxy itself failed: it was not reached, or refused to connect on."""
    return any("proxy" in type(cause).__name__.lower() for cause in _causes(error))


_ERRNO = {code: os.strerror(code).lower() for code in (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)}
"""Why a connection could not be made, without the address that is named before it."""


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and what caused it, innermost last."""
    chain = [error]
    while inner := chain[-1].__cause__ or getattr(chain[-1], "inner_exception", None):
        if not isinstance(inner, BaseException) or inner in chain:
            break
        chain.append(inner)
    return chain


def _innermost(error: BaseException) -> str:
    cause = _causes(error)[-1]
    if isinstance(cause, OSError) and cause.errno in _ERRNO:
        return _ERRNO[cause.errno]
    return one_line(str(cause) or str(error) or type(cause).__name__, 200)


def sign_in_failed(error: BaseException, message: str, *, tenant: str = "") -> SignInFailed:
    """A refused sign-in: why, and the command to run, whole (a cut claims challenge is useless)."""
    found, text = explain_sign_in(error, tenant), str(error)
    command = suggested_command(str(getattr(error, "message", "") or error))
    hint = found.next_step if found else "check the credential, or choose another with --auth (az login signs in again)"
    if command:
        hint = f"run: {command}"
    code = _ENTRA_CODE.search(text)
    reason = sign_in_reason(error)
    return SignInFailed(
        f"{message}: {f'{found.sentence} ({reason})' if found else reason}",
        hint=hint,
        code=code[0] if code else "",
        azure_message=readable(text),
    )


def suggested_command(text: str) -> str:
    """The `az login` command with options that a text suggests, whole; empty when there is none."""
    found = _COMMAND.search(text)
    return found[0].rstrip(".") if found else ""


def explain_sign_in(error: BaseException, tenant: str = "") -> Explanation | None:
    """What Entra ID's code in an exception means; None when it names none that is known."""
    text = str(error)
    for code in dict.fromkeys(_ENTRA_CODE.findall(text)):
        found = explain(ArmError(code=code, message=text), 401, tenant=tenant)
        if found.known:
            return found
    return None


_RAISED = re.compile(r"^[\w.]+: \S.*$", re.MULTILINE)
"""The last line of a Python traceback, as an az that broke prints it: `requests.exceptions.SSLError: ...`."""


def sign_in_reason(error: BaseException) -> str:
    """Why a credential did not work: the first line, without the links that azure-identity adds."""
    text = str(getattr(error, "message", "") or error).strip()
    if "traceback" in text.partition("\n")[0].lower() and (raised := _RAISED.findall(text)):
        text = raised[-1]
    return one_line(re.split(r"\r?\n|To mitigate|Visit https|Trace ID:", text, maxsplit=1)[0], 300).rstrip(". ")
