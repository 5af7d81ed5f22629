"""Every error a person can meet, each with a message, a next step and an exit code.

    VmssTuiError
    ├── UsageError                 wrong arguments, unknown name                          2
    │   ├── ProfileInvalid         a profile that does not hold                           2
    │   ├── SaveRefused            saving a profile would lose something                  2
    │   └── NotUnique              a name that several scale sets share                   2
    ├── SignInFailed               no credential, a refused one, an expired one           3
    ├── ConnectionFailed           no route, TLS, time-out, a half-written reply          3
    ├── AzureError                 Azure answered, and the answer is no                   1
    │   ├── Forbidden              403: a right is missing                                3
    │   ├── NotFound               404: it is not (or no longer) there                    2
    │   ├── Conflict               409: something else is going on                        1
    │   ├── Changed                412: another client wrote meanwhile                    1
    │   ├── Throttled              429: the quota is used up                              3
    │   └── Unavailable            5xx: Azure itself fails                                3
    ├── PreflightRefused           it would not work, or not safely; nothing was written  4
    ├── RolloutFailed              a rollout failed or a gate stopped it                  1
    ├── RolloutCancelled           a rollout was canceled                                 5
    └── JournalUnavailable         the log cannot be read or written                      1
        └── LeaseHeld              another runner works on this scale set                 4

Pure: standard library only. Gateways raise these and nothing else; front ends print `message` and `hint`.
"""


class VmssTuiError(Exception):
    """The root: a message that names the thing, a hint that names the next step, an exit code.

    Azure's answer is beside them where there was one: `code` is Azure's own word (`ScopeLocked`), `azure_message` its
    sentence, whole, and `request_id` what a support ticket needs; each empty otherwise.
    """

    exit_code = 1

    def __init__(
        self, message: str, *, hint: str = "", code: str = "", azure_message: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.azure_message = azure_message
        self.request_id = request_id

    @property
    def in_one_line(self) -> str:
        """The message and the next step, for where there is room for one line."""
        if not self.hint:
            return self.message
        return f"{self.message.rstrip('.')}{'.' if self.hint[0].isupper() else ';'} {self.hint}"


class UsageError(VmssTuiError):
    """The command line or a name given by the user does not make sense."""

    exit_code = 2


class ProfileInvalid(UsageError):
    """A deployment profile cannot be used; `message` names the file, the line and the key."""


class SaveRefused(UsageError):
    """Saving, renaming or deleting a profile would lose something.

    `reason` is one of `exists`, `changed` (on disk since it was loaded), `base` (it cannot remove what its base says),
    `format` (the file cannot be edited in place), `bundled`, `rights`.
    """

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class NotUnique(UsageError):
    """A short name stands for several scale sets; the hint lists them."""


class SignInFailed(VmssTuiError):
    """No credential worked; the hint says which were tried and how to sign in."""

    exit_code = 3


class ConnectionFailed(VmssTuiError):
    """Azure could not be reached, or its reply could not be read."""

    exit_code = 3


class AzureError(VmssTuiError):
    """Azure answered with an error.

    `status` is the HTTP status (0 when an operation failed later), `category` what it is about (`lock`, `quota`),
    `waiting_helps` whether the same request may succeed later without further action.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        azure_message: str = "",
        request_id: str = "",
        status: int = 0,
        category: str = "",
        waiting_helps: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, code=code, azure_message=azure_message, request_id=request_id)
        self.status = status
        self.category = category
        self.waiting_helps = waiting_helps


class Forbidden(AzureError):
    """403: the signed-in principal lacks a right; the message names the action and the scope."""

    exit_code = 3


class NotFound(AzureError):
    """404: the resource is not there (or cannot be seen)."""

    exit_code = 2


class Conflict(AzureError):
    """409: another operation is going on, or the state does not allow this one."""


class Changed(AzureError):
    """412: the etag no longer matches, another client wrote in between."""


class Throttled(AzureError):
    """429: too many requests; `retry_after` in seconds (0 when Azure did not say)."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        azure_message: str = "",
        request_id: str = "",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(
            message,
            hint=hint,
            code=code,
            azure_message=azure_message,
            request_id=request_id,
            status=429,
            category="throttled",
            waiting_helps=True,
        )
        self.retry_after = retry_after


class Unavailable(AzureError):
    """5xx: Azure itself fails; reading again later is safe."""

    exit_code = 3


class PreflightRefused(VmssTuiError):
    """The rollout was refused before anything was written; the message says why."""

    exit_code = 4


class RolloutFailed(VmssTuiError):
    """A rollout ended failed, or a gate stopped it."""


class RolloutCancelled(VmssTuiError):
    """A rollout ended because a user canceled it."""

    exit_code = 5


class JournalUnavailable(VmssTuiError):
    """The journal cannot be opened, read or written (disk full, read-only, not ours)."""


class LeaseHeld(JournalUnavailable):
    """Another runner holds the lease on this rollout or scale set.

    `forcible` means that a person who knows that its host is gone may insist now.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", forcible: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.forcible = forcible
