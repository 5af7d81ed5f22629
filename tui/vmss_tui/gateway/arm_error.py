"""Azure's error bodies, in all the forms that they come in, read into one tree: `ArmError`.

Forms: ARM's `{"error": {code, message, target, details, innererror, additionalInfo}}`, the same as JSON text inside a
message, a top-level `{"code", "message"}`, `{"Message"}`, OData's `{"odata.error": {"message": {"value"}}}`, and Entra
ID's `{"error": "invalid_grant", "error_description"}`. Pure, and never raises: a body in none of them is an empty
error. Sources: "Common error response" of the Azure REST API guidelines; recordings `*_409`, `*_404`, `op_failed_*`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GENERIC = frozenset(
    {
        "", "badrequest", "conflict", "forbidden", "notfound", "internalservererror", "deploymentfailed",
        "resourcedeploymentfailure", "resourceoperationfailure",
        "invalidtemplatedeployment", "multipleerrorsoccurred", "error", "badgateway",
    }
)  # fmt: skip
"""Codes, in lower case, that only repeat the HTTP status: an inner code says more."""
DEEPEST = 8
_MESSAGES = ("message", "Message", "error_description", "errorMessage", "errordetail", "ExceptionMessage")
_CODES = ("code", "Code", "errorCode", "internalErrorCode")
_POLICY_NAMES = (
    "policyDefinitionDisplayName", "policyAssignmentDisplayName", "policySetDefinitionDisplayName",
    "policyDefinitionName", "policyAssignmentName",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArmError:
    """One error with the errors inside it. Texts are Azure's, whole; empty when the body has none."""

    code: str = ""
    message: str = ""
    target: str = ""
    details: tuple["ArmError", ...] = ()
    policies: tuple[str, ...] = ()
    """Names of the policy definitions and assignments that denied the request."""

    def nodes(self) -> Iterator["ArmError"]:
        """This error, then everything inside it."""
        yield self
        for detail in self.details:
            yield from detail.nodes()

    @property
    def specific_code(self) -> str:
        """The outermost code that says more than the HTTP status; else the outermost code."""
        codes = [node.code for node in self.nodes() if node.code]
        return next((code for code in codes if code.lower() not in GENERIC), codes[0] if codes else "")

    @property
    def text(self) -> str:
        """All of Azure's sentences, outermost first, each once; then the names of denying policies that they lack."""
        parts: list[str] = []
        for node in self.nodes():
            message = node.message.strip()
            if message and not message.startswith("{") and not any(message in part for part in parts):
                parts.append(message)
        whole = "\n".join(parts)
        missing = [name for node in self.nodes() for name in node.policies if name not in whole]
        if missing:
            parts.append(f"Policies: {', '.join(dict.fromkeys(missing))}.")
        return "\n".join(parts)


def read_body(body: bytes) -> ArmError:
    """The error in an answer's body; empty when the body is not JSON (a proxy's page)."""
    try:
        return read_error(json.loads(body.decode("utf-8-sig", "replace")))
    except (ValueError, RecursionError):
        return ArmError()


def read_error(value: Any, depth: int = 0) -> ArmError:
    """The error in decoded JSON of any form."""
    if depth > DEEPEST:
        return ArmError()
    if isinstance(value, str):
        return _from_text("", value, depth)
    if isinstance(value, list):
        inner = tuple(read_error(entry, depth + 1) for entry in value)
        return inner[0] if len(inner) == 1 else ArmError(details=inner)
    if not isinstance(value, Mapping):
        return ArmError()
    wrapped = value.get("error", value.get("odata.error", value.get("Error")))
    if isinstance(wrapped, Mapping | list):
        return read_error(wrapped, depth + 1)
    if isinstance(wrapped, str) and " " in wrapped and not _message(value):
        return _from_text("", wrapped, depth)  # a sentence, not a code
    code = wrapped if isinstance(wrapped, str) else _first(value, _CODES)
    found = _from_text(code, _message(value), depth)
    return ArmError(
        code=found.code,
        message=found.message,
        target=str(value.get("target") or ""),
        details=(*found.details, *_inside(value, depth)),
        policies=_policies(value),
    )


def _message(value: Mapping[str, Any]) -> str:
    text = value.get("message")
    if isinstance(text, Mapping):
        return str(text.get("value") or "")
    return _first(value, _MESSAGES)


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(value[key]) for key in keys if isinstance(value.get(key), str | int)), "")


def _from_text(code: str, message: str, depth: int) -> ArmError:
    """An error whose message may be, or may end in, an error as JSON text."""
    start = min((at for key in ('{"', "{'", "{\n", "{\r") if (at := message.find(key)) >= 0), default=-1)
    if start < 0:
        return ArmError(code, message)
    try:
        inner, _ = json.JSONDecoder().raw_decode(message, start)
    except (ValueError, RecursionError):
        return ArmError(code, message)
    found = read_error(inner, depth + 1)
    if not any(node.code or node.message for node in found.nodes()):
        return ArmError(code, message)
    before = message[:start].strip(" '\":\r\n")
    return ArmError(code, before, details=(found,))


def _inside(value: Mapping[str, Any], depth: int) -> Iterator[ArmError]:
    for key in ("details", "Details", "errors"):
        entries = value.get(key)
        if isinstance(entries, Mapping):
            yield read_error(entries, depth + 1)
        if isinstance(entries, list):
            yield from (read_error(entry, depth + 1) for entry in entries)
    inner = value.get("innererror", value.get("innerError"))
    if isinstance(inner, Mapping | str):
        yield read_error(inner, depth + 1)


def _policies(value: Mapping[str, Any]) -> tuple[str, ...]:
    entries = value.get("additionalInfo")
    names: dict[str, None] = {}
    for entry in entries if isinstance(entries, list) else ():
        info = entry.get("info") if isinstance(entry, Mapping) else None
        if not isinstance(info, Mapping):
            continue
        chosen = next((str(info[key]) for key in _POLICY_NAMES[:3] if info.get(key)), _first(info, _POLICY_NAMES))
        if chosen:
            names[chosen] = None
    return tuple(names)
