"""What a key of a profile is made of: its kind, its limits, where it goes, how it is shown, and who acts on it.

Pure data types; the table of all keys is `fields`, and everything that knows keys iterates over that table: reader,
writer, JSON Schema, limits, form and report.
"""

from dataclasses import MISSING, dataclass, fields
from enum import Enum, StrEnum
from typing import Any


class Kind(StrEnum):
    """What a value may be, in the words of a problem."""

    TEXT = "a text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    DURATION = "a duration"
    PERCENT = "a percentage"
    AMOUNT = "a number of instances or a percentage"
    CHOICE = "one of its choices"
    SET_ID = "the resource id of a scale set"
    LIST = "a list"
    ENTRIES = "a list of tables"
    TEXT_MAP = "a table of strings"
    SECRET = "a reference"
    TABLE = "a table"
    SECTION = "a section"


class Group(StrEnum):
    """The groups of the deploy form, in its order."""

    SCRIPT = "script"
    ROLLOUT = "rollout"
    RECORD = "change record"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """How the deploy form shows a key; `cells` is the input's width, 0 for all there is."""

    group: Group
    label: str
    hint: str = ""
    placeholder: str = ""
    cells: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report: its title, and the value in words; without `off` a value that is off has no line."""

    title: str
    on: str = "{}"
    off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a profile, complete."""

    name: str
    kind: Kind
    help: str
    attribute: str = ""
    """The field of the dataclass that holds it; the key's own name when empty."""
    consumer: str = ""
    """Its consumer: a module and the expression in it that reads the value, such as `package.module:policy.surge`."""
    azure: str = ""
    """Azure's own name of it, where it has one."""
    choices: tuple[str, ...] = ()
    enum: type[Enum] | None = None
    """What a CHOICE becomes: the member whose value is the word, in any case."""
    low: int | None = None
    """Bounds of numbers, percentages and durations (seconds), both included."""
    high: int | None = None
    unit: str = ""
    section: "Section | None" = None
    """What a SECTION or each entry of ENTRIES holds."""
    item: Kind = Kind.TEXT
    """What each entry of a LIST is."""
    short: str = ""
    """The key of an entry that a plain value may replace: a file's address instead of a table."""
    example: str = ""
    """How to write a list, for the hint of a problem."""
    by_format: bool = False
    """It concerns the file or its variables and not the rollout: the profile's own code acts on it."""
    form: FormField | None = None
    report: Line | None = None

    @property
    def field(self) -> str:
        """The field of the dataclass that holds the value."""
        return self.attribute or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table with known keys; with `each` set, a table of such tables under free names."""

    help: str
    keys: tuple[Key, ...] = ()
    becomes: type[Any] | None = None
    """The dataclass that the table becomes."""
    required: tuple[str, ...] = ()
    entries: "Section | None" = None
    """The type of every entry, when names are free."""
    entry_kind: Kind | None = None
    """The same for entries that are not tables of known keys."""
    exclusive: tuple[tuple[str, ...], ...] = ()
    """Groups of keys of which a profile and its base together keep one: the nearer file wins."""
    example: str = ""
    """How to write it, for the hint of a problem."""

    def key(self, name: str) -> Key | None:
        """The key of this name, or None."""
        return next((key for key in self.keys if key.name == name), None)

    def default(self, key: Key) -> Any:
        """What a missing key means, by the dataclass; None where it has to be given."""
        for field in fields(self.becomes) if self.becomes is not None else ():
            if field.name == key.field:
                if field.default_factory is not MISSING:
                    return field.default_factory()
                return None if field.default is MISSING else field.default
        return None
