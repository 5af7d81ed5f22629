"""The pages that need no app: the list of rollouts, a rollout's record, and the form for a token.

They are read on a phone and work without JavaScript: a page of a running rollout asks to be loaded again; a script that
is notified of new events does so at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources

from vmss_tui.domain.rollout.team.presence import Watcher
from vmss_tui.journal.rows import RolloutHeader
from vmss_tui.presentation.glyphs import STAGE
from vmss_tui.presentation.rollout.history import watcher_names
from vmss_tui.redact import redacted
from vmss_tui.text import visible

REFRESH_SECONDS = 15
"""How often a browser without JavaScript loads the page of a running rollout again."""
_HEAD = "</head>"


@dataclass(frozen=True, slots=True)
class Around:
    """Which host holds a rollout, and who watches it."""

    holder: str = ""
    watchers: tuple[Watcher, ...] = ()

    @property
    def words(self) -> str:
        """Both, for people."""
        held = f"runner on {visible(self.holder)}" if self.holder else ""
        watched = f"watched by {watcher_names(self.watchers)}" if self.watchers else ""
        return " · ".join(filter(None, (held, watched)))


def live(document: str, rollout: str, around: Around, *, seq: int, over: bool) -> str:
    """The HTML record of a rollout as a page of this server; one that is not over keeps itself up to date.

    `seq` is the last event that the record shows: newer events are announced as soon as the page listens.
    """
    links = '<nav><a href="/rollouts">All rollouts</a> · <a href="/">The app</a></nav>'
    people = f'<p class="around">{escape(redacted(around.words))}</p>' if around.words else ""
    page = document.replace("<body>", f'<body data-rollout="{escape(rollout)}" data-seq="{seq}">{links}{people}', 1)
    page = page.replace(_HEAD, f"<style>{_own_style()}</style>{_HEAD}", 1)
    if over:
        return page
    fresh = f'<noscript><meta http-equiv="refresh" content="{REFRESH_SECONDS}"></noscript>'
    return page.replace(_HEAD, f'{fresh}<script src="/live.js" defer></script>{_HEAD}', 1)


def rollouts(headers: Sequence[RolloutHeader], around: Mapping[str, Around]) -> str:
    """The list, newest first."""
    rows = "".join(_row(header, around.get(header.id, Around())) for header in headers)
    table = (
        f'<div class="scroll"><table><tr><th>rollout</th><th>scale set</th><th>version</th><th>state</th>'
        f"<th>started (UTC)</th><th>who</th><th>runner</th><th>watched by</th></tr>{rows}</table></div>"
        if headers
        else "<p>No rollout yet.</p>"
    )
    return _page("Rollouts", f'<nav><a href="/">The app</a></nav><h1>Rollouts</h1>{table}', refresh=REFRESH_SECONDS)


def door(*, wrong: bool, acts: bool) -> str:
    """The form that asks for a token."""
    note = '<p class="bad" role="alert">The token is not correct.</p>' if wrong else ""
    what = "to change Azure through the app" if acts else "to look"
    return _page(
        "vmss-tui",
        f"<h1>vmss-tui</h1><p>Enter the token {what}. It is printed by <code>vmss-tui serve</code>.</p>{note}"
        '<form method="post" action="/enter"><input type="password" name="token" autofocus required'
        ' autocomplete="current-password" aria-label="Token"> <button>Enter</button></form>',
    )


def message(title: str, text: str, *, passes: bool = False) -> str:
    """A page that says one thing; one about what `passes` by itself is loaded again."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", refresh=REFRESH_SECONDS if passes else 0)


def _row(header: RolloutHeader, around: Around) -> str:
    mark = STAGE[header.stage]
    state = f"{mark.glyph.show()} {mark.word}"
    cells = (
        f'<a href="/rollouts/{escape(header.id)}">{escape(header.id)}</a>',
        escape(header.target.short),
        escape(header.label),
        f'<span class="{mark.role.value}">{escape(state)}</span>',
        f"{header.created_at:%Y-%m-%d %H:%M}",
        escape(header.who),
        escape(around.holder),
        escape(watcher_names(around.watchers)),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _page(title: str, body: str, *, refresh: int = 0) -> str:
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return visible(
        redacted(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width">{again}<title>{escape(title)}</title>'
            f"<style>{style()}</style></head>\n<body>{body}</body></html>\n"
        )
    )


@cache
def style() -> str:
    """The style of the record and of the pages around it."""
    return resources.files("vmss_tui.report").joinpath("report.css").read_text(encoding="utf-8") + _own_style()


def _own_style() -> str:
    return resources.files("vmss_tui.web").joinpath("pages.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """What keeps the page of a running rollout up to date."""
    return resources.files("vmss_tui.web").joinpath("live.js").read_text(encoding="utf-8")
