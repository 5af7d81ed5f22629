"""The one table of everything a person can do, by place.

It feeds bindings, footer, palette, help, the README's key table and read-only mode. Order is the order in the footer
and in help. Must not import Textual.
"""

from vmss_tui.app.actions.action import Action, Place, every, on, online
from vmss_tui.app.actions.rollout import DEPLOY, ROLLOUT

_LISTS = (Place.FLEET, Place.SCALE_SET, Place.ROLLOUTS, Place.PROFILES)
_TABLES = (*_LISTS, Place.ROLLOUT)

FLEET = (
    Action(
        id="fleet.open",
        keys=("enter",),
        label="open",
        help="Open the scale set under the cursor",
        places=(Place.FLEET,),
        footer=True,
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.deploy",
        keys=("e",),
        label="deploy",
        help="Edit the script of the scale set under the cursor and plan a rollout",
        places=(Place.FLEET,),
        footer=True,
        enabled=every(online, on("a scale set")),
    ),
    Action(
        id="fleet.favourite",
        keys=("asterisk",),
        label="star",
        help="Make the scale set under the cursor a favourite, or no longer one",
        places=(Place.FLEET,),
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.favourites",
        keys=("f",),
        label="favourites",
        help="Show favourites only, or everything again",
        places=(Place.FLEET,),
        footer=True,
    ),
)

SCALE_SET = (
    Action(
        id="scaleset.deploy",
        keys=("e",),
        label="deploy",
        help="Edit the script of this scale set and plan a rollout",
        places=(Place.SCALE_SET,),
        footer=True,
        enabled=online,
    ),
    Action(
        id="scaleset.output",
        keys=("l",),
        label="output",
        help="Show what the script of the instance under the cursor printed",
        places=(Place.SCALE_SET,),
        footer=True,
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.outputs",
        keys=("L",),
        label="all outputs",
        help="Show the output of all instances (or of the marked ones), equal outputs together",
        places=(Place.SCALE_SET,),
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.details",
        keys=("d", "enter"),
        label="details",
        help="Show everything known about the instance under the cursor",
        places=(Place.SCALE_SET,),
        footer=True,
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.name",
        keys=("n",),
        label="name version",
        help="Give the version that the instance under the cursor runs a name, for every screen and report",
        places=(Place.SCALE_SET,),
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.mark",
        keys=("space",),
        label="mark",
        help="Mark the instance under the cursor, or unmark it",
        places=(Place.SCALE_SET,),
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.faults",
        keys=("f",),
        label="faults",
        help="Show only instances that need attention, or all again",
        places=(Place.SCALE_SET,),
        footer=True,
    ),
)

ROLLOUTS = (
    Action(
        id="rollouts.open",
        keys=("enter",),
        label="open",
        help="Watch the rollout under the cursor, from its first event",
        places=(Place.ROLLOUTS,),
        footer=True,
        enabled=on("a rollout"),
    ),
    Action(
        id="rollouts.resume",
        keys=("r",),
        label="resume",
        help="Start a new runner for a rollout whose runner died; Azure is read first, nothing is done twice",
        places=(Place.ROLLOUTS,),
        dangerous=True,
        footer=True,
        enabled=on("a rollout"),
    ),
)

PROFILES = (
    Action(
        id="profiles.open",
        keys=("enter",),
        label="open",
        help="Show the profile under the cursor and what is wrong with it",
        places=(Place.PROFILES,),
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.deploy",
        keys=("e",),
        label="deploy to…",
        help="Choose a scale set and plan a rollout with the profile under the cursor",
        places=(Place.PROFILES,),
        footer=True,
        enabled=every(online, on("a profile")),
    ),
    Action(
        id="profiles.edit",
        keys=("E",),
        label="edit",
        help="Open the profile under the cursor in $VISUAL, $EDITOR or vi",
        places=(Place.PROFILES,),
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.duplicate",
        keys=("n",),
        label="duplicate",
        help="Copy the profile under the cursor under a new name into your own profiles",
        places=(Place.PROFILES,),
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.rename",
        keys=("r",),
        label="rename",
        help="Give the profile under the cursor another name",
        places=(Place.PROFILES,),
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.delete",
        keys=("delete",),
        label="delete",
        help="Delete the profile under the cursor (asks first)",
        places=(Place.PROFILES,),
        enabled=on("a profile"),
    ),
)

COMMON = (
    Action(
        id="list.filter",
        keys=("slash",),
        label="filter",
        help="Type to filter: name, /regex/, !not, mode:rolling, tag:app=web",
        places=_TABLES,
        footer=True,
    ),
    Action(
        id="list.sort",
        keys=("s",),
        label="sort",
        help="Sort by the next column",
        places=_TABLES,
        footer=True,
    ),
    Action(
        id="list.reverse",
        keys=("S",),
        label="reverse",
        help="Turn the order round",
        places=_TABLES,
    ),
    Action(
        id="list.raw",
        keys=("y",),
        label="raw",
        help="Show what stands behind the line under the cursor: Azure's JSON, a log, a file",
        places=_LISTS,
        footer=True,
        enabled=on("a line"),
    ),
    Action(
        id="list.copy",
        keys=("c",),
        label="copy",
        help="Copy the id of what the cursor is on (OSC 52, works over SSH)",
        places=_LISTS,
        enabled=on("a line"),
    ),
    Action(
        id="list.refresh",
        keys=("ctrl+r",),
        label="refresh",
        help="Read again now",
        places=_LISTS,
    ),
)

ANYWHERE = (
    Action(
        id="app.fleet",
        keys=("1",),
        label="Fleet",
        help="Go to subscriptions and scale sets",
        places=(Place.ANYWHERE,),
    ),
    Action(
        id="app.rollouts",
        keys=("2",),
        label="Rollouts",
        help="Go to rollouts, running ones first",
        places=(Place.ANYWHERE,),
    ),
    Action(
        id="app.profiles",
        keys=("3",),
        label="Profiles",
        help="Go to deployment profiles",
        places=(Place.ANYWHERE,),
    ),
    Action(
        id="app.back",
        keys=("escape",),
        label="back",
        help="Close what is on top; never cancels a rollout",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.palette",
        keys=("ctrl+p", "colon"),
        label="palette",
        help="Find any action, scale set or rollout by typing",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.help",
        keys=("question_mark", "f1"),
        label="help",
        help="Show the keys of this screen",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.quit",
        keys=("q",),
        label="quit",
        help="Leave; a running rollout goes on without this window",
        places=(Place.ANYWHERE,),
    ),
)

ACTIONS: tuple[Action, ...] = (
    *FLEET,
    *SCALE_SET,
    *DEPLOY,
    *ROLLOUT,
    *ROLLOUTS,
    *PROFILES,
    *COMMON,
    *ANYWHERE,
)
_BY_ID = {each.id: each for each in ACTIONS}


def action(action_id: str) -> Action:
    """The action with this id. Raises KeyError when there is none."""
    return _BY_ID[action_id]


def actions_at(place: Place, *, general: bool = True) -> tuple[Action, ...]:
    """What can be done at a place, its own actions first; with `general`, also what can be done anywhere."""
    return tuple(each for each in ACTIONS if place in each.places or (general and Place.ANYWHERE in each.places))
