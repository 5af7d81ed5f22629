"""What was typed into the form of a scale set and neither started nor saved. Protected values never are kept.

Must not import Textual.
"""

from collections.abc import Callable, Mapping

from vmss_tui import duration
from vmss_tui.app.effects import Ask, Effects, Question
from vmss_tui.app.screens.deploy.form import Form
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.ports import Clock
from vmss_tui.presentation.glyphs import Role
from vmss_tui.profiles.store.drafts import Drafts
from vmss_tui.text import seconds_between


class FormDraft:
    """The draft of one scale set's form."""

    def __init__(self, target: ScaleSetId, clock: Clock, *, kept: bool = True) -> None:
        """`kept` is False for a guest, whose input would otherwise be offered to the person who serves the app."""
        self.name = f"deploy {'/'.join(target.key)}"
        """The name under which it is kept."""
        self._kept = kept
        self._drafts = Drafts()
        self._clock = clock

    @property
    def fate(self) -> str:
        """Keep or drop the typed texts when the form is closed."""
        if self._kept:
            return "Your changes are kept as a draft and offered when you come back."
        return "Your changes are lost: nothing is kept for who only looks on."

    def keep(self, form: Form | None) -> None:
        """Write down what is typed, if anything is."""
        if self._kept and form is not None and form.dirty:
            self._drafts.keep(self.name, form.texts(), self._clock.now())

    def drop(self) -> None:
        """Forget it."""
        if self._kept:
            self._drafts.drop(self.name)

    def offer(self, form: Form, restore: Callable[[Mapping[str, str]], Effects]) -> Effects:
        """Ask whether to continue with it; only a deliberate answer discards it. Nothing when it adds nothing."""
        draft = self._drafts.find(self.name) if self._kept else None
        if draft is None:
            return ()
        texts, at = draft
        if all(texts.get(key, text) == text for key, text in form.texts().items()):
            self.drop()
            return ()
        question = Question(
            title=f"Restore your draft ({duration.ago(seconds_between(at, self._clock.now()))})?",
            yes="Discard",
            no="Restore",
            details=((("It was neither started nor saved. Discarding deletes it.", Role.PLAIN),),),
            role=Role.ACCENT,
        )

        def answered(discard: bool | None) -> Effects:
            if discard:
                self.drop()
                return ()
            return restore(texts)

        return (Ask(question, answered),)
