"""`report --verify`: whether the record of a rollout, or an export of it, is as it was written."""

from contextlib import closing
from pathlib import Path

from vmss_tui.cli import diagnostics, output
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal.check import check_rollout
from vmss_tui.journal.databases.place import opened
from vmss_tui.journal.store import Journal
from vmss_tui.report.verify import Proof, prove, verify_export
from vmss_tui.text import counted


def verify_journal(journal: Journal, rollout: str, head: str, *, as_json: bool) -> int:
    """Verify a rollout (full id) of the journal; returns the exit code."""
    with closing(opened(journal.place, read_only=True)) as database:
        problems = [problem.message for problem in check_rollout(database, rollout)]
    return _answer(prove(rollout, journal.links(rollout), problems, head), head, as_json=as_json)


def verify_file(path: Path, head: str, *, as_json: bool) -> int:
    """Verify an export as JSON lines; returns the exit code. Raises UsageError for a file that is not one."""
    try:
        proof = verify_export(path.read_text(encoding="utf-8"), head)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="Choose another file.") from error
    except ValueError as error:
        raise UsageError(
            f"{path} cannot be verified: {error}", hint="Write it with `vmss-tui report --format jsonl`."
        ) from error
    return _answer(proof, head, as_json=as_json)


def _answer(proof: Proof, head: str, *, as_json: bool) -> int:
    verified = not proof.problems
    if as_json:
        output.document(
            {
                "rollout": proof.rollout,
                "verified": verified,
                "events": proof.events,
                "head": proof.head or None,
                "ended": proof.ended,
                "problems": list(proof.problems),
            }
        )
    else:
        output.lines(_sentences(proof))
    if verified and not proof.ended and not head:
        diagnostics.say(
            "the record has no end: missing events at its end cannot be detected",
            "Give the head that you kept with --head HASH.",
        )
    return 0 if verified else JournalUnavailable.exit_code


def _sentences(proof: Proof) -> list[str]:
    size = counted(proof.events, "event")
    if proof.problems:
        return [f"rollout {proof.rollout}: NOT verified, {size}", *(f"  {problem}" for problem in proof.problems)]
    return [f"rollout {proof.rollout}: verified, {size}, none changed or removed", f"  head {proof.head}"]
