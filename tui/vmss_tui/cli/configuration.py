"""The configuration with the checks that need the app's table of actions. Imports no Textual."""

from collections.abc import Mapping
from pathlib import Path

from vmss_tui.config.read import Config, read
from vmss_tui.paths import is_missing, themes_directory

THEMES = ("vmss-dark", "vmss-light", "vmss-terminal", "vmss-contrast", "vmss-colorblind")
"""The program's themes; written here too, so that reading the configuration imports no Textual. A test compares."""


def read_configuration(path: Path | None = None) -> Config:
    """The configuration; keys that no action has, or that clash, are problems and the default keys hold."""
    config = read(path)
    if config["keys"]:
        from vmss_tui.app.actions.rebinding import problems

        config = config.without("keys", problems(config["keys"], config["app.keys"]))
    return _with_known_theme(config)


def _with_known_theme(config: Config) -> Config:
    """A theme of the file that there is not is a problem; the terminal's choice holds."""
    wanted = config.from_file("app.theme")
    if wanted is None or wanted in THEMES or not is_missing(themes_directory() / f"{wanted}.toml"):
        return config
    hint = f"Use {', '.join(THEMES)}, or write {themes_directory() / wanted}.toml."
    return config.refused("app.theme", f"{wanted!r} is unknown", hint)


def keys_in_use(config: Config) -> Mapping[str, tuple[str, ...]]:
    """Keys by action id, as people write them: those of the preset and the file; without both no action table."""
    if not config["keys"] and not config["app.keys"]:
        return {}
    from vmss_tui.app.actions.rebinding import with_preset

    return with_preset(config["keys"], config["app.keys"])
