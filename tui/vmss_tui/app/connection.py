"""The progress of signing in: data from which screens say what they wait for."""

from dataclasses import dataclass

from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, DeviceCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Signing in: going on (`azure` and `error` are None), done, or failed. `since` is monotonic seconds."""

    azure: Azure | None = None
    identity: Identity | None = None
    error: VmssTuiError | None = None
    device: DeviceCode | None = None
    before: Azure | None = None
    """The session that was signed in until a person was asked again; it resumes after the answer."""
    since: float = 0.0

    @property
    def reason(self) -> str:
        """Why Azure cannot be asked yet, in a sentence; empty when it can."""
        if self.azure is not None:
            return ""
        if self.error is not None:
            return f"not signed in: {self.error.message}"
        return "sign-in is in progress"
