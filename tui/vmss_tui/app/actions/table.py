"""The one table of everything a person can do, by place.

It feeds bindings, footer, palette, help, the README's key table and read-only mode. Order is the order in the footer
and in help. Must not import Textual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vmss_tui.app.actions.action import Action, Place, every, on, online, shown
from vmss_tui.app.actions.general import ANYWHERE, COMMON
from vmss_tui.app.actions.instance import INSTANCE
from vmss_tui.app.actions.rollout import DEPLOY, ROLLOUT
from vmss_tui.app.actions.waves import WAVES
from vmss_tui.presentation.key_hints import use_hints

FLEET = (
    Action(
        id="fleet.open",
        keys=("enter",),
        label="open",
        help="Open the selected scale set",
        places=(Place.FLEET,),
        footer=True,
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.deploy",
        keys=("e",),
        label="deploy",
        help="Edit the script of the selected scale set and plan a rollout; with marked sets: waves over them",
        places=(Place.FLEET,),
        starts=True,
        footer=True,
        enabled=every(online, on("a scale set")),
    ),
    Action(
        id="fleet.later",
        keys=("f10",),
        label="start later",
        help="Schedule waves over the marked scale sets: at a time, or when their windows open (asks first)",
        places=(Place.FLEET,),
        starts=True,
        dangerous=True,
        enabled=online,
    ),
    Action(
        id="fleet.details",
        keys=("d",),
        label="details",
        help="Show everything that is known about the selected scale set",
        places=(Place.FLEET,),
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.output",
        keys=("l",),
        label="output",
        help="Open the selected scale set with the script output of its instances",
        places=(Place.FLEET,),
        enabled=every(online, on("a scale set")),
    ),
    Action(
        id="fleet.mark",
        keys=("space",),
        label="mark",
        help="Mark or unmark the selected scale set, for a rollout in waves",
        places=(Place.FLEET,),
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.group",
        keys=("b",),
        label="group",
        help="Group by subscription, region, version, group, tenant, mode or a tag; enter closes and opens a group",
        places=(Place.FLEET,),
    ),
    Action(
        id="fleet.favorite",
        keys=("asterisk",),
        label="favorite",
        help="Toggle favorite for the selected scale set",
        places=(Place.FLEET,),
        on_host=True,
        enabled=on("a scale set"),
    ),
    Action(
        id="fleet.favorites",
        keys=("F",),
        label="favorites only",
        help="Show favorites only, or all scale sets",
        places=(Place.FLEET,),
    ),
)

SCALE_SET = (
    Action(
        id="scaleset.deploy",
        keys=("e",),
        label="deploy",
        help="Edit the script of this scale set and plan a rollout",
        places=(Place.SCALE_SET,),
        starts=True,
        footer=True,
        enabled=online,
    ),
    Action(
        id="scaleset.output",
        keys=("l",),
        label="output",
        help="Show the script output of the selected instance",
        places=(Place.SCALE_SET,),
        footer=True,
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.outputs",
        keys=("L",),
        label="all outputs",
        help="Show the script output of all or the marked instances; equal outputs are grouped",
        places=(Place.SCALE_SET,),
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.details",
        keys=("d", "enter"),
        label="details",
        help="Show the details of the selected instance",
        places=(Place.SCALE_SET,),
        footer=True,
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.overview",
        keys=("a",),
        label="overview",
        help="Show what may interfere, the state of every extension, zones and domains as maps",
        places=(Place.SCALE_SET,),
    ),
    Action(
        id="scaleset.map",
        keys=("m",),
        label="map",
        help="Group the map by zones, fault domains or update domains",
        places=(Place.SCALE_SET,),
    ),
    Action(
        id="scaleset.activity",
        keys=("v",),
        label="activity",
        help="Show who changed the scale set in the last 7 days, by Azure's activity log",
        places=(Place.SCALE_SET,),
        enabled=online,
    ),
    Action(
        id="scaleset.name",
        keys=("n",),
        label="name version",
        help="Name the version of the selected instance, for all screens and reports",
        places=(Place.SCALE_SET,),
        on_host=True,
        enabled=on("an instance"),
    ),
    Action(
        id="scaleset.mark",
        keys=("space",),
        label="mark",
        help="Mark or unmark the selected instance",
        places=(Place.SCALE_SET,),
        enabled=on("an instance"),
    ),
)

ROLLOUTS = (
    Action(
        id="rollouts.open",
        keys=("enter", "d", "l"),
        label="open",
        help="Open the selected rollout",
        places=(Place.ROLLOUTS,),
        footer=True,
        enabled=on("a rollout"),
    ),
    Action(
        id="rollouts.resume",
        keys=("r",),
        label="resume",
        help="Start a new runner for the selected rollout; it reads Azure first and repeats nothing",
        places=(Place.ROLLOUTS,),
        starts=True,
        dangerous=True,
        footer=True,
        enabled=on("a rollout"),
    ),
    Action(
        id="rollouts.schedule",
        keys=("f10",),
        label="start time",
        help="Give the selected scheduled rollout another time: `now` starts it, `window` with its maintenance window",
        places=(Place.ROLLOUTS,),
        dangerous=True,
        enabled=on("a rollout"),
    ),
    Action(
        id="rollouts.cancel",
        keys=("ctrl+x",),
        label="cancel",
        help="Cancel the selected scheduled rollout before it starts (asks first)",
        places=(Place.ROLLOUTS,),
        dangerous=True,
        enabled=on("a rollout"),
    ),
)

PROFILES = (
    Action(
        id="profiles.open",
        keys=("enter", "d"),
        label="open",
        help="Show the selected profile and its problems",
        places=(Place.PROFILES,),
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.deploy",
        keys=("e",),
        label="deploy to…",
        help="Choose a scale set and plan a rollout with the selected profile",
        places=(Place.PROFILES,),
        starts=True,
        footer=True,
        enabled=every(online, on("a profile")),
    ),
    Action(
        id="profiles.edit",
        keys=("E",),
        label="edit",
        help="Edit the selected profile in $VISUAL, $EDITOR or vi",
        places=(Place.PROFILES,),
        on_host=True,
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.duplicate",
        keys=("n",),
        label="duplicate",
        help="Copy the selected profile to your own profiles under a new name",
        places=(Place.PROFILES,),
        on_host=True,
        footer=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.rename",
        keys=("r",),
        label="rename",
        help="Rename the selected profile",
        places=(Place.PROFILES,),
        on_host=True,
        enabled=on("a profile"),
    ),
    Action(
        id="profiles.delete",
        keys=("delete",),
        label="delete",
        help="Delete the selected profile (asks first)",
        places=(Place.PROFILES,),
        on_host=True,
        enabled=on("a profile"),
    ),
)

ACTIONS: tuple[Action, ...] = (
    *FLEET,
    *SCALE_SET,
    *DEPLOY,
    *ROLLOUT,
    *INSTANCE,
    *WAVES,
    *ROLLOUTS,
    *PROFILES,
    *COMMON,
    *ANYWHERE,
)
_BY_ID = {action.id: action for action in ACTIONS}
"""The actions in use: those of the table, with the keys of the configuration."""


def use_keys(wanted: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Use these keys, as Textual names them, by action id, and the table's own for all other actions.

    The keys that differ from the table's come back as a Textual keymap.
    """
    for own in ACTIONS:
        _BY_ID[own.id] = replace(own, keys=tuple(wanted[own.id])) if own.id in wanted else own
    use_hints({found.id: shown(found.keys[0]) for found in _BY_ID.values()})
    return {own.id: ",".join(_BY_ID[own.id].keys) for own in ACTIONS if _BY_ID[own.id].keys != own.keys}


def action(action_id: str) -> Action:
    """The action with this id. Raises KeyError when there is none."""
    return _BY_ID[action_id]


def actions_at(place: Place, *, general: bool = True) -> tuple[Action, ...]:
    """What can be done at a place, its own actions first; with `general`, also what can be done anywhere."""
    wanted = {place, Place.ANYWHERE} if general else {place}
    return tuple(action for action in _BY_ID.values() if wanted & {*action.places})


use_keys({})
