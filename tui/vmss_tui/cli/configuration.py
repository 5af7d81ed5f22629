"""The configuration with the checks that need the app's table of actions. Imports no Textual."""

from pathlib import Path

from vmss_tui.config.read import Config, read


def read_configuration(path: Path | None = None) -> Config:
    """The configuration; keys that no action has, or that clash, are problems and the default keys hold."""
    config = read(path)
    if not config["keys"]:
        return config
    from vmss_tui.app.actions.rebinding import problems

    return config.without("keys", problems(config["keys"]))
