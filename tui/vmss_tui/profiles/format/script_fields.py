"""The keys of `[script]`, of its files and of `[protected]`. Pure data; see `fields`."""

from vmss_tui.profiles.format.profile import FileRef, Rerun, Script
from vmss_tui.profiles.format.sections import FormField, Group, Key, Kind, Section

_PLANNER = "vmss_tui.domain.plan.planner"
_PREPARE = "vmss_tui.cli.commands.rollout.prepare"
_BODIES = "vmss_tui.gateway.bodies"
_SETTINGS = f"{_BODIES}:script.settings"
_PROTECTED = f"{_BODIES}:secret.reveal"

FILE = Section(
    help="A file to download.",
    becomes=FileRef,
    required=("uri",),
    example='an address, or { uri = "https://…", sha256 = "…" }',
    keys=(
        Key(name="uri", kind=Kind.TEXT, help="Address of the file.", consumer=_SETTINGS, azure="fileUris"),
        Key(
            name="sha256", kind=Kind.TEXT, help="SHA-256 of its content: 64 hex digits.",
            consumer=f"{_PREPARE}:resolved.sha256",
        ),
    ),
)  # fmt: skip

SCRIPT = Section(
    help="The custom script that the instances download and run.",
    becomes=Script,
    keys=(
        Key(
            name="os", kind=Kind.TEXT, choices=("linux", "windows"), attribute="handler.os",
            help="Operating system, which decides the Custom Script Extension handler.",
            consumer="vmss_tui.domain.plan.checks.possible:script.handler.os",
            form=FormField(group=Group.SCRIPT, label="System"),
        ),
        Key(
            name="name", kind=Kind.TEXT, help="Name of the extension; without it the name on the set is kept.",
            consumer=f"{_BODIES}:script.name",
            form=FormField(
                group=Group.ADVANCED, label="Extension", cells=30, hint="empty keeps the name it has on the set"
            ),
        ),
        Key(
            name="label", kind=Kind.TEXT, help="Name of this version in lists and reports, such as 'web ${version}'.",
            consumer="vmss_tui.domain.plan.rollout_plan:script.label",
            form=FormField(
                group=Group.SCRIPT, label="Version name", cells=30, hint="shown in every list"
            ),
        ),
        Key(
            name="files", kind=Kind.ENTRIES, section=FILE, short="uri", example='["https://host/path/file"]',
            help="Addresses to download, or tables { uri, sha256 }.", consumer=_SETTINGS, azure="fileUris",
            form=FormField(group=Group.SCRIPT, label="Files", hint="one address a line; ctrl+up, ctrl+down move it"),
        ),
        Key(
            name="command", kind=Kind.TEXT, help="Command to run after the downloads.",
            consumer=_SETTINGS, azure="commandToExecute",
            form=FormField(
                group=Group.SCRIPT, label="Command", placeholder="./install.sh", hint="run after the downloads"
            ),
        ),
        Key(
            name="undo", kind=Kind.TEXT, consumer="vmss_tui.domain.rollout.rollback:script.undo",
            help="Command that a roll back runs on an instance before it restores the version before.",
        ),
        Key(
            name="inline", kind=Kind.TEXT, consumer=_SETTINGS, azure="script",
            help="Text of a script to run instead of a command (Linux, /bin/sh unless it has a shebang).",
        ),
        Key(
            name="inline_file", kind=Kind.TEXT, help="The same from a file beside the profile.",
            consumer=_SETTINGS, azure="script",
        ),
        Key(
            name="skip_dos2unix", kind=Kind.FLAG, help="Keep CRLF line breaks (Linux).",
            consumer=_SETTINGS, azure="skipDos2Unix",
            form=FormField(group=Group.ADVANCED, label="Keep CRLF", hint="Linux only"),
        ),
        Key(
            name="timestamp", kind=Kind.WHOLE, help="A number; Azure runs the script again when it changes.",
            consumer=_SETTINGS, azure="timestamp",
            form=FormField(
                group=Group.ADVANCED, label="Timestamp", cells=20, hint="a new number runs the script again"
            ),
        ),
        Key(
            name="force_update_tag", kind=Kind.TEXT, help="A text; Azure runs the script again when it changes.",
            consumer=f"{_BODIES}:script.force_update_tag", azure="forceUpdateTag",
            form=FormField(
                group=Group.ADVANCED, label="Force tag", cells=20, hint="a new value runs the script again"
            ),
        ),
        Key(
            name="rerun", kind=Kind.CHOICE, enum=Rerun, choices=("when-changed", "always"),
            help="Force a re-run where settings are unchanged.",
            consumer=f"{_PLANNER}:policy.force_rerun",
            form=FormField(group=Group.SCRIPT, label="Force re-run", hint="even if settings are unchanged"),
        ),
        Key(
            name="handler_version", kind=Kind.TEXT, attribute="handler.version",
            help="Version of the handler, such as '2.1'.",
            consumer=f"{_BODIES}:script.handler.version", azure="typeHandlerVersion",
        ),
        Key(
            name="publisher", kind=Kind.TEXT, attribute="handler.publisher", help="Publisher of a legacy handler.",
            consumer=f"{_BODIES}:script.handler.publisher", azure="publisher",
        ),
        Key(
            name="type", kind=Kind.TEXT, attribute="handler.type", help="Type of a legacy handler.",
            consumer=f"{_BODIES}:script.handler.type", azure="type",
        ),
        Key(
            name="auto_upgrade_minor", kind=Kind.FLAG, help="Take newer minor versions of the handler.",
            consumer=f"{_BODIES}:script.auto_upgrade_minor", azure="autoUpgradeMinorVersion",
            form=FormField(group=Group.ADVANCED, label="Handler", hint="newer minor versions"),
        ),
        Key(
            name="provision_after", kind=Kind.LIST, help="Extensions that must be provisioned before this one.",
            consumer=f"{_BODIES}:script.provision_after", azure="provisionAfterExtensions",
        ),
        Key(
            name="suppress_failures", kind=Kind.FLAG,
            help="Azure ignores failures of this extension; not recommended.",
            consumer=f"{_BODIES}:script.suppress_failures", azure="suppressFailures",
            form=FormField(group=Group.ADVANCED, label="Hide errors", hint="not recommended"),
        ),
        Key(name="settings", kind=Kind.TABLE, help="Further public settings, passed on unchanged.", consumer=_SETTINGS),
    ),
    exclusive=(("command", "inline", "inline_file"),),
)  # fmt: skip

