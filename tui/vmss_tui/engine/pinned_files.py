"""Fetches the files that instances download: for the plan, and again before every batch.

Fetches through the port (bounded, https only, no credentials); decides nothing, which is `domain.files`.
"""

import asyncio
from collections.abc import Mapping, Sequence

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.pinned_files import FetchedFile, PlannedFile, judge_files
from vmss_tui.ports import FilePin, PinsFiles


async def fetch_pins(azure: PinsFiles, uris: Sequence[str]) -> tuple[FilePin, ...]:
    """Fetch and hash each address once, all together; never raises."""
    return tuple(await asyncio.gather(*(azure.pin(uri) for uri in dict.fromkeys(uris))))


async def check_files(azure: PinsFiles, files: Sequence[PlannedFile]) -> tuple[bool, str]:
    """Whether the files are still what was planned, and a sentence."""
    pins = await fetch_pins(azure, [file.uri for file in files])
    return judge_files(files, {pin.uri: FetchedFile(pin.sha256, pin.problem) for pin in pins})


def planned_files(pins: Sequence[FilePin], sha256: Mapping[str, str]) -> tuple[PlannedFile, ...]:
    """The plan's files; `sha256` maps addresses to what a profile pinned (hex)."""
    return tuple(
        PlannedFile(
            pin.uri,
            sha256.get(pin.uri, pin.sha256).lower(),
            pin.size,
            pin.mutable,
            pin.problem,
            pinned=pin.uri in sha256,
        )
        for pin in pins
    )


def file_findings(pins: Sequence[FilePin], sha256: Mapping[str, str], script: ScriptConfig) -> tuple[Finding, ...]:
    """What is wrong or doubtful with the files that every instance downloads."""
    found = (_finding(pin, sha256.get(pin.uri, "").lower(), secret=bool(script.protected)) for pin in pins)
    return tuple(finding for finding in found if finding is not None)


def _finding(pin: FilePin, wanted: str, *, secret: bool) -> Finding | None:
    address = PlannedFile(pin.uri).address
    if pin.problem:
        return Finding(
            Severity.WARN,
            "file-unreachable",
            f"{address} is not verified: cannot be fetched from this host: {pin.problem}",
            "Instances may reach it with their own credentials."
            if secret
            else "If instances cannot reach it either, every script fails.",
        )
    if wanted and wanted != pin.sha256.lower():
        return Finding(
            Severity.REFUSE,
            "file-changed",
            f"{address} differs from the profile's pin: its SHA-256 is {pin.sha256[:12]}…, not {wanted[:12]}…",
            "Check why it changed, then pin it again.",
        )
    if pin.mutable and not wanted:
        return Finding(
            Severity.INFO,
            "file-mutable",
            f"{address} may change during the rollout: {pin.mutable}",
            "Pin its SHA-256 in the profile, or use a versioned address.",
        )
    return None
