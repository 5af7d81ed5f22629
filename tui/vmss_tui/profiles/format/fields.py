"""The table of all keys of a profile: a key that is not here does not exist, and one that nothing acts on fails a test.

Reader, writer, JSON Schema, limits, deploy form and report iterate over it. Pure data.
"""

from vmss_tui.domain.plan.waves import OnFailedSet, WaveGroup, WaveRules
from vmss_tui.profiles.format.policy_fields import HOOK, ROLLOUT, WINDOW
from vmss_tui.profiles.format.profile import ReportFields, Targets, Variable
from vmss_tui.profiles.format.script_fields import PROTECTED, SCRIPT
from vmss_tui.profiles.format.sections import FormField, Group, Key, Kind, Section

_PREPARE = "vmss_tui.cli.commands.rollout.prepare"
_NOTIFY = "vmss_tui.engine.runner.notifications"
_BODIES = "vmss_tui.gateway.bodies"
_LISTED = "vmss_tui.cli.commands.profiles.profiles"
_RECORD = "vmss_tui.cli.commands.rollout.rollout"
_WAVES = "vmss_tui.domain.plan.waves"
_DECIDE = "vmss_tui.domain.rollout.waves.decide"

TARGETS = Section(
    help="Which scale sets this profile is for: those in `ids`, and those that fit `match` and `tags`.",
    becomes=Targets,
    keys=(
        Key(
            name="ids", kind=Kind.LIST, item=Kind.SET_ID, help="Resource ids of scale sets.",
            consumer=f"{_PREPARE}:targets.ids",
        ),
        Key(
            name="match", kind=Kind.LIST, help="Globs over group/name, such as 'prod-*/web-*'.",
            consumer=f"{_PREPARE}:targets.match",
        ),
        Key(
            name="tags", kind=Kind.TEXT_MAP, help="Tags that a set must all have; values may be globs.",
            consumer=f"{_PREPARE}:targets.tags",
        ),
    ),
)  # fmt: skip

VARIABLE = Section(
    help="A value that is filled in as ${name}.",
    becomes=Variable,
    keys=(
        Key(
            name="help", kind=Kind.TEXT, help="What the value means, for the person who is asked for it.",
            consumer="vmss_tui.app.screens.deploy.form:variable.help",
        ),
        Key(
            name="default", kind=Kind.TEXT, help="Used when no value is given; without it a value is required.",
            consumer="vmss_tui.app.screens.deploy.form:variable.default",
        ),
        Key(
            name="pattern", kind=Kind.TEXT, help="Regular expression (RE2) that the whole value must match.",
            consumer="vmss_tui.profiles.resolve:variable.pattern", by_format=True,
        ),
        Key(
            name="required", kind=Kind.FLAG, help="Says that a value is required; the same as no default.",
            consumer="vmss_tui.profiles.format.read:_required", by_format=True,
        ),
    ),
)  # fmt: skip

WAVE_GROUP = Section(
    help="A wave: the scale sets that every given condition fits and no earlier wave took.",
    becomes=WaveGroup,
    required=("name",),
    example='name = "canary", names = ["web-neu"]',
    keys=(
        Key(name="name", kind=Kind.TEXT, help="Name of the wave.", consumer=f"{_WAVES}:group.name"),
        Key(
            name="names", kind=Kind.LIST, help="Globs over the set's name, or over group/name, such as 'web-*'.",
            consumer=f"{_WAVES}:self.names",
        ),
        Key(
            name="tags", kind=Kind.TEXT_MAP, help="Tags that a set must all have; values may be globs.",
            consumer=f"{_WAVES}:self.tags",
        ),
        Key(
            name="regions", kind=Kind.LIST, help="Azure regions, such as 'westeurope'.",
            consumer=f"{_WAVES}:self.regions",
        ),
        Key(
            name="subscriptions", kind=Kind.LIST, help="Names or ids of subscriptions; globs.",
            consumer=f"{_WAVES}:self.subscriptions",
        ),
        Key(
            name="approve", kind=Kind.FLAG, help="Wait for approval before this wave.",
            consumer=f"{_WAVES}:group.approve",
        ),
        Key(
            name="bake", kind=Kind.DURATION, attribute="bake_seconds", low=0, unit="s",
            help="How long to wait after this wave before the next one.", consumer=f"{_WAVES}:group.bake_seconds",
        ),
    ),
)  # fmt: skip

WAVES = Section(
    help="How `rollout --all` handles several scale sets: in which order, how many at once, and how much may fail.",
    becomes=WaveRules,
    keys=(
        Key(
            name="groups", kind=Kind.ENTRIES, section=WAVE_GROUP, help="The waves in their order: [[waves.groups]].",
            consumer="vmss_tui.cli.commands.waves.prepare:profile.waves.groups",
        ),
        Key(
            name="at_once", kind=Kind.WHOLE, low=1, high=100, help="Scale sets in progress at the same time.",
            consumer=f"{_DECIDE}:rules.at_once",
        ),
        Key(
            name="failed_instances", kind=Kind.AMOUNT, low=0, consumer=f"{_WAVES}:self.failed_instances",
            help="Start no further set when more instances of all sets together than this failed.",
        ),
        Key(
            name="failed_sets", kind=Kind.AMOUNT, low=0, consumer=f"{_WAVES}:self.failed_sets",
            help="With on_failed_set = 'continue': start no further set when more sets than this failed.",
        ),
        Key(
            name="on_failed_set", kind=Kind.CHOICE, enum=OnFailedSet, choices=("stop", "continue", "rollback-wave"),
            help="What a failed set does: no further set starts, the others continue, or its wave is rolled back.",
            consumer=f"{_DECIDE}:rules.on_failed_set",
        ),
    ),
)  # fmt: skip

