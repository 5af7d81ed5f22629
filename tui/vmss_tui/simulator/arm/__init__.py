"""Microsoft.Compute: the routes of scale sets, instances, extensions, rolling upgrades and operations.

Renders the world as ARM's JSON and turns requests into mutations of it; everything else is the server's.
"""

from vmss_tui.simulator.arm.routes import routes

__all__ = ["routes"]
