"""Protected values, revealed as late as possible: from the environment, a file, a person, or given by the caller.

Never logs, stores or returns anything but `Secret`. Key Vault references are not revealed: Azure reads them itself.
Where no person can be asked, `VMSS_TUI_SECRET_NAME` in the environment answers for a person.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, assert_never

from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.errors import ProfileInvalid
from vmss_tui.paths import expanded
from vmss_tui.references import from_environment, from_file

VARIABLES = "VMSS_TUI_SECRET_"
"""How the environment variables begin that hold what a person would type."""


def variable_of(name: str) -> str:
    """The environment variable that answers for a person: `VMSS_TUI_SECRET_STORAGEACCOUNTKEY`."""
    return VARIABLES + re.sub(r"\W", "_", name).upper()


def reveal(
    refs: Mapping[str, SecretRef],
    *,
    environ: Mapping[str, str],
    prompt: Callable[[str], str] | None = None,
    given: Mapping[str, Secret] | None = None,
) -> Mapping[str, Secret]:
    """The values of protected settings by Azure's name. `given` wins; `prompt` gets the question to ask.

    Raises ProfileInvalid naming the setting and the variable or file, never the value.
    """
    known = given or {}
    return {
        name: known[name] if name in known else Secret(_shaped(name, _value(name, ref, environ, prompt)))
        for name, ref in refs.items()
        if name in known or ref.source is not SecretSource.KEY_VAULT
    }


def to_prompt_for(refs: Mapping[str, SecretRef]) -> Mapping[str, str]:
    """Protected settings that a person must type, with the question; for the form and the command line.

    A literal is asked for once it went through a journal, which does not keep it.
    """
    return {name: question(name, ref) for name, ref in refs.items() if _typed(ref)}


def _typed(ref: SecretRef) -> bool:
    return ref.source is SecretSource.PROMPT or (ref.source is SecretSource.LITERAL and not ref.where)


def question(name: str, ref: SecretRef) -> str:
    """What to ask for a setting that a person must type."""
    if ref.source is SecretSource.LITERAL:
        return f"Value of {name}, which a rollout does not keep"
    return ref.where if ref.where and ref.where != name else f"Value of {name}"


def travelling(
    refs: Mapping[str, SecretRef],
    *,
    environ: Mapping[str, str] | None = None,
    prompt: Callable[[str], str] | None = None,
    given: Mapping[str, Secret] | None = None,
) -> Mapping[str, Secret]:
    """Only the values that no other process could find again: prompts and literals.

    They must travel to the runner; environment and file references are revealed there. Raises ProfileInvalid.
    """
    lost = {name: ref for name, ref in refs.items() if ref.source in (SecretSource.PROMPT, SecretSource.LITERAL)}
    return reveal(lost, environ=environ or {}, prompt=prompt, given=given)


def _value(name: str, ref: SecretRef, environ: Mapping[str, str], prompt: Callable[[str], str] | None) -> str:
    match ref.source:
        case SecretSource.ENV:
            return from_environment(name, ref.where, environ)
        case SecretSource.FILE:
            return from_file(name, expanded(ref.where))
        case SecretSource.LITERAL if ref.where:
            return ref.where
        case SecretSource.LITERAL | SecretSource.PROMPT | SecretSource.KEY_VAULT:
            return environ.get(variable_of(name), "") or _asked(name, ref, prompt)
        case _:
            assert_never(ref.source)


def _asked(name: str, ref: SecretRef, prompt: Callable[[str], str] | None) -> str:
    if prompt is None:
        literal = ref.source is SecretSource.LITERAL
        why = "is not kept with a rollout" if literal else "must be typed in"
        raise ProfileInvalid(
            f"{name} {why}, and this is not a terminal",
            hint=f"run it from a terminal, or put the value into ${variable_of(name)}",
        )
    value = prompt(question(name, ref))
    if not value:
        raise ProfileInvalid(f"no value was given for {name}", hint="type one, or change the profile")
    return value


def _shaped(name: str, value: str) -> object:
    """Lists and objects in the shape that Azure wants; everything else stays text."""
    if name == "managedIdentity":
        return _parsed(name, value, dict)
    if name != "fileUris":
        return value
    return _parsed(name, value, list) if value.lstrip().startswith("[") else value.split()


def _parsed(name: str, value: str, shape: type[dict[str, Any]] | type[list[Any]]) -> object:
    word = "array" if shape is list else "object"
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise ProfileInvalid(f"the value of {name} is not JSON", hint=f"it must be a JSON {word}") from None
    if not isinstance(found, shape):
        raise ProfileInvalid(f"the value of {name} is not a JSON {word}", hint="correct it where it is kept")
    return found