REPORT = Section(
    help="What the record of a rollout must contain.",
    becomes=ReportFields,
    keys=(
        Key(
            name="why", kind=Kind.TEXT, help="Default reason; may use ${variables}.", consumer=f"{_RECORD}:report.why",
            form=FormField(group=Group.RECORD, label="Why", placeholder="reason"),
        ),
        Key(
            name="ticket", kind=Kind.TEXT, help="Default ticket; may use ${variables}.",
            consumer=f"{_RECORD}:report.ticket",
            form=FormField(group=Group.RECORD, label="Ticket", cells=20, placeholder="CHG0012345"),
        ),
        Key(
            name="ticket_pattern", kind=Kind.TEXT, help="Regular expression (RE2) that a ticket must match.",
            consumer=f"{_RECORD}:check_record",
        ),
        Key(
            name="require", kind=Kind.LIST, help="Fields without which nothing starts: why, ticket.",
            consumer=f"{_RECORD}:check_record",
        ),
    ),
)  # fmt: skip

LINT = Section(
    help="How strict to be.",
    keys=(
        Key(
            name="accept", kind=Kind.LIST, help="Codes of warnings that the team accepts.",
            consumer="vmss_tui.profiles.lint.lint:profile.accept", by_format=True,
        ),
    ),
)  # fmt: skip

PROFILE = Section(
    help="A deployment profile of vmss-tui: a script, its targets, and its pace.",
    keys=(
        Key(
            name="schema", kind=Kind.WHOLE, help="Version of this format: 1.", low=1, high=1,
            consumer="vmss_tui.profiles.format.read:_schema", by_format=True,
        ),
        Key(
            name="name", kind=Kind.TEXT, help="Name of the profile; without it, the file's.",
            consumer=f"{_PREPARE}:profile.name",
        ),
        Key(
            name="description", kind=Kind.TEXT, help="What it does, in one line.",
            consumer=f"{_LISTED}:entry.description",
        ),
        Key(name="owner", kind=Kind.TEXT, help="Who maintains it.", consumer=f"{_LISTED}:entry.owner"),
        Key(
            name="extends", kind=Kind.TEXT, help="Path of a profile to start from, relative to this one.",
            consumer="vmss_tui.profiles.format.document:_extend", by_format=True,
        ),
        Key(
            name="base", kind=Kind.FLAG, help="Exists only to be extended: not listed, and may be incomplete.",
            consumer="vmss_tui.profiles.store.store:profile.base", by_format=True,
        ),
        Key(
            name="targets", kind=Kind.SECTION, section=TARGETS, help=TARGETS.help, consumer=f"{_PREPARE}:targets.choose"
        ),
        Key(
            name="variables", kind=Kind.SECTION, help="Values that are filled in as ${name}.",
            section=Section(help="Values that are filled in as ${name}.", entries=VARIABLE),
            consumer=f"{_PREPARE}:resolved.variables",
        ),
        Key(
            name="script", kind=Kind.SECTION, section=SCRIPT, help=SCRIPT.help, consumer=f"{_PREPARE}:resolved.script"
        ),
        Key(
            name="protected", kind=Kind.SECTION, section=PROTECTED, help=PROTECTED.help,
            consumer=f"{_BODIES}:script.protected", azure="protectedSettings",
        ),
        Key(
            name="rollout", kind=Kind.SECTION, section=ROLLOUT, help=ROLLOUT.help, attribute="policy",
            consumer=f"{_PREPARE}:resolved.policy",
        ),
        Key(
            name="hooks", kind=Kind.ENTRIES, section=HOOK, attribute="policy.hooks", consumer=f"{_NOTIFY}:policy.hooks",
            help="Who is notified about a rollout: [[hooks]] with a command, a url or a service each.",
        ),
        Key(
            name="window", kind=Kind.SECTION, section=WINDOW, help=WINDOW.help, attribute="policy.window",
            consumer="vmss_tui.domain.plan.checks.maintenance:policy.window",
        ),
        Key(
            name="waves", kind=Kind.SECTION, section=WAVES, help=WAVES.help,
            consumer="vmss_tui.cli.commands.waves.prepare:profile.waves",
        ),
        Key(
            name="report", kind=Kind.SECTION, section=REPORT, help=REPORT.help, consumer=f"{_PREPARE}:profile"
        ),
        Key(
            name="lint", kind=Kind.SECTION, section=LINT, help=LINT.help,
            consumer="vmss_tui.profiles.lint.lint:profile.accept", by_format=True,
        ),
    ),
)  # fmt: skip
