"""The files that instances download, as they were when the rollout was planned; and whether they still are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the plan. `sha256` (hex) is what it must stay: the profile's pin, else what was seen when planning.

    Without `sha256` nobody could look at it: it is unverified, and `problem` says why. `size` is in bytes.
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
class FileLook:
    """What a look at a file found: its SHA-256 (hex), or why it could not be fetched."""

    sha256: str = ""
    problem: str = ""


def judge_files(files: Sequence[PlannedFile], looks: Mapping[str, FileLook]) -> tuple[bool, str]:
    """Whether instances will get what was planned, and a sentence.

    Another content stops; a file that cannot be fetched from here is unverified and does not: instances may reach it.
    """
    changed, unverified = [], []
    for each in files:
        look = looks.get(each.uri, FileLook(problem="nobody looked"))
        if look.problem or not each.sha256:
            unverified.append(f"{each.address} ({look.problem or each.problem})")
        elif look.sha256.lower() != each.sha256.lower():
            changed.append(f"{each.address} (SHA-256 {look.sha256[:12]}…, planned {each.sha256[:12]}…)")
    if changed:
        return False, f"changed since the plan: {', '.join(changed)}"
    good = len(files) - len(unverified)
    words = [f"{good} of {len(files)} files are as planned"]
    if unverified:
        words.append(f"unverified: {', '.join(unverified)}")
    return True, "; ".join(words)
