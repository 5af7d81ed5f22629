"""The shape of the tables: which errors a rule is for, and what it says about them."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of trouble an error is."""

    RIGHTS = "rights"
    LOCK = "lock"
    POLICY = "policy"
    DENY_ASSIGNMENT = "deny assignment"
    SIGN_IN = "sign-in"
    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    QUOTA = "quota"
    CAPACITY = "capacity"
    THROTTLED = "throttled"
    BUSY = "busy"
    CHANGED = "changed"
    PROVIDER = "provider"
    API_VERSION = "api-version"
    IMAGE = "image"
    EXTENSION = "extension"
    SCRIPT = "script"
    AGENT = "agent"
    KEY_VAULT = "key vault"
    HEALTH = "health"
    REQUEST = "request"
    NOT_FOUND = "not found"
    PROXY = "proxy"
    SERVICE = "service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: an error with one of `codes` (any, when empty) whose text matches `pattern` (any, when empty).

    `sentence` and `next_step` may use the pattern's named groups as `{name}`. The first rule that fits counts, so rules
    with a pattern precede those without.
    """

    codes: tuple[str, ...]
    kind: Kind
    sentence: str
    next_step: str
    source: str
    """The document or recording that the row rests on."""
    pattern: str = ""
    """A regular expression that is searched for in the error's text, case ignored."""
    waiting_helps: bool = False
    """Whether the same request may succeed later without further action."""
