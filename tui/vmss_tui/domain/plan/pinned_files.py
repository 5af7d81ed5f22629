"""The files that instances download: as they were when the rollout was planned, and whether they still are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FETCH_SECONDS = 20.0
"""How long fetching a file may take before it counts as not reachable from this host."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the plan. `sha256` (hex) is what it must stay: the profile's pin, else what was fetched when planning.

    Without `sha256` it could not be fetched: it is not verified, and `problem` says why. `size` is in bytes.
    """

    uri: str
    sha256: str = ""
    size: int = 0
    mutable: str = ""
    """Why the content may change under the same address; empty when it looks fixed."""
    problem: str = ""
    pinned: bool = False
    """The profile says what its SHA-256 is."""

    @property
    def address(self) -> str:
        """The address without its query, which may hold a signature."""
        return self.uri.partition("?")[0]

    @property
    def standing(self) -> str:
        """`pinned`, `as seen`, or `unverified: why`."""
        if self.problem:
            return f"unverified: {self.problem}"
        return "pinned" if self.pinned else "as seen when planning"


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file as it was just fetched: its SHA-256 (hex), or why it could not be fetched."""

    sha256: str = ""
    problem: str = ""


def judge_files(files: Sequence[PlannedFile], fetched: Mapping[str, FetchedFile]) -> tuple[bool, str]:
    """Whether instances will get what was planned, and a sentence.

    Changed content stops the rollout; a file that cannot be fetched from this host does not: instances may reach it.
    """
    changed, unverified = [], []
    for file in files:
        found = fetched.get(file.uri, FetchedFile(problem="not fetched"))
        if found.problem or not file.sha256:
            unverified.append(f"{file.address} ({found.problem or file.problem})")
        elif found.sha256.lower() != file.sha256.lower():
            changed.append(f"{file.address} (SHA-256 {found.sha256[:12]}…, planned {file.sha256[:12]}…)")
    if changed:
        return False, f"changed since the plan: {', '.join(changed)}"
    good = len(files) - len(unverified)
    words = [f"{good} of {len(files)} files are as planned"]
    if unverified:
        words.append(f"unverified: {', '.join(unverified)}")
    return True, "; ".join(words)
