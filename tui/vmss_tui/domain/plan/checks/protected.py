"""Checks of protected settings, which Azure never shows and replaces as a whole.

A write of `protectedSettings` with one key drops all others; a write without it keeps all. A handler refuses a command
that is both public and protected, on every instance, after the write was taken. Source: custom-script-extension-linux
`main/handlersettings.go` ("specified both in public and protected settings") and the extension's REST reference.
"""

from collections.abc import Iterator, Sequence

from vmss_tui.domain.fleet.script import COMMANDS, ScriptConfig
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, refuse, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan

_COMMANDS = frozenset(COMMANDS)
_WHOLE = "*"
"""Name under which one reference stands for the whole block (Key Vault)."""
_RESTORE = "Roll the old version out from its profile, with the command under [protected] as commandToExecute."
_MOVE = "Give the command under [protected] as commandToExecute."


_SAME_KEYS = info("protected-again", "the protected block is written again, and no key that it holds is dropped")


def command(facts: Facts) -> Iterator[Finding]:
    """Exactly one command, in the public or in the protected settings."""
    script, previous = facts.plan.script, facts.plan.previous
    public, protected = script.shows_command, bool(_COMMANDS & set(script.protected))
    hidden = previous is not None and hides_its_command(previous)
    if facts.plan.removes:
        return
    if public and protected:
        yield refuse(
            "command-twice",
            "the command is both in the public and in the protected settings: the handler refuses that on every "
            "instance",
            "Keep one of the two.",
        )
    elif public and hidden and not script.protected:
        yield refuse(
            "command-in-protected",
            "the set's command is in its protected settings, which stay as they are: a public command beside it fails "
            "on every instance",
            _RESTORE if facts.plan.purpose is Purpose.ROLLBACK else f"{_MOVE} That replaces the whole protected block.",
        )
    elif not (public or protected or _WHOLE in script.protected):
        yield from _no_command(script, hidden=hidden)


def _no_command(script: ScriptConfig, *, hidden: bool) -> Iterator[Finding]:
    if not hidden:
        yield refuse("no-command", "the script has neither a command nor an inline script", "Add commandToExecute.")
    elif script.protected:
        yield refuse(
            "command-dropped",
            "the set's command is in its protected settings, and this rollout replaces that block without a command",
            _MOVE,
        )
    else:
        yield info("command-hidden", "the command is in the protected settings, which Azure keeps and never shows")


def block(facts: Facts) -> Iterator[Finding]:
    """The effect of a write on existing protected settings."""
    plan = facts.plan
    previous = plan.previous
    if previous is None or plan.removes:
        return
    if not plan.script.protected:
        if not previous.protected_known:
            yield info(
                "protected-kept", "protected settings that Azure may hold for this extension are kept as they are"
            )
        return
    dropped = sorted(set(previous.protected) - set(plan.script.protected) - {_WHOLE})
    if dropped:
        yield _replaced(dropped)
    elif not previous.protected_known and not previous.protected:
        whole = previous.shows_command
        lost = (
            "undo cannot bring the old ones back"
            if whole
            else "the old command is among them and undo cannot restore it"
        )
        yield warn(
            "protected-unknown",
            "the whole protected block is replaced: a key that the profile does not give is dropped. Azure never shows "
            f"the block, so {lost}, unless an earlier rollout in this journal recorded where the values came from",
        )


def _replaced(dropped: Sequence[str]) -> Finding:
    verb, which = ("is", "it") if len(dropped) == 1 else ("are", "them")
    return warn(
        "protected-replaced",
        f"the whole protected block is replaced: {', '.join(dropped)} {verb} dropped, since the profile does not give "
        f"{which}",
        "Add to [protected] what the script still needs.",
    )


def by_the_record(plan: RolloutPlan, written: Sequence[str]) -> tuple[Finding, ...]:
    """The findings of a plan where `written` are the keys that a rollout wrote last: its dropped keys are known."""
    new = plan.script.protected
    if not written or not new or _WHOLE in (*new, *written):
        return plan.findings
    dropped = sorted(set(written) - set(new))
    found = _replaced(dropped) if dropped else _SAME_KEYS
    return tuple(found if finding.code == "protected-unknown" else finding for finding in plan.findings)


def hides_its_command(script: ScriptConfig) -> bool:
    """Whether a configuration that is on a set must have its command in the protected settings: nothing runs else."""
    return not script.shows_command and (not script.protected_known or bool(script.protected))


def signed(facts: Facts) -> Iterator[Finding]:
    """A version of which the journal keeps the settings without their secrets cannot be written again."""
    if facts.plan.script.sealed_digest and not facts.plan.removes:
        yield refuse(
            "secrets-gone",
            "the settings of this version held secrets, such as a signed address, that the journal no longer keeps: "
            "only a set's newest rollout has them",
            "Roll the version out again from its profile, with the secrets filled in.",
        )


CHECKS: tuple[Check, ...] = (command, block, signed)
