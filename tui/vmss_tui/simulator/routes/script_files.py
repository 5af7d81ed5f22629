"""The script files that a scenario's models name, served under `/files/<host>/<path>`.

`https://raw.githubusercontent.com/o/r/v1/run.sh` in a model is `/files/raw.githubusercontent.com/o/r/v1/run.sh`
here, so that scripts can be fetched for real without the internet.
"""

from urllib.parse import urlsplit

from aiohttp import web

from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.scenario.model import Scenario

PREFIX = "/files/"


def routes() -> list[web.RouteDef]:
    """Return the route of the files."""
    return [web.get(PREFIX + "{name:.+}", get_file)]


def find(scenario: Scenario, name: str) -> bytes | None:
    """Return a file by its path below `/files/`, for any scheme that the scenario gave its URI."""
    for uri, content in scenario.files.items():
        parts = urlsplit(uri)
        if name == f"{parts.netloc}{parts.path}".lstrip("/"):
            return content
    return None


async def get_file(request: web.Request) -> web.Response:
    """Answer one file, without a sign-in, as a public file URI is."""
    content = find(request.app[GATE].scenario, request.match_info["name"])
    if content is None:
        return web.Response(status=404, text="404: Not Found\n")
    return web.Response(
        body=content,
        headers={"Content-Type": "application/octet-stream", "ETag": f'"{abs(hash(content)):x}"'},
    )
