"""The one table of configuration keys: reader, checks, help, template and JSON Schema are made from it.

A new setting is one entry here and one consumer. Pure data.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vmss_tui.config.instance_access import PLACEHOLDERS, SHELL
from vmss_tui.domain.fleet.set_rules import PRODUCTION_TAGS
from vmss_tui.domain.plan.maintenance_window import DAYS
from vmss_tui.gateway.sign_in.credentials import CREDENTIALS, ORDERED, TOKEN_CACHES
from vmss_tui.presentation.fleet.rows import FLEET
from vmss_tui.presentation.scaleset.instances import INSTANCES


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    SWITCH = "true or false"
    SECONDS = "a number of seconds"
    COUNT = "a whole number"
    TEXTS = "a list of strings"
    PATH = "a path"
    PLACE = "a path or the address of a PostgreSQL database"
    PATHS = "a list of paths"
    PATTERNS = "a list of regular expressions"
    TAGS = "a list of tags, NAME=VALUE with wildcards"
    SUBSCRIPTIONS = "a list of subscription ids with wildcards"
    FILTER = "a filter of scale sets"
    KEYS = "a table of actions with their keys"
    HOOKS = "a list of tables with a command, a url or a service"
    MOMENT = "a date, or a date and time"
    TABLES = "an array of tables"
    COMMAND = "a command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: `name` is dotted, as tables of TOML are."""

    name: str
    kind: Kind
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    """What a text, or each text of a list, may be; empty allows everything."""
    least: float = 0.0
    """The smallest number that is allowed."""
    example: str = ""
    """A value as TOML, for the commented template."""
    environment: str = ""
    """A variable that goes before the file."""
    option: str = ""
    """An option that goes before the variable."""
    entry: tuple["Key", ...] = ()
    """The keys of each table of TABLES."""
    required: bool = False
    """A table without it is refused."""


_SCOPE = (
    Key(
        name="subscriptions", kind=Kind.SUBSCRIPTIONS, default=(), example='["11111111-*"]',
        help="subscription ids that it applies to, with wildcards; one must match",
    ),
    Key(
        name="tags", kind=Kind.TAGS, default=(), example='["env=prod"]',
        help="tags that it applies to, NAME=VALUE with wildcards; one must match",
    ),
    Key(
        name="names", kind=Kind.TEXTS, default=(), example='["prod-*/web-*"]',
        help="scale sets that it applies to, NAME or GROUP/NAME with wildcards; one must match",
    ),
)  # fmt: skip
_ZONE = Key(name="timezone", kind=Kind.TEXT, default="UTC", example='"Europe/Berlin"', help="time zone of its times")

