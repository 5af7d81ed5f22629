"""Which screen belongs to which destination; each is imported on the first visit, not before the first frame."""

from collections.abc import Callable
from typing import assert_never

from textual.screen import Screen

from vmss_tui.app.connection import Connection
from vmss_tui.app.session import Session
from vmss_tui.app.shell import Destination, OpenDeploy, OpenRollout, OpenScaleSet, OpenWaves
from vmss_tui.engine.prepare import Names


def screen_of(
    destination: Destination, session: Session, connection: Callable[[], Connection], names: Names
) -> Screen[None]:
    """The screen of a destination; `names` names versions."""
    match destination:
        case OpenScaleSet(target, outputs):
            from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen

            return ScaleSetScreen(target, outputs=outputs)
        case OpenDeploy(target, profile):
            from vmss_tui.app.screens.deploy.controller import DeployController
            from vmss_tui.app.screens.deploy.screen import DeployScreen

            return DeployScreen(DeployController(target, session, connection, names, profile=profile))
        case OpenRollout(key, speed, rehearsal, snapshot):
            from vmss_tui.app.screens.rollout.controller import RolloutController
            from vmss_tui.app.screens.rollout.screen import RolloutScreen

            made = RolloutController(
                key, session, connection, names, speed=speed, rehearsal=rehearsal, snapshot=snapshot
            )
            return RolloutScreen(made)
        case OpenWaves(key):
            from vmss_tui.app.screens.waves.controller import WavesController
            from vmss_tui.app.screens.waves.screen import WavesScreen

            return WavesScreen(WavesController(key, session, connection))
        case _:
            assert_never(destination)
