"""Every key that a profile may hold, once: its kind, its help, its limits.

The reader, the lint, the JSON Schema and the editors' completion all come from this table; a key that is not here does
not exist. Pure data.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value may be."""

    TEXT = "text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    DURATION = "a duration"
    PERCENT = "a percentage"
    AMOUNT = "a number of instances or a percentage"
    TEXTS = "a list of texts"
    FILES = "a list of addresses"
    STEPS = "a list of batches"
    HOOKS = "a list of hooks"
    TEXT_MAP = "a table of texts"
    SECRET = "a reference"
    TABLE = "a table"
    SECTION = "a section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `low` and `high` bound whole numbers and percentages; `section` is what a SECTION holds."""

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    section: "Section | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table with known keys; with `each` set, a table of such tables under free names."""

    help: str
    keys: tuple[Key, ...] = ()
    each: "Section | None" = None
    """What every entry is, when names are free."""
    each_kind: Kind | None = None
    """The same for entries that are no tables of known keys."""
    exclusive: tuple[tuple[str, ...], ...] = ()
    """Groups of keys of which a profile and its base together keep one: the nearer file wins."""

    def key(self, name: str) -> Key | None:
        """The key of this name, or None."""
        return next((each for each in self.keys if each.name == name), None)


def _text(name: str, help_: str, choices: tuple[str, ...] = ()) -> Key:
    return Key(name=name, kind=Kind.TEXT, help=help_, choices=choices)


def _flag(name: str, help_: str) -> Key:
    return Key(name=name, kind=Kind.FLAG, help=help_)


def _key(name: str, kind: Kind, help_: str, low: int | None = None, high: int | None = None) -> Key:
    return Key(name=name, kind=kind, help=help_, low=low, high=high)


def _section(name: str, section: Section) -> Key:
    return Key(name=name, kind=Kind.SECTION, help=section.help, section=section)


TARGETS = Section(
    help="Which scale sets this profile is for: those in `ids`, and those that fit `match` and `tags`.",
    keys=(
        _key("ids", Kind.TEXTS, "Resource ids of scale sets."),
        _key("match", Kind.TEXTS, "Globs over group/name, such as 'prod-*/web-*'."),
        _key("tags", Kind.TEXT_MAP, "Tags that a set must all have; values may be globs."),
    ),
)

VARIABLE = Section(
    help="A value that is filled in as ${name}.",
    keys=(
        _text("help", "What the value means, for the one who is asked for it."),
        _text("default", "Used when nobody gives a value; without it a value is required."),
        _text("pattern", "Regular expression that the whole value must match."),
        _flag("required", "May be stated for readers; a variable without a default is required."),
    ),
)

SCRIPT = Section(
    help="The custom script that the instances download and run.",
    keys=(
        _text("os", "Whose Custom Script Extension handler runs it.", ("linux", "windows")),
        _text("name", "Name of the extension; without it the name on the set is kept."),
        _text("label", "What people call this version, such as 'web ${version}'."),
        _key("files", Kind.FILES, "Addresses to download, or tables { uri, sha256 }."),
        _text("command", "Command to run after the downloads."),
        _text("inline", "Text of a script to run instead of a command (Linux, /bin/sh unless it has a shebang)."),
        _text("inline_file", "The same from a file beside the profile."),
        _flag("skip_dos2unix", "Leave CRLF line ends as they are (Linux)."),
        _key("timestamp", Kind.WHOLE, "A number that makes Azure run the script again when it changes."),
        _text("force_update_tag", "A text that makes Azure run the script again when it changes."),
        _text("rerun", "Run when the settings are identical to what the set has?", ("when-changed", "always")),
        _text("handler_version", "Version of the handler, such as '2.1'."),
        _text("publisher", "Publisher of a legacy handler."),
        _text("type", "Type of a legacy handler."),
        _flag("auto_upgrade_minor", "Take newer minor versions of the handler."),
        _key("provision_after", Kind.TEXTS, "Extensions that must be done before this one."),
        _flag("suppress_failures", "Azure ignores failures of this extension; keep it off to notice them."),
        _key("settings", Kind.TABLE, "Further public settings, passed on as they are."),
    ),
    exclusive=(("command", "inline", "inline_file"),),
)

FILE = Section(
    help="A file to download.",
    keys=(
        _text("uri", "Address of the file."),
        _text("sha256", "What its content must be: 64 hex digits."),
    ),
)

STEP = Section(
    help="A batch.",
    keys=(
        _key("batch", Kind.AMOUNT, "How many instances, or up to which share of the set."),
        _flag("approve", "Stop before this batch until somebody approves."),
    ),
)

VAULT = Section(
    help="A Key Vault secret that holds all protected settings as one JSON object.",
    keys=(
        _text("vault_id", "Resource id of the vault."),
        _text("secret_url", "Address of the secret."),
    ),
)

SECRET = Section(
    help="Where a protected value comes from.",
    keys=(
        _text("env", "An environment variable."),
        _text("file", "A file, relative to the profile."),
        _text("prompt", "A question to ask; true asks for the setting by name."),
        _text("literal", "The value itself: for what is no secret, such as storageAccountName."),
        _flag("force", "Keep a literal secret in the profile all the same."),
        _section("key_vault", VAULT),
    ),
)

