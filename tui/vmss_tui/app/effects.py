"""What a controller wants done: a closed set of small values that its screen carries out.

Controllers hold what a screen is about and decide; they know no Textual. A question carries the function that turns
its answer into further effects, so that a test can answer without a terminal. `BaseScreen.perform` carries effects
out. Must not import Textual.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vmss_tui.presentation.glyphs import Role

if TYPE_CHECKING:
    from vmss_tui.app.session import Account
    from vmss_tui.app.shell import Destination
    from vmss_tui.domain.fleet.script import Secret
    from vmss_tui.errors import VmssTuiError
    from vmss_tui.presentation.header import Notice
    from vmss_tui.presentation.table import Column, Line, Row

Source: TypeAlias = "Callable[[int], Sequence[Line]]"
"""The lines of a text for a width in cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question before something happens. `yes` is a verb ("Start"), `details` say what will happen."""

    title: str
    yes: str
    details: tuple[Line, ...] = ()
    no: str = "No"
    type_this: str = ""
    """A name that must be typed before `yes` can be pressed; empty for small things."""
    role: Role = Role.WARN
    refresh: Callable[[], tuple[Line, ...]] | None = None
    """The details as they are now, where they change while the question is open."""


@dataclass(frozen=True, slots=True)
class SheetKey:
    """A key that only this sheet has; the screen beneath does what `then` returns."""

    key: str
    label: str
    """A word for the title line."""
    help: str
    then: Callable[[], Effects]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text over the screen; `copy` is what the clipboard gets (the lines as text when empty)."""

    lines: Source
    copy: str = ""
    markdown: str = ""
    """Markdown that is shown rendered; `lines` are its source."""
    keys: tuple[SheetKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Show a remark in the status line for some seconds."""

    text: str
    role: Role = Role.PLAIN


@dataclass(frozen=True, slots=True)
class Complain:
    """Show an error with its next step in the status line."""

    error: VmssTuiError


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask yes or no: True and False are the two buttons, None is esc."""

    question: Question
    then: Callable[[bool | None], Effects]


@dataclass(frozen=True, slots=True)
class AskText:
    """Ask for a line of text; None when the question was left."""

    title: str
    value: str
    then: Callable[[str | None], Effects]
    optional: bool = False
    """Whether an empty line is an answer."""


@dataclass(frozen=True, slots=True)
class AskSecret:
    """Ask for a protected value, which is never shown; None when the question was left."""

    question: str
    then: Callable[[Secret | None], Effects]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Choose a row; the answer is its key, None when the list was left."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str
    then: Callable[[str | None], Effects]


@dataclass(frozen=True, slots=True)
class EditText:
    """Edit a text in the user's editor; `suffix` names its kind for the editor."""

    text: str
    suffix: str
    then: Callable[[str], Effects]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Do something that takes time; a VmssTuiError that it raises is shown.

    `waiting` is shown in the status line meanwhile. Work of a `group` replaces what still runs in it.
    """

    group: str
    job: Callable[[], Awaitable[Effects]]
    waiting: str = ""
    local: bool = False
    """It happens on this host: it is not given up when Azure does not answer."""


@dataclass(frozen=True, slots=True)
class Later:
    """Do something after `seconds`, once, however often it is asked for until then."""

    key: str
    seconds: float
    then: Callable[[], Effects]


@dataclass(frozen=True, slots=True)
class RunProgram:
    """Lend the terminal to a program until it ends; `title` is printed above it, `then` gets its exit status."""

    command: Sequence[str]
    title: str
    then: Callable[[int], Effects]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Show a text over the screen that takes time to get; `waiting` is shown after some seconds."""

    title: str
    fetch: Callable[[], Awaitable[Sheet]]
    waiting: Callable[[float], Notice]


@dataclass(frozen=True, slots=True)
class Show:
    """Show a text over the screen."""

    title: str
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Copy:
    """Put a text on the clipboard; `what` names it."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Open an address in a browser; show it where there is none."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open another screen on top of this one."""

    destination: Destination


@dataclass(frozen=True, slots=True)
class Switch:
    """Sign in otherwise."""

    account: Account


@dataclass(frozen=True, slots=True)
class Replace:
    """Close this screen and open another in its place."""

    destination: Destination


@dataclass(frozen=True, slots=True)
class Close:
    """Close this screen."""


@dataclass(frozen=True, slots=True)
class Repaint:
    """Show everything as it is now."""


@dataclass(frozen=True, slots=True)
class RebuildFields:
    """The form has other fields than before."""


@dataclass(frozen=True, slots=True)
class FillField:
    """Put a text into a field of the form, as if a person had typed it."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class FocusField:
    """The keyboard goes to a field of the form."""

    key: str


@dataclass(frozen=True, slots=True)
class ShowPlan:
    """Show the plan where there is no room for it beside the form."""


Remark: TypeAlias = Say | Complain | Copy
Dialog: TypeAlias = Ask | AskText | AskSecret | Pick | Show | OpenLink | Fetch
Task: TypeAlias = EditText | RunProgram | Work | Later
Move: TypeAlias = Open | Replace | Close | Switch
FormEffect: TypeAlias = RebuildFields | FillField | FocusField | ShowPlan
"""Effects that only a screen with a form carries out."""

Effect: TypeAlias = Remark | Dialog | Task | Move | Repaint | FormEffect
Effects: TypeAlias = tuple[Effect, ...]
