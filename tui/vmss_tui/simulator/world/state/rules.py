"""How a simulated estate behaves where Azure leaves it open: durations, script behaviors, switches.

A scenario fills these in; the world only reads them. Behavior graded as inferred is a switch here.
"""

from dataclasses import dataclass, field

from vmss_tui.simulator.world.state.states import (
    AfterScript,
    CancelStyle,
    Execution,
    FailureCause,
    NeverRolled,
    RetryAfter,
    ScriptTrait,
    TwoHealthSources,
)

Seconds = tuple[float, float]
"""A range of seconds, from which a seeded value is drawn."""


@dataclass(frozen=True, slots=True)
class ScriptBehavior:
    """What scripts do whose command, file URIs or inline text match `match` (a regular expression).

    Texts may hold {instance}, {name}, {scale_set} and every named group of `match`, such as {version}.
    """

    match: str
    scale_sets: str = "*"
    """Shell-style pattern of scale set names."""
    seconds: Seconds = (30.0, 120.0)
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    fails_on: tuple[str, ...] = ()
    """Instance ids on which it fails; with none and an exit code other than 0 it fails everywhere."""
    failure: FailureCause = FailureCause.SCRIPT
    """What fails there; the exit code is then that of the handler's own command, such as 51 or 52."""
    failure_exit_code: int = 1
    failure_stdout: str = ""
    failure_stderr: str = ""
    hangs: bool = False
    hangs_on: tuple[str, ...] = ()
    output_bytes: int = 0
    """Pads stdout to this many bytes before the handler cuts it."""
    unhealthy_after: bool = False
    """It ends well but the instance never becomes healthy."""
    unhealthy_on: tuple[str, ...] = ()
    healthy_after_failure: bool = False
    """A failed script leaves the old version serving."""


@dataclass(frozen=True, slots=True)
class InstanceTraits:
    """What is special about one instance."""

    stuck: bool = False
    """It never reports the end of any request."""
    script: ScriptTrait = ScriptTrait.USUAL
    script_failure: FailureCause = FailureCause.SCRIPT
    script_exit_code: int = 1
    script_stderr: str = ""
    script_seconds: float = 0.0
    """Seconds a script takes here; 0 means as elsewhere."""
    after_script: AfterScript = AfterScript.USUAL
    relapse_after: float = 0.0
    """Seconds after it became healthy until it is unhealthy again; 0 means never."""
    recover_after: float = 0.0
    """Seconds after such a relapse until it is healthy again; 0 means never."""
    skip_upgrade: bool = False
    """Its health extension reports the custom metric SkipUpgrade."""
    phase: int | None = None
    """The custom metric PhaseOrderingNumber that its health extension reports."""


@dataclass(frozen=True, slots=True)
class SetTraits:
    """Properties of a scale set in a scenario that are not part of its ARM model."""

    initialising: Seconds = (10.0, 40.0)
    """Seconds from the end of a script until the instance is healthy."""
    script_seconds: Seconds | None = None
    surge_quota: int | None = None
    """Surge instances that the subscription's quota has room for; none means plenty. A batch that needs more is
    updated in place ("Rolling upgrades with MaxSurge")."""
    update_domains: int = 5
    fault_domains: int = 5
    managed_by: str = ""
    """Id of the resource whose controller owns the set, such as an AKS cluster."""
    newest_image: str = ""
    """Version that an OS rolling upgrade brings; empty means that nothing newer is published."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds that Azure takes; defaults from the durations of the recorded operations (p10 to p90)."""

    model_write: Seconds = (5.0, 25.0)
    roll_start: Seconds = (4.0, 10.0)
    noop_update: Seconds = (20.0, 60.0)
    """An instance walked by a rolling upgrade that has nothing to change."""
    agent_pickup: Seconds = (2.0, 8.0)
    extension: Seconds = (5.0, 20.0)
    """A handler other than Custom Script."""
    extension_removal: Seconds = (8.0, 20.0)
    create: Seconds = (40.0, 110.0)
    delete: Seconds = (16.0, 62.0)
    delete_set: Seconds = (60.0, 121.0)
    start: Seconds = (12.0, 60.0)
    power_off: Seconds = (20.0, 60.0)
    deallocate: Seconds = (60.0, 120.0)
    restart: Seconds = (20.0, 60.0)
    redeploy: Seconds = (120.0, 240.0)
    reimage: Seconds = (340.0, 420.0)
    boot_to_agent: Seconds = (10.0, 30.0)
    cancel_abandon: Seconds = (0.4, 0.4)
    cancel_finish: Seconds = (7.0, 21.0)
    health_wait: float = 300.0
    """How long an upgraded instance may take to be healthy (documented: 5 minutes)."""
    extension_budget: float = 5400.0
    """Default of extensionsTimeBudget (documented: PT1H30M)."""
    autoscale_retry: float = 300.0


@dataclass(frozen=True, slots=True)
class Switches:
    """Choices where sources disagree or say nothing; each says what it decides."""

    cancel: CancelStyle = CancelStyle.ABANDON
    """abandon: in-flight batch counts as failed (2023). finish: it is let to end (2018)."""
    restamp_operations: bool = False
    """Set a rolling operation's startTime again at each batch (recordings of 2017-2020)."""
    never_rolled: NeverRolled = NeverRolled.NOT_FOUND
    """Answer of rollingUpgrades/latest before any rolling upgrade (inferred)."""
    echo_protected_settings: bool = False
    """The 201 of an extension PUT echoes protectedSettings, as recorded twice in October 2018."""
    noop_write_walks: bool = True
    """A write that changes nothing still walks every instance of a Rolling set (recorded 2020)."""
    two_health_sources: TwoHealthSources = TwoHealthSources.REFUSE
    """Probe and health extension together where health matters: documented as not possible, the answer is inferred."""
    model_roll_in_latest: bool = True
    """rollingUpgrades/latest shows rolling upgrades that a model write started (inferred: yes)."""
    retry_after: RetryAfter = RetryAfter.NEVER
    """never: as in every recording of the Azure CLI, and of today. writes: 10 s on PUT, PATCH and DELETE (recorded by
    .NET since 2018). first polls: on the first poll of an operation too, 11 to 97 s (recorded for 800 of 4688)."""
    utc_offset: str = "+00:00"
    """Offset in timestamps; recordings have -07:00, -04:00, +08:00 too."""
    uppercase_groups: bool = True
    """Subscription-wide lists give the resource group in upper case (310 of 310 recorded ids)."""
    uppercase_machines: bool = False
    """Lists of instances do so too (counted: 790 of 1277 ids; which ones is unknown)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything the world needs to know beyond its own state."""

    seed: int = 1
    execution: Execution = Execution.SIMULATE
    scripts: tuple[ScriptBehavior, ...] = ()
    default_script: ScriptBehavior = field(
        default_factory=lambda: ScriptBehavior(
            match="", stdout="Installing {version} on {name} …\n{version} is running\n"
        )
    )
    timings: Timings = Timings()
    switches: Switches = Switches()