VAULT = Section(
    help="A Key Vault secret that holds all protected settings as one JSON object.",
    required=("vault_id", "secret_url"),
    keys=(
        Key(
            name="vault_id", kind=Kind.TEXT, help="Resource id of the vault.",
            consumer=f"{_BODIES}:vault_id", azure="sourceVault.id",
        ),
        Key(
            name="secret_url", kind=Kind.TEXT, help="Address of the secret.",
            consumer=f"{_BODIES}:secret_url", azure="secretUrl",
        ),
    ),
)  # fmt: skip

SECRET = Section(
    help="Where a protected value comes from.",
    keys=(
        Key(name="env", kind=Kind.TEXT, help="An environment variable.", consumer=_PROTECTED),
        Key(name="file", kind=Kind.TEXT, help="A file, relative to the profile.", consumer=_PROTECTED),
        Key(
            name="prompt", kind=Kind.TEXT, help="A question to ask; true asks for the setting by name.",
            consumer=_PROTECTED,
        ),
        Key(
            name="literal", kind=Kind.TEXT,
            help="The value itself, for what is not secret, such as storageAccountName.",
            consumer=_PROTECTED,
        ),
        Key(
            name="force", kind=Kind.FLAG, help="Allow a literal secret in the profile.",
            consumer="vmss_tui.profiles.lint.handler_rules:profile.forced", by_format=True,
        ),
        Key(
            name="key_vault", kind=Kind.SECTION, section=VAULT, help=VAULT.help,
            consumer=f"{_BODIES}:SecretSource.KEY_VAULT", azure="protectedSettingsFromKeyVault",
        ),
    ),
)  # fmt: skip

PROTECTED = Section(
    help="Protected settings by Azure's names, as references: never put a secret into a profile.",
    entry_kind=Kind.SECRET,
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
