"""vmss-tui: roll out custom scripts over Azure virtual machine scale sets from a terminal.

The public API for scripts is what `__init__.pyi` names; it is loaded when a name of it is first used, since
`vmss-tui --version` imports this module and nothing else.
"""

__version__ = "0.1.0"

__all__ = (
    "Change",
    "Connection",
    "Plan",
    "Record",
    "Result",
    "Rollout",
    "RolloutJournal",
    "connect",
    "open_journal",
    "plan",
    "rollout",
    "watch",
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.api"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
