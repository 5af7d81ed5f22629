"""Explains Azure's errors: kind, a plain sentence, the next step, and whether waiting helps.

The tables in `explanations` have all explanations; an error that none of them has gets a sentence that says so, by its
HTTP status. Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from vmss_tui.gateway.arm_error import ArmError
from vmss_tui.gateway.explanations import access, capacity, extensions, requests, sign_in, upgrades
from vmss_tui.gateway.explanations.rule import Kind, Rule
from vmss_tui.text import one_line

RULES: tuple[Rule, ...] = (
    *access.RULES,
    *capacity.RULES,
    *upgrades.RULES,
    *extensions.RULES,
    *sign_in.RULES,
    *requests.RULES,
)
_FROM_GUEST = "has reported a failure when processing extension"
"""Azure's words before it quotes an extension, also within the error of a rolling upgrade."""
_NO_ADVICE = "follow Azure's message; vmss-tui has no advice for {code}. For Azure support, quote the request id"

_NO_REASON = "Azure gave no reason; try again, and for Azure support quote the request id"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an error means; `sentence` and `next_step` begin in lower case and have no full stop."""

    kind: Kind
    sentence: str
    next_step: str
    waiting_helps: bool = False
    known: bool = True
    """Whether a table has the error; otherwise it is explained by its HTTP status alone."""


def explain(error: ArmError, status: int = 0, *, tenant: str = "") -> Explanation:
    """Explain an error. `status` is the answer's HTTP status, 0 for an operation that failed later."""
    nodes = list(error.nodes())
    from_guest = error.specific_code.lower().startswith("vmextension") or _FROM_GUEST in error.text
    for specific in (True, False):
        for rule in RULES:
            if from_guest and not rule.codes:
                continue  # the text quotes a script's output, which may say anything
            if bool(rule.pattern) is specific and (found := _applied(rule, nodes, error, tenant)):
                return found
    return _by_status(status, error)


def _applied(rule: Rule, nodes: Iterable[ArmError], whole: ArmError, tenant: str) -> Explanation | None:
    for node in nodes:
        if rule.codes and not any(node.code.lower() == code.lower() for code in rule.codes):
            continue
        match = _compiled(rule.pattern).search(whole.text if node is whole else node.text) if rule.pattern else None
        if rule.pattern and match is None:
            continue
        groups = {name: one_line(value, 300) for name, value in (match.groupdict() if match else {}).items() if value}
        fields = {"tenant": tenant or "TENANT", "name": "", "feature": groups.get("feature2", "")} | groups
        return Explanation(
            rule.kind, rule.sentence.format(**fields), rule.next_step.format(**fields), rule.waiting_helps
        )
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _by_status(status: int, error: ArmError) -> Explanation:
    """An honest answer for an error that no table has."""
    silent = not error.specific_code and not error.text
    advice = _NO_REASON if silent else _NO_ADVICE.format(code=error.specific_code or "this answer")
    kind, sentence, step, waits = _STATUSES.get(status, (Kind.UNKNOWN, "Azure refused it", "", False))
    if status >= 500:
        kind, sentence, step, waits = _FAILED
    return Explanation(kind, sentence, step or advice, waits, known=False)


_FAILED = (
    Kind.SERVICE,
    "Azure itself failed",
    "try again in a minute; if it persists, see Azure's service health",
    True,
)
_STATUSES = {
    0: (Kind.UNKNOWN, "the operation failed", "", False),
    401: (Kind.SIGN_IN, "the sign-in was refused", "sign in again, for example with az login", False),
    403: (Kind.RIGHTS, "Azure refused it to this sign-in", "", False),
    404: (
        Kind.NOT_FOUND,
        "it does not exist, or this sign-in cannot see it",
        "it may have been deleted; check the name, and `vmss-tui list` shows what you can see",
        False,
    ),
    407: (
        Kind.PROXY,
        "the proxy requires credentials",
        "put user and password into HTTPS_PROXY, or ask for a proxy rule for this host",
        False,
    ),
    408: (Kind.SERVICE, "Azure did not finish reading the request", "try again in a minute", True),
    409: (Kind.UNKNOWN, "Azure does not allow it in the present state", "", False),
    410: (Kind.NOT_FOUND, "it no longer exists", "it was deleted; `vmss-tui list` shows what you can see", False),
    412: (
        Kind.CHANGED,
        "it was changed outside this rollout",
        "read it again, review the difference, and plan again",
        False,
    ),
    429: (Kind.THROTTLED, "the request quota is used up", "wait a few minutes; other tools share this quota", True),
}
