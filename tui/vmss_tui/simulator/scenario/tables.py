"""Every table and key of a scenario file. Lint, loader and FORMAT.md read this one place."""

from dataclasses import fields
from enum import StrEnum
from typing import get_type_hints

from vmss_tui.simulator.scenario.governance_tables import GOVERNANCE
from vmss_tui.simulator.scenario.model import EventAfter, FaultKind, PrincipalKind, SignInDemand
from vmss_tui.simulator.scenario.schema import (
    Key,
    Table,
    anything,
    between,
    choice,
    duration,
    flag,
    instances,
    is_body,
    is_bucket,
    is_factor,
    is_file,
    is_hint,
    is_number,
    is_offset,
    is_pattern,
    is_roles,
    is_signed,
    is_table,
    number,
    text,
)
from vmss_tui.simulator.scenario.set_tables import SCRIPT_KEYS, SET_KEYS, SET_TABLES
from vmss_tui.simulator.world.changes.events import ACTIONS
from vmss_tui.simulator.world.state.rules import Switches, Timings
from vmss_tui.simulator.world.state.states import Execution, FailureCause, Health

SWITCH_MEANINGS = {
    "cancel": "abandon: the batch in flight counts as failed (2023); finish: it is let to end (2018).",
    "restamp_operations": "Set a rolling operation's startTime again at each batch (recordings of 2017-2020).",
    "never_rolled": "Status of rollingUpgrades/latest before any rolling upgrade (inferred).",
    "echo_protected_settings": "The 201 of an extension PUT echoes protectedSettings (recorded twice in 2018).",
    "noop_write_walks": "A write that changes nothing still walks every instance of a Rolling set (recorded 2020).",
    "two_health_sources": "Probe and health extension together, Rolling or with repairs (documented; 400 inferred).",
    "model_roll_in_latest": "rollingUpgrades/latest shows rolling upgrades that a model write started (inferred: yes).",
    "retry_after": "Retry-After: never (Azure CLI), on writes (10 s), first polls too (11 to 97), every poll (30).",
    "utc_offset": "Offset in timestamps.",
    "uppercase_groups": "Subscription-wide lists give resource groups in upper case (recorded).",
    "uppercase_machines": "Lists of instances do so too (790 of 1277 recorded ids).",
}


def _switches() -> tuple[Key, ...]:
    """One key for each switch of the world, typed as there."""
    found: list[Key] = []
    hints = get_type_hints(Switches)
    for setting in fields(Switches):
        meaning = SWITCH_MEANINGS[setting.name]
        default = setting.default
        if hints[setting.name] is bool:
            found.append(flag(setting.name, meaning, str(not default).lower()))
        elif issubclass(hints[setting.name], StrEnum):
            options = tuple(hints[setting.name])
            found.append(choice(setting.name, options, meaning, options[-1]))
        else:
            found.append(anything(setting.name, "offset", meaning, '"-07:00"', is_offset))
    return tuple(found)


def _timings() -> tuple[Key, ...]:
    found = []
    for setting in fields(Timings):
        default = setting.default
        if isinstance(default, tuple):
            example = f"[{default[0]:g}, {default[1]:g}]"
            found.append(between(setting.name, f"Seconds; {example} by default.", example))
        else:
            found.append(duration(setting.name, f"Seconds; {default:g} by default.", f"{default:g}"))
    return tuple(found)


