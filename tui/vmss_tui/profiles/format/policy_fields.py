"""The keys of `[rollout]`, `[[hooks]]` and `[window]`. Pure data; see `fields`."""

from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import (
    Approver,
    BatchStep,
    ExternalGate,
    Hook,
    OnFailure,
    OnWindowEnd,
    Reserve,
    RolloutPolicy,
    ServiceRef,
    Urgency,
)
from vmss_tui.profiles.format.sections import FormField, Group, Key, Kind, Line, Section

_BATCHES = "vmss_tui.domain.plan.batches"
_PLANNER = "vmss_tui.domain.plan.planner"
_GATES = "vmss_tui.domain.rollout.decide.gates"
_CLIENT = "vmss_tui.domain.rollout.decide.client_batches"
_OUTSIDE = "vmss_tui.engine.runner.commands_and_webhooks"
_NOTIFY = "vmss_tui.engine.runner.notifications"
_BODIES = "vmss_tui.gateway.bodies"
_WINDOW = "vmss_tui.domain.plan.maintenance_window"
_GUARD = "vmss_tui.domain.rollout.decide.window_guard"

GATE = Section(
    help="A command or an HTTP probe that must succeed before the next batch.",
    becomes=ExternalGate,
    keys=(
        Key(
            name="command", kind=Kind.LIST, help="Program and arguments; exit code 0 lets the batch start.",
            consumer=f"{_OUTSIDE}:gate.command",
        ),
        Key(
            name="url", kind=Kind.TEXT, help="Address that must answer with a 2xx status.",
            consumer=f"{_OUTSIDE}:gate.url",
        ),
        Key(
            name="timeout", kind=Kind.DURATION, help="Time limit.", low=1, unit="s", attribute="timeout_seconds",
            consumer=f"{_OUTSIDE}:gate.timeout_seconds",
        ),
    ),
    exclusive=(("command", "url"),),
)  # fmt: skip

STEP = Section(
    help="A batch.",
    becomes=BatchStep,
    required=("batch",),
    example='{ batch = "10%", approve = true }',
    keys=(
        Key(
            name="batch", kind=Kind.AMOUNT, attribute="amount", consumer=f"{_BATCHES}:step.amount",
            help="A number of instances, or the share of the set that is updated after this batch.",
        ),
        Key(
            name="approve", kind=Kind.FLAG, help="Wait for approval before this batch.",
            consumer=f"{_BATCHES}:step.approve",
        ),
    ),
)  # fmt: skip

