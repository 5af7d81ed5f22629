"""The part of the action table that is about one instance, in every list of instances. Must not import Textual."""

from vmss_tui.app.actions.action import Action, Place, every, on, online

INSTANCE = (
    Action(
        id="instance.shell",
        keys=("s",),
        label="shell",
        help="Open a shell on the selected instance, by `shell.command` of the configuration (ssh)",
        places=(Place.SCALE_SET, Place.ROLLOUT),
        on_host=True,
        enabled=every(online, on("an instance")),
    ),
    Action(
        id="instance.diagnose",
        keys=("x",),
        label="diagnose",
        help="Run a diagnostic on the selected instance by Run Command (asks first which): whole output, logs, disk …",
        places=(Place.SCALE_SET, Place.ROLLOUT),
        dangerous=True,
        enabled=every(online, on("an instance")),
    ),
)
