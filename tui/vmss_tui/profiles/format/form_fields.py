"""A profile as the fields of a form: each key as text, and text back into the profile, judged while it is typed.

Pure. The same spec and the same checks as for files, so a form can never accept what a file may not say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.profiles.format.building import POLICY_FIELDS, handler_for
from vmss_tui.profiles.format.problem import LintProblem
from vmss_tui.profiles.format.profile import FileRef, Profile, Rerun
from vmss_tui.profiles.format.spec import PROFILE, Key, Kind
from vmss_tui.profiles.format.values import READERS, Refused, refuse
from vmss_tui.profiles.lint.lint import check


@dataclass(frozen=True, slots=True)
class Edited:
    """A profile after one field was typed into; unchanged when the text could not be read."""

    profile: Profile
    problems: tuple[LintProblem, ...] = ()
    """What is wrong with this field (and only this one)."""


def show_field(profile: Profile, key: str) -> str:
    """The text of a field. Raises KeyError for a key that no form has."""
    if key.startswith("protected."):
        return _show_reference(profile.protected.get(key.removeprefix("protected.")))
    return _FIELDS[key].show(profile)


def edit_field(profile: Profile, key: str, text: str) -> Edited:
    """Put text into a field, with everything that is now wrong with it. Raises KeyError for an unknown key."""
    try:
        changed = _put(profile, key, text)
    except Refused as refused:
        return Edited(profile, (refused.problem,))
    return Edited(changed, check_key(changed, key))


def check_key(profile: Profile, key: str) -> tuple[LintProblem, ...]:
    """The problems of a profile at a key and below it."""
    aliases = {"rollout.batch": ("rollout.steps",), "script.inline": ("script.inline_file",)}
    keys = (key, *aliases.get(key, ()))
    return tuple(each for each in check(profile) if any(_below(each.key, one) for one in keys))


def _below(key: str, parent: str) -> bool:
    return key == parent or key.startswith((f"{parent}.", f"{parent}["))


def parse_steps(text: str) -> tuple[BatchStep, ...]:
    """`20%`, `12`, or a list such as `1, 10%!, 50%, 100%` where `!` waits for approval. Raises Refused."""
    found = []
    for part in text.replace(";", ",").split(","):
        word = part.strip()
        try:
            found.append(BatchStep(Amount.parse(word.removesuffix("!")), word.endswith("!")))
        except ValueError as problem:
            raise refuse("rollout.batch", str(problem), "such as 20%, 12, or 1, 10%!, 50%, 100%") from problem
    return tuple(found)


def show_steps(steps: tuple[BatchStep, ...]) -> str:
    """Steps as `parse_steps` reads them."""
    return ", ".join(f"{str(each.amount).replace(' ', '')}{'!' if each.approve else ''}" for each in steps)


def parse_reference(name: str, text: str) -> SecretRef:
    """`$NAME`, `@file`, `?` or `? a question`. Raises Refused for anything else: it may be a secret itself."""
    word = text.strip()
    if word.startswith("$") and len(word) > 1:
        return SecretRef(SecretSource.ENV, word[1:])
    if word.startswith("@") and len(word) > 1:
        return SecretRef(SecretSource.FILE, word[1:].strip())
    if word.startswith("?"):
        return SecretRef(SecretSource.PROMPT, word[1:].strip() or name)
    raise refuse(f"protected.{name}", "is no reference", "write $NAME, @file, or ? to be asked", "literal")


def _show_reference(ref: SecretRef | None) -> str:
    if ref is None:
        return ""
    marks = {SecretSource.ENV: "$", SecretSource.FILE: "@", SecretSource.PROMPT: "? "}
    return f"{marks[ref.source]}{ref.where}".strip() if ref.source in marks else "***"


def _put(profile: Profile, key: str, text: str) -> Profile:
    if key.startswith("protected."):
        name = key.removeprefix("protected.")
        rest = {each: ref for each, ref in profile.protected.items() if each != name}
        if not text.strip():
            return replace(profile, protected=rest, forced=profile.forced - {name})
        if text == "***" and name in profile.protected:
            return profile
        return replace(profile, protected={**rest, name: parse_reference(name, text)})
    return _FIELDS[key].put(profile, text)


@dataclass(frozen=True, slots=True)
class _Field:
    show: Callable[[Profile], str]
    put: Callable[[Profile, str], Profile]


def _top(name: str) -> _Field:
    def put(profile: Profile, text: str) -> Profile:
        value: Any = text.strip()
        return replace(profile, **{name: value})

    return _Field(lambda p: str(getattr(p, name)), put)


def _script(name: str) -> _Field:
    def put(profile: Profile, text: str) -> Profile:
        value: Any = text.strip()
        return replace(profile, script=replace(profile.script, **{name: value}))

    return _Field(lambda p: str(getattr(p.script, name)), put)


def _script_flag(name: str) -> _Field:
    def put(profile: Profile, text: str) -> Profile:
        value: Any = _yes(f"script.{name}", text)
        return replace(profile, script=replace(profile.script, **{name: value}))

    return _Field(lambda p: "yes" if getattr(p.script, name) else "no", put)


def _yes(key: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in ("yes", "no", "true", "false", ""):
        raise refuse(key, f"{text!r} is neither yes nor no", "write yes or no")
    return word in ("yes", "true")


def _report(name: str) -> _Field:
    def put(profile: Profile, text: str) -> Profile:
        value: Any = text.strip()
        return replace(profile, report=replace(profile.report, **{name: value}))

    return _Field(lambda p: str(getattr(p.report, name)), put)


def _put_files(profile: Profile, text: str) -> Profile:
    pins = {each.uri: each.sha256 for each in profile.script.files}
    uris = [line.strip() for line in text.splitlines() if line.strip()]
    return replace(
        profile, script=replace(profile.script, files=tuple(FileRef(uri, pins.get(uri, "")) for uri in uris))
    )


def _put_inline(profile: Profile, text: str) -> Profile:
    if text == profile.script.inline:
        return profile
    return replace(profile, script=replace(profile.script, inline=text, inline_file=""))


def _put_os(profile: Profile, text: str) -> Profile:
    word = READERS[Kind.TEXT](text.strip().lower(), _key("script.os"), "script.os")
    if word == profile.script.os.value:
        return profile
    return replace(profile, script=replace(profile.script, handler=handler_for(word)))


def _put_timestamp(profile: Profile, text: str) -> Profile:
    word = text.strip()
    if word and not word.removeprefix("-").isdecimal():
        raise refuse("script.timestamp", f"{text!r} is no whole number", "write a number, or nothing")
    return replace(profile, script=replace(profile.script, timestamp=int(word) if word else None))


def _put_rerun(profile: Profile, text: str) -> Profile:
    always = _yes("script.rerun", text)
    rerun = Rerun.ALWAYS if always else Rerun.WHEN_CHANGED
    changed = replace(profile, script=replace(profile.script, rerun=rerun))
    return _with_policy(changed, "force_rerun", always)


def _put_mode(profile: Profile, text: str) -> Profile:
    word = text.strip().lower()
    if word in ("", "own"):
        given = profile.policy_given - {"mode"}
        return replace(profile, policy=replace(profile.policy, mode=None), policy_given=given)
    mode = READERS[Kind.TEXT](word, _key("rollout.mode"), "rollout.mode")
    return _with_policy(profile, "mode", UpgradeMode(mode.capitalize()))


def _put_steps(profile: Profile, text: str) -> Profile:
    return _with_policy(profile, "steps", parse_steps(text))


def _with_policy(profile: Profile, name: str, value: Any) -> Profile:
    policy = replace(profile.policy, **{name: value})
    return replace(profile, policy=policy, policy_given=profile.policy_given | {name})


def _policy(key: str, name: str) -> _Field:
    spec = _key(f"rollout.{key}")
    default = getattr(RolloutPolicy(), name)

    def put(profile: Profile, text: str) -> Profile:
        word = text.strip()
        if not word:
            changed = _with_policy(profile, name, default)
            return replace(changed, policy_given=changed.policy_given - {name})
        return _with_policy(profile, name, _parsed(spec, word, f"rollout.{key}"))

    return _Field(lambda p: _shown(spec.kind, getattr(p.policy, name)), put)


def _parsed(spec: Key, word: str, key: str) -> Any:
    if spec.kind is Kind.FLAG:
        return _yes(key, word)
    if spec.kind is Kind.TEXTS:
        return tuple(part.strip() for part in word.split(",") if part.strip())
    return READERS[spec.kind](word, spec, key)


def _shown(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case Kind.DURATION:
            return duration.exact(value)
        case Kind.PERCENT:
            return f"{value}%"
        case Kind.FLAG:
            return "yes" if value else "no"
        case Kind.TEXTS:
            return ", ".join(value)
        case _:
            return str(value).replace(" %", "%")


def _key(path: str) -> Key:
    section, name = path.split(".")
    table = PROFILE.key(section)
    found = table.section.key(name) if table is not None and table.section is not None else None
    if found is None:
        raise KeyError(path)
    return found


_FIELDS: Mapping[str, _Field] = {
    **{name: _top(name) for name in ("name", "description", "owner")},
    "script.os": _Field(lambda p: p.script.os.value, _put_os),
    "script.name": _script("name"),
    "script.label": _script("label"),
    "script.files": _Field(lambda p: "\n".join(each.uri for each in p.script.files), _put_files),
    "script.command": _script("command"),
    "script.inline": _Field(lambda p: p.script.inline, _put_inline),
    "script.skip_dos2unix": _script_flag("skip_dos2unix"),
    "script.timestamp": _Field(lambda p: "" if p.script.timestamp is None else str(p.script.timestamp), _put_timestamp),
    "script.force_update_tag": _script("force_update_tag"),
    "script.rerun": _Field(lambda p: "yes" if p.script.rerun is Rerun.ALWAYS else "no", _put_rerun),
    "script.auto_upgrade_minor": _script_flag("auto_upgrade_minor"),
    "script.suppress_failures": _script_flag("suppress_failures"),
    "rollout.mode": _Field(lambda p: p.policy.mode.value.lower() if p.policy.mode else "", _put_mode),
    "rollout.batch": _Field(lambda p: show_steps(p.policy.steps), _put_steps),
    **{f"rollout.{key}": _policy(key, name) for key, name in POLICY_FIELDS.items()},
    **{f"report.{name}": _report(name) for name in ("why", "ticket")},
}
