"""What an action is: keys, words, danger, and why it cannot be done right now.

Data and pure functions; the table itself is in `actions`. Must not import Textual, so that the README's key table
can be made without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vmss_tui.domain.rollout.stage import Stage


class Place(StrEnum):
    """Where an action belongs; the value is the heading in help."""

    ANYWHERE = "Anywhere"
    FLEET = "Fleet"
    SCALE_SET = "Scale set"
    DEPLOY = "Deploy"
    ROLLOUT = "Rollout"
    WAVES = "Waves"
    ROLLOUTS = "Rollouts"
    PROFILES = "Profiles"


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Why nothing may be changed: `short` for the header, `why` with the next step; no `short` for read-only mode."""

    short: str
    why: str
    allows: frozenset[str] = frozenset()
    """Ids of dangerous actions that may be done all the same."""


READ_ONLY = ReadOnly("", "read-only mode: start without --read-only to make changes")
GUEST = (
    "not for who only looks on in a browser: it writes files, signs in or starts a program on the host of the server"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionState:
    """The state of a screen by which an action is judged."""

    read_only: ReadOnly | None = None
    """Why nothing may be changed; None when it may."""
    guest: bool = False
    """Whether the person only looks on in a browser: the files and programs of the host are the host's owner's."""
    offline: str = ""
    """Why Azure cannot be asked, in a sentence; empty when it can."""
    no_runner: str = ""
    """Why no runner could sign in as this session does, with the next step; empty when one can."""
    subject: str = ""
    """Name of what the cursor is on; empty when it is on nothing."""
    stage: Stage | None = None
    """Stage of the rollout on the screen."""
    runner_alive: bool = True
    """Whether that rollout's runner is at work."""
    blocked: Mapping[str, str] = field(default_factory=dict)
    """Reasons by action id that only the screen knows."""
    first: tuple[str, ...] = ()
    """Ids of the actions that the bottom line begins with now, including those that it does not usually show."""
    without: frozenset[str] = frozenset()
    """Ids of actions that make no sense in the bottom line now."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Other labels by action id."""
    typing: tuple[tuple[str, str], ...] | None = None
    """Keys of the text that is being typed, with what they do; None where single characters are keys of the screen."""


Judge = Callable[[ActionState], str | None]
"""Says why not, or None."""


def always(state: ActionState) -> str | None:
    """The action is possible."""
    return None


def online(state: ActionState) -> str | None:
    """Azure must be reachable."""
    return state.offline or None


def on(what: str) -> Judge:
    """The cursor must be on something: `on("a scale set")`."""

    def judge(state: ActionState) -> str | None:
        return None if state.subject else f"select {what} first"

    return judge


def unfinished(state: ActionState) -> str | None:
    """The rollout must not be over."""
    if state.stage is not None and state.stage.over:
        return f"the rollout has ended ({state.stage.word})"
    return None


def over(state: ActionState) -> str | None:
    """The rollout must have ended."""
    return None if state.stage is None or state.stage.over else f"the rollout has not ended ({state.stage.word})"


def every(*judges: Judge) -> Judge:
    """The first reason that any of them gives."""

    def judge(state: ActionState) -> str | None:
        return next((reason for judge in judges if (reason := judge(state))), None)

    return judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a person can do.

    `id` is `place.verb`; the screen of that place implements it as `do_verb`.
    """

    id: str
    keys: tuple[str, ...]
    """Textual key names; the first is the one that is shown."""
    label: str
    """One or two words for the footer."""
    help: str
    """A sentence for help, palette and tooltip."""
    places: tuple[Place, ...]
    dangerous: bool = False
    """It changes Azure: refused in read-only mode."""
    on_host: bool = False
    """It writes files of the person at the host, signs in for them or starts a program there: refused to guests."""
    starts: bool = False
    """It leads to a new runner: refused where none could sign in."""
    footer: bool = False
    """Shown at the bottom of the screen."""
    enabled: Judge = always

    @property
    def verb(self) -> str:
        """The last part of the id."""
        return self.id.rsplit(".", 1)[-1]

    def key(self, state: ActionState) -> str:
        """The key to show, as people write it: one that is not typed into a text; empty when all of them are."""
        keys = [shown(key) for key in self.keys]
        if state.typing is None:
            return keys[0]
        return next((key for key in keys if len(key) > 1 and key not in _TYPED), "")

    def refusal(self, state: ActionState) -> str | None:
        """Why it cannot be done now, in a sentence, or None."""
        if self.dangerous and state.read_only is not None and self.id not in state.read_only.allows:
            return state.read_only.why
        if self.on_host and state.guest:
            return GUEST
        if self.starts and state.no_runner:
            return state.no_runner
        return state.blocked.get(self.id) or self.enabled(state)


NAMES = {
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "full_stop": ".",
    "comma": ",",
    "at": "@",
}
"""Textual's names of keys that people write otherwise."""


_TYPED = frozenset(("enter", "esc", "delete", "space", "tab", "home", "end"))
"""Keys with a name that a text takes for itself."""


def shown(key: str) -> str:
    """A Textual key name as people write it: `question_mark` is `?`."""
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, NAMES.get(last, last)])
