"""What can be done in every list, and anywhere. Must not import Textual."""

from vmss_tui.app.actions.action import Action, Place, on

_LISTS = (Place.FLEET, Place.SCALE_SET, Place.ROLLOUTS, Place.PROFILES)
_TABLES = (*_LISTS, Place.ROLLOUT, Place.WAVES)

COMMON = (
    Action(
        id="list.faults",
        keys=("f",),
        label="faults",
        help="Show only what needs attention, or all",
        places=_TABLES,
        footer=True,
    ),
    Action(
        id="list.filter",
        keys=("slash",),
        label="filter",
        help="Filter: name or its letters in order (wbweu), /regex/, !not, field:value, tag:k=v",
        places=_TABLES,
        footer=True,
    ),
    Action(
        id="list.sort",
        keys=("S",),
        label="sort",
        help="Sort by the next column",
        places=_TABLES,
        footer=True,
    ),
    Action(
        id="list.reverse",
        keys=("comma",),
        label="reverse",
        help="Reverse order",
        places=_TABLES,
    ),
    Action(
        id="list.columns",
        keys=("C",),
        label="columns",
        help="Choose which columns are shown, and their order",
        places=(Place.FLEET, Place.SCALE_SET),
    ),
    Action(
        id="list.pane",
        keys=("w",),
        label="pane",
        help="Show or hide the pane at the right: details, output, log (from 160 columns on)",
        places=(Place.FLEET, Place.SCALE_SET, Place.ROLLOUT),
    ),
    Action(
        id="list.all",
        keys=("0",),
        label="all",
        help="Show all rows: no filter, no faults only",
        places=_TABLES,
    ),
    Action(
        id="list.raw",
        keys=("y",),
        label="raw",
        help="Show the selected row as it is stored: JSON of Azure, event log, file",
        places=_LISTS,
        footer=True,
        enabled=on("a line"),
    ),
    Action(
        id="list.portal",
        keys=("o",),
        label="portal",
        help="Open the selected row in the cloud's portal; without a browser here, show the link",
        places=(Place.FLEET, Place.SCALE_SET),
        enabled=on("a line"),
    ),
    Action(
        id="list.copy",
        keys=("c",),
        label="copy",
        help="Copy the id of the selected row, or its link, az command or name (OSC 52, works over SSH)",
        places=_LISTS,
        enabled=on("a line"),
    ),
    Action(
        id="list.refresh",
        keys=("ctrl+r",),
        label="refresh",
        help="Refresh",
        places=_LISTS,
    ),
)

ANYWHERE = (
    Action(
        id="app.fleet",
        keys=("1",),
        label="Fleet",
        help="Go to scale sets",
        places=(Place.ANYWHERE,),
    ),
    Action(
        id="app.rollouts",
        keys=("2",),
        label="Rollouts",
        help="Go to rollouts",
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
        help="Back; never cancels a rollout",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.palette",
        keys=("colon", "ctrl+p"),
        label="go to",
        help="Go anywhere: scale sets, rollouts, profiles, screens, tenant, sub, cloud, auth; or search actions",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.aliases",
        keys=("ctrl+a",),
        label="aliases",
        help="Show the words that can be typed after `:`",
        places=(Place.ANYWHERE,),
    ),
    Action(
        id="app.sign_in",
        keys=("i",),
        label="sign in",
        help="Choose how to sign in: Azure CLI, device code, browser, azd, PowerShell, managed identity, environment",
        places=(Place.ANYWHERE,),
        on_host=True,
    ),
    Action(
        id="app.help",
        keys=("question_mark", "f1", "h"),
        label="help",
        help="Show the keys of this screen",
        places=(Place.ANYWHERE,),
        footer=True,
    ),
    Action(
        id="app.quit",
        keys=("q",),
        label="quit",
        help="Quit; running rollouts continue in the background",
        places=(Place.ANYWHERE,),
    ),
)
