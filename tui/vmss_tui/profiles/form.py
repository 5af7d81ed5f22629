"""A profile as the fields of a form: each key as text, and text back into the profile, judged while it is typed.

Pure. The same table of keys and the same checks as for files, so a form can never accept what a file may not say.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, ExternalGate, RolloutPolicy
from vmss_tui.profiles.format.fields import PROFILE
from vmss_tui.profiles.format.problem import LintProblem
from vmss_tui.profiles.format.profile import FileRef, Profile, Rerun
from vmss_tui.profiles.format.read import handler_for
from vmss_tui.profiles.format.sections import Group, Key, Kind
from vmss_tui.profiles.format.values import Refused, parse_flag, parse_value, refuse, show_value
from vmss_tui.profiles.lint.lint import check
from vmss_tui.redact import redacted

HIDDEN = "***"
"""The text of a field whose value is not shown; typed again it changes nothing."""
_BARE = re.compile(r"[^\s'\"\\#]+").fullmatch
"""A word that a shell's quoting would leave as it is, or with braces in it, as `${version}`."""
SET_DEFAULT = "set default"
"""The text of the field of the upgrade mode while the set's own mode is used."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A profile after one field was typed into; unchanged when the text could not be read."""

    profile: Profile
    problems: tuple[LintProblem, ...] = ()
    """What is wrong with this field (and only this one)."""


def form_keys(group: Group) -> tuple[tuple[str, Key], ...]:
    """The fields of a group of the form, as paths and keys, in the order of the table."""
    return tuple((path, key) for path, key in _keys() if key.form is not None and key.form.group is group)


def form_paths() -> tuple[str, ...]:
    """Every key that the form can show and change, protected settings aside."""
    return (*_MORE, *(path for group in Group for path, _ in form_keys(group)))


def choices(key: Key) -> tuple[str, ...]:
    """What can be chosen in a field; empty where anything can be typed."""
    if key.name == "mode":
        return (SET_DEFAULT, *(word for word in key.choices if word != "automatic"))
    if key.kind is Kind.FLAG or key.name == "rerun":
        return ("no", "yes")
    return key.choices


def show_field(profile: Profile, path: str) -> str:
    """The text of a field. Raises KeyError for a key that no form has."""
    if path.startswith("protected."):
        return _show_reference(profile.protected.get(path.removeprefix("protected.")))
    match path:
        case "script.files":
            return "\n".join(file.uri for file in profile.script.files)
        case "script.rerun":
            return "yes" if profile.script.rerun is Rerun.ALWAYS else "no"
        case "rollout.batch":
            return show_steps(profile.policy.steps)
        case "rollout.gate":
            return show_gate(profile.policy.gate)
        case "rollout.mode" if profile.policy.mode is None:
            return SET_DEFAULT
    holder, key = _place(path)
    return show_value(_get(_held(profile, holder), key.field), key)


def edit_field(profile: Profile, path: str, text: str) -> Edited:
    """Put text into a field, with everything that is now wrong with it. Raises KeyError for an unknown key."""
    try:
        changed = _put(profile, path, text)
    except Refused as refused:
        return Edited(profile, (refused.problem,))
    return Edited(changed, check_key(changed, path))


def check_key(profile: Profile, path: str) -> tuple[LintProblem, ...]:
    """The problems of a profile at a key and below it."""
    aliases = {"rollout.batch": ("rollout.steps",), "script.inline": ("script.inline_file",)}
    paths = (path, *aliases.get(path, ()))
    return tuple(problem for problem in check(profile) if any(_below(problem.key, parent) for parent in paths))


