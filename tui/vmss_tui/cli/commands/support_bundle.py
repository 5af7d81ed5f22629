"""`vmss-tui support-bundle`: a redacted archive for a support ticket. Nothing is sent anywhere."""

import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from vmss_tui import paths
from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.info import gathered
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.presentation.records import Record, rfc3339
from vmss_tui.redact import redacted

RUNNER_LOGS = 10
"""Logs of the newest runners that are packed."""
LARGEST = 2 << 20
"""Bytes of each log that are packed, from its end."""
_PREFIXES = ("VMSS_TUI_", "AZURE_", "ARM_", "XDG_")
_TERMINAL = ("TERM", "COLORTERM", "LANG", "LC_ALL", "NO_COLOR", "SSH_TTY", "TMUX")


@click.command("support-bundle")
@click.option("--output", "-o", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--offline", is_flag=True, help="Do not sign in.")
@connected
@click.pass_context
def support_bundle(ctx: click.Context, path: Path | None, offline: bool) -> int:
    """Write an archive with logs, versions, paths and the list of rollouts, and print its path.

    Secrets are replaced by ***. Of environment variables, only names are packed. Read it before you send it.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path or Path(f"vmss-tui-support-{stamp}.tar.gz")

    async def work(session: LiveSession) -> int:
        facts, _ = await gathered(session, offline=offline)
        _write(target, {"info.json": _json(facts), **dict(_contents(session))})
        output.line(str(target))
        diagnostics.say("the archive is redacted; read it before you send it")
        return 0

    return run(ctx, work)


def _contents(session: LiveSession) -> Iterator[tuple[str, str]]:
    """Name and text of every file of the archive, but for `info.json`."""
    names = sorted(name for name in os.environ if name.startswith(_PREFIXES) or name in _TERMINAL)
    yield "environment.json", _json({"names": names, "arguments": sys.argv[1:]})
    yield "rollouts.json", _json(_rollouts(session))
    if not paths.is_missing(config := paths.config_file()):
        yield "config.toml", redacted(_tail(config))
    log = paths.log_file()
    for found in sorted(log.parent.glob(f"{log.name}*")):
        yield f"logs/{found.name}", redacted(_tail(found))
    for found in sorted((log.parent / "logs").glob("*.log"), key=_changed_at)[-RUNNER_LOGS:]:
        yield f"logs/{found.name}", redacted(_tail(found))


def _rollouts(session: LiveSession) -> Record:
    """The list of rollouts without what they did: no script, no settings, no variables."""
    try:
        headers = session.journal().rollouts(limit=50)
    except VmssTuiError as error:
        return {"problem": error.message}
    return {
        "rollouts": [
            {
                "id": header.id,
                "target": str(header.target),
                "stage": header.stage.value,
                "created_at": rfc3339(header.created_at),
                "ended_at": rfc3339(header.ended_at),
                "reason": redacted(header.reason),
            }
            for header in headers
        ],
        "damaged": list(session.journal().damaged()),
    }


def _json(value: Any) -> str:
    return redacted(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def _tail(path: Path) -> str:
    """The end of a file; why it cannot be read where it cannot."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LARGEST))
            return file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}\n"


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _write(target: Path, files: dict[str, str]) -> None:
    """The archive, readable by its owner only. Raises UsageError."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"vmss-tui-support/{name}")
            data = text.encode("utf-8", "replace")
            entry.size, entry.mode, entry.mtime = len(data), paths.FILE_MODE, int(datetime.now(UTC).timestamp())
            archive.addfile(entry, io.BytesIO(data))
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, paths.FILE_MODE)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}", hint="Name another file with --output.") from error
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, paths.FILE_MODE)
        file.write(buffer.getvalue())