KEYS = (
    Key(
        name="cloud", kind=Kind.TEXT, example='"AzureUSGovernment"',
        option="--cloud", environment="VMSS_TUI_CLOUD_FILE",
        help="cloud to use: a built-in name, or NAME.toml in a directory of clouds",
    ),
    Key(
        name="clouds", kind=Kind.PATHS, default=(), example='["/srv/vmss-tui/clouds"]',
        help="directories of cloud files, searched before the user's own",
    ),
    Key(
        name="auth", kind=Kind.TEXT, choices=CREDENTIALS, option="--auth", example='"cli"',
        help="credential to sign in with",
    ),
    Key(
        name="auth_order", kind=Kind.TEXTS, choices=ORDERED, default=(), example='["cli", "managed-identity"]',
        help="credentials that `auto` tries, in this order; those that are not named are not tried",
    ),
    Key(
        name="token_cache", kind=Kind.TEXT, choices=TOKEN_CACHES, default=TOKEN_CACHES[0], example='"plain"',
        help="keep tokens of a service principal or of a device code for the next command and the runner: only where"
        " they can be encrypted, else also in a private file, or never",
    ),
    Key(
        name="tenant", kind=Kind.TEXT, option="--tenant", example='"00000000-0000-0000-0000-000000000000"',
        help="tenant to sign in to",
    ),
    Key(
        name="read_only", kind=Kind.SWITCH, default=False, option="--read-only", example="true",
        help="change nothing in Azure",
    ),
    Key(
        name="profiles", kind=Kind.PATHS, default=(), environment="VMSS_TUI_PROFILES", example='["~/work/profiles"]',
        help="directories of deployment profiles, searched before the user's own",
    ),
    Key(
        name="journal", kind=Kind.PLACE, option="--journal", environment="VMSS_TUI_JOURNAL",
        example='"postgresql://vmss_tui@db.example.com/journal"',
        help="where rollouts are recorded: a file, or a PostgreSQL database that a team shares",
    ),
    Key(
        name="log_level", kind=Kind.TEXT, choices=("debug", "info", "warning", "error"), default="info",
        option="--log-level", environment="VMSS_TUI_LOG", example='"debug"', help="level of the log file",
    ),
    Key(
        name="keys", kind=Kind.KEYS, default={}, example='{ "app.quit" = ["ctrl+q"], "rollout.pause" = ["P"] }',
        help="other keys in the app, by the action's id; `vmss-tui config keys` lists the ids",
    ),
    Key(
        name="hooks", kind=Kind.HOOKS, default=(), example='[{ url = "https://chat.example.com/x", on = ["failed"] }]',
        help="who is notified about every rollout, beside the [[hooks]] of its profile",
    ),
    Key(
        name="windows", kind=Kind.TABLES, default=(),
        help="maintenance windows for all rollouts: one that applies to a set must be open before each batch on it",
        example='[{ start = "22:00", end = "04:00", days = ["sat", "sun"], tags = ["env=prod"] }]',
        entry=(
            Key(name="start", kind=Kind.TEXT, default="", example='"22:00"', help="time of day at which it opens"),
            Key(
                name="end", kind=Kind.TEXT, default="", example='"04:00"',
                help="time of day at which it closes; at or before the start: on the next day",
            ),
            Key(
                name="days", kind=Kind.TEXTS, default=DAYS, example='["sat", "sun"]', help="days on which it opens"
            ),
            Key(
                name="calendar", kind=Kind.PATH, default="", example='"windows.ics"',
                help="iCalendar file in place of start, end and days: open during its events",
            ),
            _ZONE,
            *_SCOPE,
        ),
    ),
    Key(
        name="freezes", kind=Kind.TABLES, default=(),
        help="times in which no rollout changes anything",
        example='[{ from = "2026-12-20", to = "2027-01-06", reason = "year-end" }]',
        entry=(
            Key(name="from", kind=Kind.MOMENT, required=True, example='"2026-12-20"', help="its first day, or time"),
            Key(
                name="to", kind=Kind.MOMENT, required=True, example='"2027-01-06"',
                help="its last day, or the time at which it ends",
            ),
            Key(name="reason", kind=Kind.TEXT, required=True, example='"year-end"', help="why nothing may change"),
            _ZONE,
            *_SCOPE,
        ),
    ),
    Key(
        name="diagnostics", kind=Kind.TABLES, default=(),
        help="diagnostics of your own: scripts that Run Command runs on one instance as its administrator",
        example='[{ name = "app-log", help = "log of the application", linux = "tail -n 500 /var/log/app.log" }]',
        entry=(
            Key(name="name", kind=Kind.TEXT, required=True, example='"app-log"', help="its name"),
            Key(name="help", kind=Kind.TEXT, default="", example='"log of the application"', help="what it shows"),
            Key(
                name="linux", kind=Kind.TEXT, default="", example='"tail -n 500 /var/log/app.log"',
                help="script for /bin/sh",
            ),
            Key(
                name="windows", kind=Kind.TEXT, default="", example='"Get-Content C:\\\\app.log -Tail 500"',
                help="script for PowerShell",
            ),
        ),
    ),
    Key(
        name="refresh.watch_seconds", kind=Kind.SECONDS, least=1.0, example="12",
        help="pace of reading a scale set while it changes; default: as the cloud suggests",
    ),
    Key(
        name="refresh.idle_seconds", kind=Kind.SECONDS, least=5.0, example="60",
        help="pace of reading while nothing changes; default: as the cloud suggests",
    ),
    Key(
        name="app.theme", kind=Kind.TEXT, example='"vmss-light"',
        environment="TEXTUAL_THEME",
        help="colors of the app: vmss-dark, vmss-light, vmss-terminal (the terminal's palette), vmss-contrast, "
        "vmss-colorblind, or NAME of themes/NAME.toml; default: chosen by the terminal",
    ),
    Key(
        name="app.low_bandwidth", kind=Kind.SWITCH, default=False, option="--low-bandwidth", example="true",
        help="paint less, for thin lines: 256 colors, two repaints a second, keys before everything else",
    ),
    Key(
        name="app.keys", kind=Kind.TEXT, choices=("k9s", "vim"), default="", example='"k9s"',
        help="keys of another program; [keys] takes precedence",
    ),
    Key(
        name="app.restore", kind=Kind.SWITCH, default=True, example="false",
        help="open the app where it was closed: screen, scale set, order, groups",
    ),
    Key(
        name="app.filter", kind=Kind.FILTER, default="", example='"tag:env=prod"',
        help="filter of the app's list of scale sets at the start",
    ),
    Key(
        name="app.fleet_columns", kind=Kind.TEXTS, default=(), choices=FLEET.choices,
        example='["name", "region", "state"]', help="columns of the app's list of scale sets, in their order",
    ),
    Key(
        name="app.instance_columns", kind=Kind.TEXTS, default=(), choices=INSTANCES.choices,
        example='["id", "version", "script", "health"]', help="columns of the app's list of instances, in their order",
    ),
    Key(
        name="list.filter", kind=Kind.FILTER, default="", example='"tag:env=prod"',
        help="filter of `vmss-tui list` when none is given",
    ),
    Key(
        name="list.columns", kind=Kind.TEXTS, default=(), choices=FLEET.choices, example='["name", "tag", "state"]',
        help="columns of `vmss-tui list` when --columns is not given",
    ),
    Key(
        name="instances.columns", kind=Kind.TEXTS, default=(), choices=INSTANCES.choices,
        example='["id", "zone", "version"]', help="columns of `vmss-tui instances` when --columns is not given",
    ),
    Key(
        name="read_only_sets.tags", kind=Kind.TAGS, default=(), example='["freeze=*", "owner=platform"]',
        help="tags of scale sets that are only read, NAME=VALUE with wildcards: no rollout starts on them",
    ),
    Key(
        name="read_only_sets.names", kind=Kind.TEXTS, default=(), example='["legacy-*"]',
        help="scale sets that are only read, NAME or GROUP/NAME with wildcards",
    ),
    Key(
        name="read_only_sets.subscriptions", kind=Kind.SUBSCRIPTIONS, default=(), example='["22222222-*"]',
        help="subscription ids whose scale sets are only read, with wildcards",
    ),
    Key(
        name="production.tags", kind=Kind.TAGS, default=PRODUCTION_TAGS,
        example='["env=prod", "tier=gold*"]',
        help="tags of production scale sets, NAME=VALUE with wildcards: their name must be typed before a change",
    ),
    Key(
        name="production.names", kind=Kind.TEXTS, default=(), example='["prod-*"]',
        help="production scale sets, NAME or GROUP/NAME with wildcards",
    ),
    Key(
        name="production.subscriptions", kind=Kind.SUBSCRIPTIONS, default=(), example='["11111111-*"]',
        help="subscription ids of production, with wildcards",
    ),
    Key(
        name="production.instances", kind=Kind.COUNT, least=1, default=100, example="25",
        help="a change of this many instances or more is confirmed like one of production",
    ),
    Key(
        name="roles.operators", kind=Kind.TEXTS, default=(), example='["maria", "deploy@ci-*"]',
        help="who may start and steer rollouts, USER or USER@HOST with wildcards; all others are viewers then",
    ),
    Key(
        name="roles.approvers", kind=Kind.TEXTS, default=(), example='["tom"]',
        help="who may approve and otherwise only view, USER or USER@HOST with wildcards",
    ),
    Key(
        name="roles.viewers", kind=Kind.TEXTS, default=(), example='["guest*"]',
        help="who may only view, USER or USER@HOST with wildcards; a greater right in another list goes before it",
    ),
    Key(
        name="shell.command", kind=Kind.COMMAND, default=SHELL, example='"ssh -J bastion {user}@{private_ip}"',
        help=f"command of a shell on an instance, with {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}",
    ),
    Key(
        name="shell.user", kind=Kind.TEXT, example='"azureuser"',
        help="user of a shell on an instance; default: the user of this host",
    ),
    Key(
        name="secrets.patterns", kind=Kind.PATTERNS, default=(), example='["ACME-[0-9A-F]{32}"]',
        help="regular expressions (RE2) of further secrets; what matches is hidden in every output, journal and log",
    ),
)  # fmt: skip
"""Every setting there is."""


def key(name: str) -> Key | None:
    """The setting of this name, or None."""
    return next((entry for entry in KEYS if entry.name == name), None)
