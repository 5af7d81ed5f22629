"""How a test asks for a lab."""

from collections.abc import Awaitable, Callable

from support.engine.lab import Lab

OpensLab = Callable[..., Awaitable[Lab]]
