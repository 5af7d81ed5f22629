"""Profiles from the deploy form: choose one to start from, save what is typed as one.

Nothing is lost without a question before the write. Effects only. Must not import Textual.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from vmss_tui.app.effects import Ask, AskText, Complain, Effects, FocusField, Pick, Question, Say
from vmss_tui.app.screens.deploy.form import Form
from vmss_tui.errors import SaveRefused, VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.profiles.rows import PROFILES, Known
from vmss_tui.profiles.store.store import ProfileStore


def pick_profile(title: str, store: ProfileStore, now: datetime, picked: Callable[[str], Effects]) -> Effects:
    """Choose one of the profiles that can be used; `picked` gets its name."""
    entries = [entry for entry in store.list() if not entry.problem and not entry.shadowed]

    def answered(key: str | None) -> Effects:
        name = next((entry.name for entry in entries if str(entry.path) == key), None)
        return picked(name) if name is not None else ()

    table, known = PROFILES.without("drift"), Known(now=now)
    rows = [table.row(entry, known) for entry in entries]
    return (Pick(title=title, columns=table.columns, rows=rows, empty="no profiles", then=answered),)


class ProfileSaver:
    """Saves the profile of a form under a name that is asked for."""

    def __init__(self, form: Form, store: ProfileStore, saved: Callable[[Path], Effects]) -> None:
        """`saved` gets the file once it is written."""
        self._form = form
        self._store = store
        self._saved = saved

    def ask_name(self, name: str) -> Effects:
        """Ask for the name, then save; not while a field holds text that would be missing in the file."""
        key = self._form.unreadable
        if key is not None:
            problem = self._form.problems(key)[0].message
            return (Say(f"not saved: {key.split('.', 1)[-1]} {problem}", Role.BAD), FocusField(key))
        return (AskText("Save as profile", name, lambda typed: self.save(typed) if typed is not None else ()),)

    def save(self, name: str, *, overwrite: bool = False) -> Effects:
        """Write the file; ask first if something would be lost."""
        try:
            path = self._store.save(self._form.renamed(name), overwrite=overwrite)
            profile = self._store.get(str(path))
        except SaveRefused as refused:
            return self._refused(refused, name)
        except VmssTuiError as error:
            return (Complain(error),)
        self._form.saved(profile)
        return self._saved(path)

    def _refused(self, refused: SaveRefused, name: str) -> Effects:
        """Offer another name; to overwrite only where no other person's change is lost; esc saves nothing."""
        if refused.reason == "rights":
            return (Complain(refused),)
        replaceable = refused.reason == "exists"

        def answered(yes: bool | None) -> Effects:
            if yes is None:
                return ()
            if yes and replaceable:
                return self.save(name, overwrite=True)
            return self.ask_name(f"{name}-copy") if replaceable or yes else ()

        no, yes = ("Save as …", "Overwrite") if replaceable else ("No", "Save as …")
        hint = (((refused.hint, Role.PLAIN),),) if refused.hint else ()
        return (Ask(Question(title=refused.message, no=no, yes=yes, details=hint), answered),)