ROLLOUT = Section(
    help="How fast and how safely. What is not stated follows the scale set's own policy.",
    becomes=RolloutPolicy,
    keys=(
        Key(
            name="mode", kind=Kind.CHOICE, enum=UpgradeMode, choices=("rolling", "manual", "automatic"),
            help="Use this upgrade mode for this rollout only.",
            consumer=f"{_PLANNER}:policy.mode", azure="upgradePolicy.mode",
            form=FormField(group=Group.ROLLOUT, label="Mode"),
        ),
        Key(
            name="batch", kind=Kind.AMOUNT, attribute="steps", help="Instances at a time: 12, or '20%'.",
            consumer=f"{_BATCHES}:policy.steps", azure="maxBatchInstancePercent",
            form=FormField(
                group=Group.ROLLOUT, label="Batch", placeholder="20%",
                hint="a count (12), a percentage (20%), or steps: 1, 10%!, 50%; ! waits for approval",
            ),
            report=Line("Batches"),
        ),
        Key(
            name="steps", kind=Kind.ENTRIES, section=STEP, short="batch", low=1, example='[1, "10%", "50%", "100%"]',
            help="A list of batches: [1, '10%', { batch = '50%', approve = true }, '100%'].",
            consumer=f"{_BATCHES}:policy.steps",
        ),
        Key(
            name="pause", kind=Kind.DURATION, attribute="pause_seconds", low=0, unit="s", help="Pause between batches.",
            consumer=f"{_CLIENT}:policy.pause_seconds", azure="pauseTimeBetweenBatches",
            form=FormField(
                group=Group.ROLLOUT, label="Pause", cells=10, placeholder="0s", hint="between two batches"
            ),
            report=Line("Pause", off="0s"),
        ),
        Key(
            name="unhealthy", kind=Kind.PERCENT, attribute="unhealthy_percent", low=5, high=100, unit="%",
            help="Stop when more of the set's instances than this are unhealthy.",
            consumer=f"{_GATES}:policy.unhealthy_percent", azure="maxUnhealthyInstancePercent",
            form=FormField(group=Group.ROLLOUT, label="Unhealthy", cells=10, placeholder="20%"),
            report=Line("Unhealthy", "at most {} of the set"),
        ),
        Key(
            name="unhealthy_upgraded", kind=Kind.PERCENT, attribute="unhealthy_upgraded_percent",
            low=0, high=100, unit="%", help="Stop when more of the updated instances than this are unhealthy.",
            consumer=f"{_GATES}:policy.unhealthy_upgraded_percent", azure="maxUnhealthyUpgradedInstancePercent",
            form=FormField(group=Group.ROLLOUT, label=" of updated", cells=10, placeholder="20%"),
            report=Line("Unhealthy updated", "at most {} of the updated instances", "no updated instance"),
        ),
        Key(
            name="failure_budget", kind=Kind.AMOUNT, low=0,
            help="Stop when more instances of the whole rollout than this failed.",
            consumer=f"{_GATES}:policy.failure_budget",
            form=FormField(group=Group.ROLLOUT, label="Fail budget", cells=10, placeholder="none"),
            report=Line("Failure budget", "{} in the whole rollout"),
        ),
        Key(
            name="min_healthy", kind=Kind.DURATION, attribute="min_healthy_seconds", low=0, unit="s",
            help="How long each instance must have been healthy before the next batch.",
            consumer="vmss_tui.domain.rollout.decide.running_batch:policy.min_healthy_seconds",
            form=FormField(group=Group.ROLLOUT, label="Healthy for", cells=10, placeholder="0s"),
            report=Line("Minimum healthy time"),
        ),
        Key(
            name="health_wait", kind=Kind.DURATION, attribute="health_wait_seconds", low=0, unit="s",
            help="How long an updated instance may take to become healthy.",
            consumer="vmss_tui.domain.rollout.instance_phase:policy.health_wait_seconds",
            form=FormField(
                group=Group.ADVANCED, label="Health wait", cells=10,
                hint="how long an instance may take to become healthy",
            ),
            report=Line("Health", "within {} after an update", "immediately after an update"),
        ),
        Key(
            name="batch_deadline", kind=Kind.DURATION, attribute="batch_deadline_seconds", low=60, unit="s",
            help="A batch that takes longer fails.",
            consumer=f"{_CLIENT}:policy.batch_deadline_seconds",
            form=FormField(group=Group.ADVANCED, label="Deadline", cells=10, hint="how long a batch may take"),
            report=Line("Deadline of a batch"),
        ),
        Key(
            name="soak", kind=Kind.DURATION, attribute="soak_seconds", low=0, unit="s",
            help="How long to keep watching after the last batch, before the verdict.",
            consumer=f"{_CLIENT}:policy.soak_seconds",
            form=FormField(
                group=Group.ROLLOUT, label="Soak", cells=10, placeholder="0s",
                hint="keep watching after the last batch",
            ),
            report=Line("Soak"),
        ),
        Key(
            name="cross_zone", kind=Kind.FLAG, help="Allow several zones in one batch.",
            consumer=f"{_BATCHES}:policy.cross_zone", azure="enableCrossZoneUpgrade",
            form=FormField(group=Group.ROLLOUT, label="Mix zones"),
            report=Line("Zones", "mixed in a batch", "one zone in a batch"),
        ),
        Key(
            name="prioritise_unhealthy", kind=Kind.FLAG, help="Update unhealthy instances first.",
            consumer=f"{_BATCHES}:policy.prioritise_unhealthy", azure="prioritizeUnhealthyInstances",
            form=FormField(group=Group.ROLLOUT, label="Unhealthy 1st"),
            report=Line("Order", "unhealthy first"),
        ),
        Key(
            name="rollback_on_breach", kind=Kind.FLAG, help="Let Azure roll failed instances back (Uniform sets).",
            consumer=f"{_BODIES}:policy.rollback_on_breach", azure="rollbackFailedInstancesOnPolicyBreach",
            form=FormField(group=Group.ADVANCED, label="Roll back", hint="by Azure, when a limit is exceeded"),
            report=Line("Roll back", "by Azure, when a limit is exceeded"),
        ),
        Key(
            name="surge", kind=Kind.FLAG, help="Let Azure add instances instead of taking some down.",
            consumer=f"{_BODIES}:policy.surge", azure="maxSurge",
            form=FormField(group=Group.ADVANCED, label="Surge", hint="new instances first, where Azure can"),
            report=Line("Surge", "with extra instances"),
        ),
        Key(
            name="canary", kind=Kind.LIST, help="Instance ids to update first.",
            consumer=f"{_BATCHES}:policy.canary",
            form=FormField(
                group=Group.ROLLOUT, label="Canary", cells=20, placeholder="ids", hint="these instances first"
            ),
            report=Line("First"),
        ),
        Key(
            name="exclude", kind=Kind.LIST, help="Instance ids to exclude.",
            consumer="vmss_tui.domain.plan.exclusions:policy.exclude",
            form=FormField(
                group=Group.ROLLOUT, label="Exclude", cells=20, placeholder="ids", hint="never these instances"
            ),
            report=Line("Excluded"),
        ),
        Key(
            name="restore_policy", kind=Kind.FLAG, help="Restore the set's own upgrade policy afterwards.",
            consumer="vmss_tui.domain.rollout.decide.conclude:policy.restore_policy",
            form=FormField(group=Group.ADVANCED, label="Restore", hint="the set's own policy at the end"),
            report=Line("Own policy", "restored at the end", "not restored at the end"),
        ),
        Key(
            name="suspend_repairs", kind=Kind.FLAG, help="Suspend automatic repairs during the rollout.",
            consumer=f"{_PLANNER}:policy.suspend_repairs",
            form=FormField(group=Group.ADVANCED, label="No repairs", hint="suspend automatic repairs during it"),
        ),
        Key(
            name="on_window_end", kind=Kind.CHOICE, enum=OnWindowEnd, choices=("stop", "wait", "rollback"),
            help="What to do when the next batch cannot end in the maintenance window.",
            consumer=f"{_GUARD}:policy.on_window_end",
            form=FormField(group=Group.ADVANCED, label="Window end", cells=10, hint="stop, wait or rollback"),
            report=Line("End of the window", "{}"),
        ),
        Key(
            name="reserve", kind=Kind.CHOICE, enum=Reserve, choices=("nothing", "rollback"),
            help="What each batch must leave time for before the maintenance window ends.",
            consumer="vmss_tui.domain.plan.rollout_plan:policy.reserve",
            form=FormField(group=Group.ADVANCED, label="Reserve", cells=10, hint="rollback: time to undo it all"),
            report=Line("Reserve", "{}"),
        ),
        Key(
            name="approve", kind=Kind.CHOICE, enum=Approver, choices=("anyone", "other"),
            help="Who may approve a batch or a wave: anyone, or another person than the one who started it.",
            consumer="vmss_tui.domain.rollout.requests:policy.approve",
            form=FormField(group=Group.ADVANCED, label="Approval", cells=10, hint="other: not by who started it"),
            report=Line("Approval", "by {}"),
        ),
        Key(
            name="on_failure", kind=Kind.CHOICE, enum=OnFailure, choices=("stop", "ask", "rollback", "rollback-batch"),
            help="When a limit stops it: stop, ask, rollback (all that was updated), or rollback-batch.",
            consumer="vmss_tui.domain.rollout.decide.failure:policy.on_failure",
            form=FormField(
                group=Group.ROLLOUT, label="On failure", hint="stop, ask, rollback, or rollback-batch"
            ),
            report=Line("On failure"),
        ),
        Key(
            name="gate", kind=Kind.SECTION, section=GATE, help=GATE.help,
            consumer="vmss_tui.domain.rollout.decide.external_gates:policy.gate",
            form=FormField(
                group=Group.ROLLOUT, label="Gate", placeholder="./gate.sh --strict",
                hint="a command here, or https://…, before every batch",
            ),
        ),
    ),
    exclusive=(("batch", "steps"),),
)  # fmt: skip

