"""What the command line says about the connection, as data. Imports nothing of Click: the app starts without it."""

import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vmss_tui.config.instance_access import InstanceAccess, own_diagnostic
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.set_rules import PRODUCTION, ProductionRules, SetRules

if TYPE_CHECKING:
    from vmss_tui.config.read import Config, Problem
    from vmss_tui.domain.plan.rollout_policy import Hook
    from vmss_tui.profiles.store.store import ProfileStore


JOURNAL = "VMSS_TUI_JOURNAL"
"""Names the journal where no option does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach Azure and where things are kept; None means: as configured."""

    cloud: str | None = None
    auth: str | None = None
    tenant: str | None = None
    subscription: str | None = None
    """Name or id of the only subscription that is looked at; None: all."""
    profiles: Path | None = None
    read_only: bool = False
    guest: bool = False
    """For the app: see `app.session.Session`."""
    journal: Path | str | None = None
    """A file, or the address of a database."""
    log_level: str | None = None
    debug: bool = False
    theme: str | None = None
    low_bandwidth: bool = False
    open: str | None = None
    """Scale set that the app opens."""
    watch_seconds: float | None = None
    idle_seconds: float | None = None
    production: ProductionRules = PRODUCTION
    read_only_sets: SetRules = field(default_factory=SetRules)
    profile_directories: tuple[Path, ...] = ()
    cloud_directories: tuple[Path, ...] = ()
    auth_order: tuple[str, ...] = ()
    token_cache: str = "encrypted"
    hooks: "tuple[Hook, ...]" = ()
    lists: ListSettings = field(default_factory=ListSettings)
    access: InstanceAccess = field(default_factory=InstanceAccess)

    def profile_store(self) -> "ProfileStore":
        """The profiles of every directory."""
        from vmss_tui.profiles.store.store import ProfileStore

        return ProfileStore.default(self.profiles, self.profile_directories)

    def with_configuration(self) -> "Settings":
        """The settings where the command line is silent: those of the configuration file, reported when wrong."""
        from vmss_tui.paths import configuration_file, is_missing

        given = replace(self, journal=self.journal or os.environ.get(JOURNAL))
        return given if is_missing(configuration_file()) else configured(given)


def configured(settings: Settings) -> Settings:
    """The settings with those of the configuration file where neither option nor variable says anything."""
    from vmss_tui import redact
    from vmss_tui.cli.configuration import read_configuration

    config = read_configuration()
    report(config.problems)
    redact.hide_also(config["secrets.patterns"])
    return replace(
        settings,
        cloud=settings.cloud or config.from_file("cloud"),
        auth=settings.auth or config.from_file("auth"),
        tenant=settings.tenant or config.from_file("tenant"),
        read_only=settings.read_only or bool(config.from_file("read_only")),
        journal=settings.journal or config.from_file("journal"),
        log_level=settings.log_level or config.from_file("log_level"),
        theme=config.from_file("app.theme"),
        low_bandwidth=settings.low_bandwidth or config["app.low_bandwidth"],
        watch_seconds=config["refresh.watch_seconds"],
        idle_seconds=config["refresh.idle_seconds"],
        production=ProductionRules(
            tags=config["production.tags"],
            names=config["production.names"],
            subscriptions=config["production.subscriptions"],
            instances=config["production.instances"],
        ),
        read_only_sets=SetRules(
            tags=config["read_only_sets.tags"],
            names=config["read_only_sets.names"],
            subscriptions=config["read_only_sets.subscriptions"],
        ),
        profile_directories=config.from_file("profiles") or (),
        cloud_directories=config["clouds"],
        auth_order=config["auth_order"],
        token_cache=config["token_cache"],
        hooks=config["hooks"],
        lists=_lists(config),
        access=InstanceAccess(
            shell=config["shell.command"],
            user=config["shell.user"] or "",
            diagnostics=tuple(own_diagnostic(table) for table in config["diagnostics"]),
        ),
    )


def _lists(config: "Config") -> ListSettings:
    from vmss_tui.cli.configuration import keys_in_use

    return ListSettings(
        filter=config["list.filter"],
        columns=config["list.columns"],
        instance_columns=config["instances.columns"],
        app_filter=config["app.filter"],
        restore=config["app.restore"],
        app_columns=config["app.fleet_columns"],
        app_instance_columns=config["app.instance_columns"],
        keys=keys_in_use(config),
    )


@cache
def report(problems: "tuple[Problem, ...]") -> None:
    """Say once what is wrong with the configuration file; the defaults hold for the rest."""
    from vmss_tui.cli import diagnostics

    for problem in problems:
        diagnostics.say(f"vmss-tui: {problem}", problem.hint)