PROTECTED = Section(
    help="Protected settings by Azure's names, as references: never put a secret into a profile.",
    each_kind=Kind.SECRET,
)

GATE = Section(
    help="A command or an HTTP probe that must agree before the next batch.",
    keys=(
        _key("command", Kind.TEXTS, "Program and arguments; exit code 0 agrees."),
        _text("url", "Address that must answer with a 2xx status."),
        _key("timeout", Kind.DURATION, "How long it may take.", low=1),
    ),
    exclusive=(("command", "url"),),
)

ROLLOUT = Section(
    help="How fast and how safely. What is left out follows the scale set's own policy.",
    keys=(
        _text("mode", "Use this upgrade mode for this rollout only.", ("rolling", "manual", "automatic")),
        _key("batch", Kind.AMOUNT, "Instances at a time: 12, or '20%'."),
        _key("steps", Kind.STEPS, "A list of batches: [1, '10%', { batch = '50%', approve = true }, '100%']."),
        _key("pause", Kind.DURATION, "Pause between batches.", low=0),
        _key("unhealthy", Kind.PERCENT, "Stop above so many unhealthy instances of the set.", low=5, high=100),
        _key("unhealthy_upgraded", Kind.PERCENT, "Stop above so many unhealthy of the updated.", low=0, high=100),
        _key("failure_budget", Kind.AMOUNT, "Failed instances of the whole run that stop it."),
        _key("min_healthy", Kind.DURATION, "How long each must have been healthy before the next batch.", low=0),
        _key("health_wait", Kind.DURATION, "How long an updated instance may take to be healthy.", low=0),
        _key("batch_deadline", Kind.DURATION, "A batch that takes longer fails.", low=60),
        _key("soak", Kind.DURATION, "Watch so long after the last batch before the verdict.", low=0),
        _flag("cross_zone", "Allow several zones in one batch."),
        _flag("prioritise_unhealthy", "Update unhealthy instances first."),
        _flag("rollback_on_breach", "Let Azure roll failed instances back (Uniform sets)."),
        _flag("surge", "Let Azure add instances instead of taking some down."),
        _key("canary", Kind.TEXTS, "Instance ids to update first."),
        _key("exclude", Kind.TEXTS, "Instance ids to leave alone."),
        _flag("restore_policy", "Put the set's own upgrade policy back afterwards."),
        _flag("suspend_repairs", "Suspend automatic repairs while it runs."),
        _section("gate", GATE),
    ),
    exclusive=(("batch", "steps"),),
)

HOOK = Section(
    help="A command or a webhook that is told about a rollout. A hook that fails never harms it.",
    keys=(
        _key("on", Kind.TEXTS, "What it is told: needs_person, failed, ended; all of them when left out."),
        _key("command", Kind.TEXTS, "Program and arguments; the message comes as JSON on standard input."),
        _text("url", "Address that the message is posted to as JSON."),
        _key("timeout", Kind.DURATION, "How long it may take.", low=1),
    ),
    exclusive=(("command", "url"),),
)

WINDOW = Section(
    help="When changes may be made.",
    keys=(
        _text("start", "Time of day, HH:MM."),
        _text("end", "Time of day, HH:MM; before the start means on the next day."),
        _key("days", Kind.TEXTS, "Days on which it starts: mon, tue, wed, thu, fri, sat, sun."),
        _text("timezone", "Such as Europe/Berlin; UTC when left out."),
    ),
)

REPORT = Section(
    help="What the record of a rollout should say.",
    keys=(
        _text("why", "Default reason; may use ${variables}."),
        _text("ticket", "Default ticket; may use ${variables}."),
        _text("ticket_pattern", "Regular expression that a ticket must match."),
        _key("require", Kind.TEXTS, "Fields without which nothing starts: why, ticket."),
    ),
)

LINT = Section(
    help="How strict to be.",
    keys=(_key("accept", Kind.TEXTS, "Codes of warnings that the team accepts."),),
)

PROFILE = Section(
    help="A deployment profile of vmss-tui: a script, where it goes, how fast.",
    keys=(
        _key("schema", Kind.WHOLE, "Version of this format: 1.", low=1, high=1),
        _text("name", "Name of the profile; without it, the file's."),
        _text("description", "What it does, in one line."),
        _text("owner", "Who looks after it."),
        _text("extends", "Path of a profile to start from, relative to this one."),
        _flag("base", "Only there to be extended: not listed, need not be complete."),
        _section("targets", TARGETS),
        _section("variables", Section(help="Values that are filled in as ${name}.", each=VARIABLE)),
        _section("script", SCRIPT),
        _section("protected", PROTECTED),
        _section("rollout", ROLLOUT),
        _key("hooks", Kind.HOOKS, "Who is told about a rollout: [[hooks]] with a command or a url each."),
        _section("window", WINDOW),
        _section("report", REPORT),
        _section("lint", LINT),
    ),
)

PROTECTED_NAMES = (
    "commandToExecute",
    "script",
    "fileUris",
    "storageAccountName",
    "storageAccountKey",
    "managedIdentity",
)
"""Protected settings that the handlers know. Source: custom-script-extension-linux `schema.go`."""
