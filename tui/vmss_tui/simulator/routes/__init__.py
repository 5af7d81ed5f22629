"""Every route but those of scale sets and instances.

Metadata, subscriptions, groups, autoscale settings, standby pools, publishers, script files, control.
"""

from aiohttp import web

from vmss_tui.simulator.routes import (
    activity,
    authorization,
    autoscale,
    control,
    groups,
    images,
    metadata,
    publishers,
    resource_graph,
    resources,
    roles,
    script_files,
    standby,
    subscriptions,
)


def arm_routes() -> list[web.RouteDef]:
    """Return ARM's own routes; the server matches their literals without regard to case."""
    modules = (
        subscriptions,
        groups,
        autoscale,
        standby,
        publishers,
        images,
        authorization,
        roles,
        activity,
        resource_graph,
        resources,
    )
    return [route for module in modules for route in module.routes()]


def plain_routes() -> list[web.RouteDef]:
    """Return the routes that are matched as they are written."""
    return [*metadata.routes(), *script_files.routes(), *control.routes()]