FILE = Table(
    "file",
    "A scenario file.",
    tables=(
        Table(
            "scenario",
            "The scenario itself.",
            (
                text("name", "Short name.", "shipping", required=True),
                text("title", "One line about it.", "A shipping company"),
                number("seed", "Seed of every variation.", "7"),
                anything("speed", "number", "Simulated seconds a real second.", "1", is_factor),
                choice("execution", tuple(Execution), "Whether scripts are really run.", "run"),
                duration("script_timeout", "How long a script may run.", '"90m"'),
                duration("graph_lag", "How far Resource Graph is behind at most; 30 by default.", "60"),
                text(
                    "newest_api_version",
                    "Newest api-version that is known; every one by default.",
                    "2020-06-01",
                ),
                text("health_command", "With execution = run: decides health by its exit code.", "test -f healthy"),
                anything(
                    "poll_hint_ms", "whole number or false", "x-ms-retry-after-ms of long answers.", "200", is_hint
                ),
            ),
        ),
        Table(
            "directory",
            "How Entra ID behaves.",
            (
                duration("token_lifetime", "Real seconds a token is valid.", '"1h"'),
                number("device_code_pending_polls", "Polls answered with authorization_pending.", "2"),
                flag("claims_challenge", "Answer a token's first request with a claims challenge."),
            ),
        ),
        Table(
            "throttling",
            "Token buckets.",
            (
                flag("enabled", "Whether anything is throttled.", "false"),
                anything("scale", "number", "Factor on every bucket.", "0.1", is_number),
                flag("per_resource", "Also the documented limits of one scale set (GET 12 a minute) and one VM."),
                flag("deletes_are_writes", "Deletes count as writes, as they did until 2018."),
            ),
            (
                Table(
                    "sizes",
                    "Sizes of single buckets.",
                    free="bucket = [in 3 minutes, in 30 minutes]",
                    free_check=is_bucket,
                ),
            ),
        ),
        Table(
            "paging",
            "Items a page.",
            (
                number("instances", "Instances.", "100"),
                number("scale_sets", "Scale sets.", "50"),
                flag("empty_page", "The first page is empty and has a nextLink (recorded)."),
            ),
        ),
        Table("switches", "Behavior on which sources disagree.", _switches()),
        Table("timings", "Seconds that Azure takes.", _timings()),
        Table(
            "tenants",
            "Directories.",
            (
                text("id", "GUID; made from the name by default.", "11111111-1111-4111-8111-111111111111"),
                text("name", "Display name.", "Contoso Shipping", required=True),
                text("domain", "Default domain.", "contoso.com"),
                choice("demands", tuple(SignInDemand)[1:], "What it wants of people before it gives out tokens."),
            ),
            is_list=True,
        ),
        Table(
            "subscriptions",
            "Subscriptions.",
            (
                text("id", "GUID; made from the name by default.", "22222222-2222-4222-8222-222222222222"),
                text("name", "Display name; scale sets refer to it. {n} counts copies.", "prod-europe", required=True),
                number("copies", "How many copies of it; a scale set that names {n} is in each.", "100", most=10_000),
                text("tenant", "Name or id of its tenant; the first by default.", "Contoso Shipping"),
                choice("state", ("Enabled", "Warned", "PastDue", "Disabled", "Deleted"), "State.", "Warned"),
            ),
            is_list=True,
        ),
        Table(
            "groups",
            "Resource groups; those that only scale sets name need no entry.",
            (
                text("name", "Name.", "rg-ship-web", required=True),
                text("subscription", "Name or id of its subscription.", "prod-europe"),
                text("location", "Region.", "westeurope"),
                anything("tags", "table", "Tags.", '{ team = "web" }', is_table),
                text("managed_by", "Id of the resource that owns it, such as an AKS cluster.", "/subscriptions/…"),
            ),
            is_list=True,
        ),
        Table(
            "principals",
            "Who can sign in; without any, one service principal owns everything.",
            (
                text("name", "Display name.", "deployer", required=True),
                text("client_id", "GUID; made from the name by default.", "33333333-3333-4333-8333-333333333333"),
                text("object_id", "GUID; made from the name by default.", "44444444-4444-4444-8444-444444444444"),
                text("tenant", "Name or id of its tenant; the first by default.", "Contoso Shipping"),
                choice("kind", tuple(PrincipalKind), "What it is.", "user"),
                text("secret", "A made-up client secret.", "simulated-secret"),
                anything(
                    "roles",
                    "list of {role, scope}",
                    "Roles; a scope is `/`, a subscription, `subscription/group`, or a resource id.",
                    '[{ role = "Reader", scope = "prod-europe" }]',
                    is_roles,
                ),
            ),
            is_list=True,
        ),
        *GOVERNANCE,
        Table(
            "faults",
            "Faults injected into answers.",
            (
                choice(
                    "kind",
                    tuple(FaultKind),
                    "What happens.",
                    required=True,
                ),
                text("method", "HTTP method; any by default.", "GET"),
                text("path", "Shell-style pattern of the path, case ignored.", "*/virtualMachines"),
                number("count", "How many requests it hits; 0 means every one.", "2"),
                number("after", "How many matching requests pass first.", "5"),
                number("status", "HTTP status, with kind status.", "503"),
                text("code", "ARM error code.", "ServiceUnavailable"),
                text("message", "ARM error message.", "Try again later."),
                number("retry_after", "Retry-After in seconds.", "3"),
                anything("seconds", "number", "Delay, or length of a drip, in real seconds.", "2.5", is_number),
                anything("body", "text or table", "Sent as it is, with kind status.", "{ error = {} }", is_body),
                anything("headers", "table", "Further headers, with kind status.", '{ "x-a" = "b" }', is_table),
            ),
            is_list=True,
        ),
        Table(
            "scripts",
            "What scripts do; the first that matches counts, others succeed.",
            (
                anything(
                    "match",
                    "regular expression",
                    "Found in the command, the file URIs or the inline text; named groups fill the texts.",
                    "'custom_application_v(?P<version>[0-9.]+)[.]sh'",
                    is_pattern,
                ),
                text("scale_sets", "Shell-style pattern of scale set names.", "web-*"),
                between("seconds", "How long it takes.", "[30, 120]"),
                number("exit_code", "Exit code, everywhere.", "0"),
                text(
                    "stdout",
                    "stdout; {version}, {instance}, {name}, {scale_set} are filled in.",
                    "Installing web {version}",
                ),
                text("stderr", "stderr.", "warning: old libc"),
                instances("fails_on", "Where it fails.", "[3, 17]"),
                choice(
                    "failure",
                    tuple(FailureCause),
                    "What fails there: the script, the download of its files, or the handler, which leaves no status.",
                    "handler install",
                ),
                number("failure_exit_code", "Exit code where it fails, of the script or of the handler.", "100"),
                text("failure_stdout", "stdout where it fails.", "Reading package lists..."),
                text("failure_stderr", "stderr where it fails.", "E: Unable to locate package web"),
                flag("hangs", "It never ends."),
                instances("hangs_on", "Where it never ends.", "[5]"),
                number("output_bytes", "Pad stdout to this number of bytes.", "1048576"),
                flag("unhealthy_after", "It ends well but the instance stays unhealthy."),
                instances("unhealthy_on", "Where the instance stays unhealthy.", "[7]"),
                flag("healthy_after_failure", "A failed script leaves the old version serving."),
            ),
            is_list=True,
        ),
        Table(
            "files",
            "Files that the simulator serves by URI.",
            free='"URI" = text, or { file = path }',
            free_check=is_file,
        ),
        Table("defaults", "Keys of scale_sets that hold for all that do not say otherwise.", SET_KEYS, SET_TABLES),
        Table("scale_sets", "Scale sets.", SET_KEYS, SET_TABLES, is_list=True),
        Table(
            "events",
            "What happens while the simulation runs.",
            (
                text("scale_set", "Name of the scale set.", "web-weu", required=True),
                duration("at", "When.", "90", required=True),
                choice(
                    "after", tuple(EventAfter), "Counted from the start, or from the first write to the set.", "write"
                ),
                choice("action", tuple(ACTIONS), "What.", "autoscale", required=True),
                number("capacity", "autoscale: the new capacity.", "75"),
                anything("by", "number", "autoscale: change of the capacity.", "-5", is_signed),
                instances("instances", "health, deallocate, delete: which instances.", "[4]"),
                choice("to", tuple(Health), "health: the new health.", "unhealthy"),
                instances("upgrade", "write: instances brought to the model as well.", "[0]"),
                anything("tags", "table", "write: tags that are set.", '{ touched = "yes" }', is_table),
                choice("kind", ("os", "extension"), "roll: what the platform upgrades."),
                text("instance", "repair: the instance.", "4"),
                text("who", "write: who did it, for the activity log.", "maria@contoso.com"),
            ),
            (Table("script", "write: the script that a colleague writes.", SCRIPT_KEYS),),
            is_list=True,
        ),
    ),
)