def _below(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


def parse_steps(text: str) -> tuple[BatchStep, ...]:
    """`20%`, `12`, or a list such as `1, 10%!, 50%, 100%` where `!` waits for approval. Raises Refused."""
    steps = []
    for part in text.replace(";", ",").split(","):
        word = part.strip()
        try:
            steps.append(BatchStep(Amount.parse(word.removesuffix("!")), word.endswith("!")))
        except ValueError as problem:
            raise refuse("rollout.batch", str(problem), "such as 20%, 12, or 1, 10%!, 50%, 100%") from problem
    return tuple(steps)


def show_steps(steps: tuple[BatchStep, ...]) -> str:
    """Steps as `parse_steps` reads them."""
    return ", ".join(f"{step.amount}{'!' if step.approve else ''}" for step in steps)


def parse_gate(text: str, before: ExternalGate | None) -> ExternalGate | None:
    """A command with its arguments as a shell reads them, or an address; nothing for no gate. Raises Refused.

    What only a file says, such as the time limit, stays as in the gate `before`.
    """
    word, kept = text.strip(), before or ExternalGate()
    if before is not None and text == show_gate(before):
        return before
    if not word:
        return None
    if "://" in word.split()[0]:
        return replace(kept, command=(), url=word)
    try:
        return replace(kept, command=tuple(shlex.split(word)), url="")
    except ValueError as problem:
        raise refuse("rollout.gate", f"cannot be read: {str(problem).lower()}", "close the quote") from problem


def show_gate(gate: ExternalGate | None) -> str:
    """A gate as `parse_gate` reads it; one that holds a secret is not shown."""
    if gate is None:
        return ""
    text = gate.url or " ".join(word if _BARE(word) else shlex.quote(word) for word in gate.command)
    return text if redacted(text) == text else HIDDEN


def parse_reference(name: str, text: str) -> SecretRef:
    """`$NAME`, `@file`, `?` or `? a question`. Raises Refused for anything else: it may be a secret itself."""
    word = text.strip()
    if word.startswith("$") and len(word) > 1:
        return SecretRef(SecretSource.ENV, word[1:])
    if word.startswith("@") and len(word) > 1:
        return SecretRef(SecretSource.FILE, word[1:].strip())
    if word.startswith("?"):
        return SecretRef(SecretSource.PROMPT, word[1:].strip() or name)
    raise refuse(f"protected.{name}", "is not a reference", "write $NAME, @file, or ? to be asked", "literal")


def _show_reference(ref: SecretRef | None) -> str:
    if ref is None:
        return ""
    marks = {SecretSource.ENV: "$", SecretSource.FILE: "@", SecretSource.PROMPT: "? "}
    return f"{marks[ref.source]}{ref.where}".strip() if ref.source in marks else HIDDEN


# -- the place of a field -------------------------------------------------------------------------------------------


def _keys() -> Iterator[tuple[str, Key]]:
    """Every key of the file and of its sections."""
    for top in PROFILE.keys:
        yield top.name, top
        for key in top.section.keys if top.section is not None else ():
            yield f"{top.name}.{key.name}", key


def _place(path: str) -> tuple[str, Key]:
    """The profile's field that holds the key, empty for the profile itself; and the key. Raises KeyError."""
    section, _, name = path.rpartition(".")
    holder = PROFILE.key(section)
    key = next((key for known, key in _keys() if known == path), None)
    editable = key is not None and (key.form is not None or path in _MORE)
    if key is None or not editable:
        raise KeyError(path)
    return (holder.field if holder is not None and name else ""), key


_MORE = ("name", "description", "owner", "script.inline")
"""Fields that the form shows in places of their own."""


def _held(profile: Profile, holder: str) -> Any:
    return getattr(profile, holder) if holder else profile


def _get(value: Any, attribute: str) -> Any:
    for name in attribute.split("."):
        value = getattr(value, name)
    return value


# -- text into the profile ------------------------------------------------------------------------------------------


def _put(profile: Profile, path: str, text: str) -> Profile:
    if path.startswith("protected."):
        return _put_reference(profile, path.removeprefix("protected."), text)
    special = _SPECIAL.get(path)
    if special is not None:
        return special(profile, text)
    holder, key = _place(path)
    if holder == "policy":
        return _put_policy(profile, path, key, text)
    value: Any = parse_value(text, key, path) if text.strip() or key.kind is not Kind.WHOLE else None
    if not holder:
        return replace(profile, **{key.field: value})
    changed: Any = replace(_held(profile, holder), **{key.field: value})
    return replace(profile, **{holder: changed})


def _put_reference(profile: Profile, name: str, text: str) -> Profile:
    rest = {known: ref for known, ref in profile.protected.items() if known != name}
    if not text.strip():
        return replace(profile, protected=rest, forced=profile.forced - {name})
    if text == HIDDEN and name in profile.protected:
        return profile
    return replace(profile, protected={**rest, name: parse_reference(name, text)})


def _put_policy(profile: Profile, path: str, key: Key, text: str) -> Profile:
    """A field of the policy; an empty one is no longer stated."""
    if text.strip() in ("", SET_DEFAULT):
        unstated: Any = {key.field: getattr(RolloutPolicy(), key.field)}
        given = profile.policy_given - {key.field}
        return replace(profile, policy=replace(profile.policy, **unstated), policy_given=given)
    word = text.lower() if key.kind is Kind.CHOICE else text
    return _with_policy(profile, key.field, parse_value(word, key, path))


def _with_policy(profile: Profile, name: str, value: Any) -> Profile:
    policy = replace(profile.policy, **{name: value})
    return replace(profile, policy=policy, policy_given=profile.policy_given | {name})


def _put_files(profile: Profile, text: str) -> Profile:
    pins = {file.uri: file.sha256 for file in profile.script.files}
    uris = [line.strip() for line in text.splitlines() if line.strip()]
    files = tuple(FileRef(uri, pins.get(uri, "")) for uri in uris)
    return replace(profile, script=replace(profile.script, files=files))


def _put_inline(profile: Profile, text: str) -> Profile:
    if text == profile.script.inline:
        return profile
    return replace(profile, script=replace(profile.script, inline=text, inline_file=""))


def _put_os(profile: Profile, text: str) -> Profile:
    _, key = _place("script.os")
    word = parse_value(text.lower(), key, "script.os")
    if word == profile.script.os.value:
        return profile
    return replace(profile, script=replace(profile.script, handler=handler_for(word)))


def _put_rerun(profile: Profile, text: str) -> Profile:
    always = parse_flag(text, "script.rerun")
    rerun = Rerun.ALWAYS if always else Rerun.WHEN_CHANGED
    changed = replace(profile, script=replace(profile.script, rerun=rerun))
    return _with_policy(changed, "force_rerun", always)


def _put_steps(profile: Profile, text: str) -> Profile:
    return _with_policy(profile, "steps", parse_steps(text))


def _put_gate(profile: Profile, text: str) -> Profile:
    gate = parse_gate(text, profile.policy.gate)
    if gate is not None:
        return _with_policy(profile, "gate", gate)
    return replace(profile, policy=replace(profile.policy, gate=None), policy_given=profile.policy_given - {"gate"})


_SPECIAL: dict[str, Callable[[Profile, str], Profile]] = {
    "script.files": _put_files,
    "script.inline": _put_inline,
    "script.os": _put_os,
    "script.rerun": _put_rerun,
    "rollout.batch": _put_steps,
    "rollout.gate": _put_gate,
}
"""Fields whose text changes more than one value, or that keep something which is not shown."""
