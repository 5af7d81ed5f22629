"""The text that saving a profile writes: a new file whole, an existing one with only what changed. Pure but for bases.

A file that extends another keeps saying only what differs from it.
"""

from dataclasses import replace
from pathlib import Path

from vmss_tui.errors import SaveRefused
from vmss_tui.profiles.format.document import parse
from vmss_tui.profiles.format.edit_toml import changed_text
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.format.write_toml import Table, dump, to_table


def new_text(profile: Profile, path: Path) -> str:
    """The text of a new file at `path`."""
    return dump(replace(profile, path=path), path.parent)


def edited_text(text: str, profile: Profile, path: Path) -> str:
    """The text of the profile's own file with what changed, its comments, order and formatting as they are.

    Raises SaveRefused (reason `base` or `format`) when the file cannot say it.
    """
    before, after = _table_of(text, path), to_table(profile, path.parent)
    if before == after:
        return text
    try:
        changed = changed_text(text, before, after)
    except ValueError as problem:
        raise _refused(path, f"{problem}") from problem
    if _table_of(changed, path) == after:
        return changed
    if profile.extends:
        raise SaveRefused(
            f"{path.name} cannot remove what it gets from {profile.extends}",
            reason="base",
            hint="give it another value, or save it under another name without its base",
        )
    raise _refused(path, "a change cannot be expressed in it")


def _table_of(text: str, path: Path) -> Table:
    """What a file says together with its bases."""
    profile, _ = build(parse(text, path), path.stem)
    return to_table(profile, path.parent)


def _refused(path: Path, why: str) -> SaveRefused:
    return SaveRefused(
        f"{path.name} cannot be saved without rewriting it: {why}",
        reason="format",
        hint="save it under another name, or edit the file itself",
    )
