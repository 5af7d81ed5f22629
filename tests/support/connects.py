"""How a test asks for a connection to the scripted server."""

from collections.abc import Awaitable, Callable

from vmss_tui.ports import Azure

Connects = Callable[..., Awaitable[Azure]]