_SERVICES = "vmss_tui.engine.runner.services"
SERVICE = Section(
    help="Where the address of a chat, mail or paging service is kept.",
    becomes=ServiceRef,
    example='service = { env = "NAME" }, or { file = "/path" }: the address holds a token',
    keys=(
        Key(
            name="env", kind=Kind.TEXT, help="An environment variable of the runner.",
            consumer=f"{_SERVICES}:service.env",
        ),
        Key(name="file", kind=Kind.TEXT, help="A file, by its absolute path.", consumer=f"{_SERVICES}:service.file"),
    ),
    exclusive=(("env", "file"),),
)  # fmt: skip

HOOK = Section(
    help="A command, a webhook or a service that is notified about a rollout, which a failing hook does not affect.",
    becomes=Hook,
    keys=(
        Key(
            name="on", kind=Kind.LIST, help="Events: needs_person, failed, ended; all of them by default.",
            consumer=f"{_NOTIFY}:hook.on",
        ),
        Key(
            name="command", kind=Kind.LIST, help="Program and arguments; the message comes as JSON on standard input.",
            consumer=f"{_NOTIFY}:hook.command",
        ),
        Key(
            name="url", kind=Kind.TEXT, help="Address that the message is posted to as JSON.",
            consumer=f"{_NOTIFY}:hook.url",
        ),
        Key(
            name="service", kind=Kind.SECTION, section=SERVICE, consumer=f"{_NOTIFY}:hook.service",
            help="Slack, Teams, e-mail, PagerDuty and others: where the address (as Apprise writes it) is kept.",
        ),
        Key(
            name="least", kind=Kind.CHOICE, enum=Urgency, choices=("info", "warning", "error"),
            help="Lowest urgency to notify about: info (it ended), warning (attention is needed, canceled), error.",
            consumer=f"{_NOTIFY}:hook.least",
        ),
        Key(
            name="timeout", kind=Kind.DURATION, help="Time limit.", low=1, unit="s", attribute="timeout_seconds",
            consumer=f"{_NOTIFY}:hook.timeout_seconds",
        ),
    ),
    exclusive=(("command", "url", "service"),),
)  # fmt: skip

WINDOW = Section(
    help="Maintenance window: no batch starts that cannot end in it.",
    becomes=Window,
    keys=(
        Key(name="start", kind=Kind.TEXT, help="Time of day, HH:MM.", consumer=f"{_WINDOW}:self.start"),
        Key(
            name="end", kind=Kind.TEXT, help="Time of day, HH:MM; at or before the start means on the next day.",
            consumer=f"{_WINDOW}:self.end",
        ),
        Key(
            name="days", kind=Kind.LIST, help="Days on which it opens: mon, tue, wed, thu, fri, sat, sun.",
            consumer=f"{_WINDOW}:self.days",
        ),
        Key(
            name="timezone", kind=Kind.TEXT, help="Such as Europe/Berlin; UTC by default.",
            consumer=f"{_WINDOW}:self.timezone",
        ),
        Key(
            name="calendar", kind=Kind.TEXT,
            help="Path of an iCalendar file (.ics), relative to this one: open during its events.",
            consumer=f"{_WINDOW}:self.calendar",
        ),
    ),
)  # fmt: skip
