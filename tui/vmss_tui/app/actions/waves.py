"""The part of the action table that belongs to a rollout over several scale sets. Must not import Textual."""

from vmss_tui.app.actions.action import Action, Place, every, on, online, over, unfinished
from vmss_tui.app.actions.rollout import orphaned

_HERE = (Place.WAVES,)

WAVES = (
    Action(
        id="waves.open", keys=("enter",), label="open", help="Open the live screen of the selected set's rollout",
        places=_HERE, footer=True, enabled=on("a scale set"),
    ),
    Action(
        id="waves.pause", keys=("p",), label="pause", help="Pause all waves, or resume them (asks first)",
        places=_HERE, dangerous=True, footer=True, enabled=unfinished,
    ),
    Action(
        id="waves.approve", keys=("a",), label="approve", help="Approve the next wave (asks first)",
        places=_HERE, dangerous=True, enabled=unfinished,
    ),
    Action(
        id="waves.cancel", keys=("ctrl+x",), label="cancel",
        help="Cancel the waves and every set in progress; updated instances keep the new version (asks first)",
        places=_HERE, dangerous=True, footer=True, enabled=unfinished,
    ),
    Action(
        id="waves.schedule", keys=("f10",), label="start time",
        help="Give scheduled waves another time: `now` starts them, `window` with the windows of the first wave",
        places=_HERE, dangerous=True, enabled=unfinished,
    ),
    Action(
        id="waves.retry", keys=("t",), label="retry",
        help="Retry the failed sets and continue with the rest in new waves (asks first)",
        starts=True, places=_HERE, dangerous=True, enabled=every(over, online),
    ),
    Action(
        id="waves.undo", keys=("z",), label="undo",
        help="Roll every changed set back in new waves (asks first)",
        starts=True, places=_HERE, dangerous=True, enabled=every(over, online),
    ),
    Action(
        id="waves.resume", keys=("r",), label="resume",
        help="Start a new runner for the waves when they have none; no set is started twice",
        starts=True, places=_HERE, dangerous=True, enabled=orphaned,
    ),
    Action(
        id="waves.report", keys=("o",), label="report", help="Show the report with a part for each set",
        places=_HERE, footer=True,
    ),
    Action(
        id="waves.raw", keys=("y",), label="raw JSON", help="Show the logs as JSON lines", places=_HERE,
    ),
    Action(
        id="waves.copy", keys=("c",), label="copy", help="Copy the rollout id (OSC 52, works over SSH)", places=_HERE,
    ),
)  # fmt: skip
