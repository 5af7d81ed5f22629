"""The part of the action table that belongs to planning and watching a rollout. Must not import Textual."""

from vmss_tui.app.action import Action, Place, every, online, over, unfinished

DEPLOY = (
    Action(
        id="deploy.plan",
        keys=("f5",),
        label="plan",
        help="Read the scale set again and plan: what changes, which batches, what stands in the way",
        places=(Place.DEPLOY,),
        footer=True,
        enabled=online,
    ),
    Action(
        id="deploy.save",
        keys=("f2",),
        label="save profile",
        help="Save script and rollout policy as a profile",
        places=(Place.DEPLOY,),
        footer=True,
    ),
    Action(
        id="deploy.start",
        keys=("f9",),
        label="start",
        help="Start the rollout as planned (asks first)",
        places=(Place.DEPLOY,),
        dangerous=True,
        footer=True,
        enabled=online,
    ),
)

ROLLOUT = (
    Action(
        id="rollout.pause",
        keys=("p",),
        label="pause",
        help="Pause after the current batch, or resume (asks first)",
        places=(Place.ROLLOUT,),
        dangerous=True,
        footer=True,
        enabled=unfinished,
    ),
    Action(
        id="rollout.approve",
        keys=("a",),
        label="approve",
        help="Let the batch that waits for a person start (asks first)",
        places=(Place.ROLLOUT,),
        dangerous=True,
        enabled=unfinished,
    ),
    Action(
        id="rollout.cancel",
        keys=("ctrl+x",),
        label="cancel",
        help="Cancel the rollout; instances that are done stay done (asks first)",
        places=(Place.ROLLOUT,),
        dangerous=True,
        footer=True,
        enabled=unfinished,
    ),
    Action(
        id="rollout.retry",
        keys=("t",),
        label="retry",
        help="Try the failed instances again (asks first)",
        places=(Place.ROLLOUT,),
        dangerous=True,
    ),
    Action(
        id="rollout.undo",
        keys=("z",),
        label="undo",
        help="Roll back to the version from before (asks first)",
        places=(Place.ROLLOUT,),
        dangerous=True,
        enabled=every(over),
    ),
)
