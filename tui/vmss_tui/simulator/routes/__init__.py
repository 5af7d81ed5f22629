"""Every route outside Microsoft.Compute's scale sets: metadata, subscriptions, groups, publishers, files, control."""

from aiohttp import web

from . import control, files, groups, metadata, publishers, subscriptions


def arm_routes() -> list[web.RouteDef]:
    """Return ARM's own routes; the server matches their literals without regard to case."""
    return [*subscriptions.routes(), *groups.routes(), *publishers.routes()]


def plain_routes() -> list[web.RouteDef]:
    """Return the routes that are matched as they are written."""
    return [*metadata.routes(), *files.routes(), *control.routes()]
