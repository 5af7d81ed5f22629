"""A shipping company's fleet as domain data: what the in-memory fakes serve, rich enough for every screen.

Pure data builders; no clock, no I/O. Times are relative to `NOW`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import (
    LINUX,
    WINDOWS,
    Handler,
    HandlerOs,
    ScriptConfig,
    ScriptRun,
    ScriptState,
)
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode

NOW = datetime(2025, 11, 21, 23, 14, 7, tzinfo=UTC)

CONTOSO = Tenant("11111111-0000-4000-8000-000000000001", "Contoso Shipping", "contoso.com")
FABRIKAM = Tenant("22222222-0000-4000-8000-000000000002", "Fabrikam Ports", "fabrikam-ports.com")
TENANTS = (CONTOSO, FABRIKAM)

PROD_EUROPE = Subscription("aaaaaaaa-0000-4000-8000-000000000001", "prod-europe", CONTOSO.id)
PROD_US = Subscription("aaaaaaaa-0000-4000-8000-000000000002", "prod-us", CONTOSO.id)
PROD_SHARED = Subscription("aaaaaaaa-0000-4000-8000-000000000003", "prod-shared", CONTOSO.id)
PARTNER_DEV = Subscription("bbbbbbbb-0000-4000-8000-000000000004", "partner-dev", FABRIKAM.id)
SUBSCRIPTIONS = (PROD_EUROPE, PROD_US, PROD_SHARED, PARTNER_DEV)

MARIA = Identity("maria@contoso.com", "Azure CLI", CONTOSO.id, "33333333-0000-4000-8000-000000000003", "user")

APPLICATION_HEALTH = HealthSource("extension", "http :80/healthz every 5s", 600)
PROBE = HealthSource("probe", "hp-web, http :80/ every 15s")


def script_of(app: str, version: str, handler: Handler = LINUX) -> ScriptConfig:
    """The script configuration of `app` at `version`, labelled `app version`."""
    ending, run = ("ps1", "powershell -File ") if handler is WINDOWS else ("sh", "./")
    file = f"custom_application_v{version}.{ending}"
    return ScriptConfig(
        name="CustomScript",
        handler=handler,
        settings={
            "fileUris": [f"https://ships.blob.core.windows.net/scripts/{app}/{file}"],
            "commandToExecute": f"{run}{file}",
        },
        label=f"{app} {version}",
    )


def extension_of(script: ScriptConfig) -> Extension:
    """The extension that carries `script` in a model."""
    handler = script.handler
    return Extension(
        name=script.name,
        publisher=handler.publisher,
        type=handler.type,
        version=handler.version,
        settings=script.settings,
        force_update_tag=script.force_update_tag,
    )


def instance_of(
    scale_set: str,
    number: int,
    *,
    script: ScriptConfig | None = None,
    state: ScriptState = ScriptState.SUCCEEDED,
    health: Health = Health.HEALTHY,
    zone: str = "",
    **changes: Any,
) -> Instance:
    """An instance `scale_set_number` when all is well."""
    failed = state is ScriptState.FAILED
    run = ScriptRun(
        state=state if script is not None else ScriptState.NOT_INSTALLED,
        exit_code={ScriptState.SUCCEEDED: 0, ScriptState.FAILED: 1}.get(state),
        message="Enable failed: failed to execute command" if failed else "Enable succeeded",
        stdout="" if script is None else f"installing {script.label}\nrestarting service\ndone\n",
        stderr="curl: (22) The requested URL returned error: 404\n" if failed else "",
        at=NOW - timedelta(days=3, seconds=number),
        handler_version="2.1.13",
    )
    instance = Instance(
        id=str(number),
        name=f"{scale_set}_{number}",
        zone=zone,
        update_domain=number % 5,
        fault_domain=number % 3,
        power=Power.RUNNING,
        provisioning=Provisioning.SUCCEEDED,
        latest_model=True,
        script_digest=script.digest if script else "",
        script_settings=script.settings if script else {},
        script=run if script is not None else ScriptRun(ScriptState.NOT_INSTALLED),
        health=health,
        health_at=NOW - timedelta(days=3),
        size="Standard_D2s_v5",
        created_at=NOW - timedelta(days=40, seconds=number),
    )
    return replace(instance, **changes)


Change = Callable[[Instance], Instance]


def _same(instance: Instance) -> Instance:
    return instance


def set_of(
    name: str,
    subscription: Subscription,
    group: str,
    location: str,
    mode: UpgradeMode,
    count: int,
    *,
    script: ScriptConfig | None = None,
    old: ScriptConfig | None = None,
    old_numbers: Sequence[int] = (),
    zones: Sequence[str] = (),
    health: HealthSource = APPLICATION_HEALTH,
    change: Mapping[int, Change] | None = None,
    upgrade: RollingUpgrade | None = None,
    **fields: Any,
) -> SetSnapshot:
    """A scale set with `count` instances that run `script`; those in `old_numbers` still run `old`."""
    ids = range(count)
    instances = []
    for number in ids:
        behind = number in old_numbers
        built = instance_of(
            name,
            number,
            script=old if behind else script,
            zone=zones[number * len(zones) // count] if zones else "",
            health=Health.HEALTHY if health.present else Health.NONE,
            latest_model=not behind,
        )
        instances.append((change or {}).get(number, _same)(built))
    os = HandlerOs.WINDOWS if script is not None and script.handler is WINDOWS else HandlerOs.LINUX
    scale_set = ScaleSet(
        id=ScaleSetId(subscription.id, group, name),
        location=location,
        mode=mode,
        **{
            "policy": RollingPolicy(pause_seconds=30),
            "capacity": count,
            "size": "Standard_D2s_v5",
            "os": os,
            "image": "Windows Server 2022" if os is HandlerOs.WINDOWS else "Ubuntu 22.04",
            "zones": tuple(zones),
            "health_source": health,
            "extensions": (extension_of(script),) if script else (),
            "provisioning": Provisioning.SUCCEEDED,
            "etag": '"1"',
            "tags": {"env": "prod" if subscription.name.startswith("prod") else "dev", "app": name.split("-")[0]},
            "unique_id": f"unique-{name}",
            "created_at": NOW - timedelta(days=400),
            **fields,
        },
    )
    return SetSnapshot(scale_set=scale_set, instances=tuple(instances), upgrade=upgrade, taken_at=NOW)


def _unhealthy(message: str, minutes: float = 1, state: Health = Health.UNHEALTHY) -> Change:
    return lambda it: replace(it, health=state, health_at=NOW - timedelta(minutes=minutes), message=message)


def _failed(message: str) -> Change:
    def change(instance: Instance) -> Instance:
        run = replace(
            instance.script,
            state=ScriptState.FAILED,
            exit_code=1,
            message="Enable failed: failed to execute command: exit status 1",
            stderr="curl: (22) The requested URL returned error: 404\n" + message,
            at=NOW - timedelta(minutes=3),
        )
        return replace(instance, script=run, message=message, provisioning=Provisioning.FAILED)

    return change


def _running(instance: Instance) -> Instance:
    run = replace(instance.script, state=ScriptState.RUNNING, exit_code=None, at=NOW - timedelta(seconds=41))
    return replace(instance, script=run, health=Health.INITIALISING, health_at=NOW - timedelta(seconds=41))


def _off(instance: Instance) -> Instance:
    return replace(instance, power=Power.DEALLOCATED, health=Health.NONE, agent_ready=False)


def _upgrade(
    code: UpgradeCode, ok: int, bad: int, busy: int, left: int, fault: AzureFault | None = None
) -> RollingUpgrade:
    return RollingUpgrade(
        code=code,
        started_at=NOW - timedelta(minutes=6, seconds=12),
        last_action="Start",
        last_action_at=NOW - timedelta(minutes=2, seconds=10),
        successful=ok,
        failed=bad,
        in_progress=busy,
        pending=left,
        fault=fault,
    )


WEB_24, WEB_25 = script_of("web", "2.4.0"), script_of("web", "2.5.0")
TRACKING = script_of("trk", "7.1")
BILLING_OLD, BILLING_NEW = script_of("billing", "11", WINDOWS), script_of("billing", "12", WINDOWS)
LABELS, GATEWAY, GATEWAY_OLD = script_of("lbl", "1.9"), script_of("gw", "3.0.2"), script_of("gw", "3.0.1")
API, CUSTOMS, NIGHT = script_of("api", "14.2"), script_of("customs", "0.9.1"), script_of("night", "5")
PORTAL, EDGE = script_of("portal", "8.0", WINDOWS), script_of("edge", "2")
ZONES = ("1", "2", "3")
ROLLING, MANUAL, AUTOMATIC = UpgradeMode.ROLLING, UpgradeMode.MANUAL, UpgradeMode.AUTOMATIC


def labels() -> dict[str, str]:
    """Names of the versions that people know, by digest; billing 11 has none on purpose."""
    known = (WEB_24, WEB_25, TRACKING, BILLING_NEW, LABELS, GATEWAY, GATEWAY_OLD, API, CUSTOMS, NIGHT, PORTAL, EDGE)
    return {version.digest: version.label for version in known}


def estate() -> tuple[SetSnapshot, ...]:
    """All fifteen scale sets of the company."""
    return (*_europe(), *_america(), *_shared(), *_partner())


def _europe() -> tuple[SetSnapshot, ...]:
    return (
        set_of("web-weu", PROD_EUROPE, "rg-ship-web", "westeurope", ROLLING, 60, script=WEB_24, zones=ZONES,
               change={41: _unhealthy("probe timeout: GET http://10.0.3.41:80/healthz")},
               automatic_repairs="Replace",
               upgrade=replace(_upgrade(UpgradeCode.COMPLETED, 60, 0, 0, 0),
                               started_at=NOW - timedelta(days=3), last_action_at=NOW - timedelta(days=3))),
        set_of("web-neu", PROD_EUROPE, "rg-ship-web", "northeurope", ROLLING, 60, script=WEB_25, old=WEB_24,
               old_numbers=range(36, 60), zones=ZONES, change=dict.fromkeys(range(24, 36), _running),
               upgrade=_upgrade(UpgradeCode.ROLLING_FORWARD, 24, 0, 12, 24)),
        set_of("tracking-weu", PROD_EUROPE, "rg-ship-trk", "westeurope", MANUAL, 300, script=TRACKING, zones=ZONES,
               change={17: _unhealthy("connection refused", 12), 211: _unhealthy("connection refused", 11)}),
        set_of("api-weu", PROD_EUROPE, "rg-ship-api", "westeurope", ROLLING, 36, script=API, zones=ZONES, health=PROBE),
        set_of("customs-frc", PROD_EUROPE, "rg-customs", "francecentral", MANUAL, 12, script=CUSTOMS, zones=ZONES,
               orchestration=Orchestration.FLEXIBLE),
    )  # fmt: skip


def _america() -> tuple[SetSnapshot, ...]:
    fault = AzureFault(
        "MaxUnhealthyInstancePercentExceededInRollingUpgrade",
        "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
        "RollingUpgradePolicy. 33% instances are in unhealthy state after being upgraded - more than the threshold "
        "of 20% configured in the RollingUpgradePolicy.",
        (("3", "The script exited with code 1"), ("4", "The script exited with code 1")),
    )
    return (
        set_of("labels-eus", PROD_US, "rg-ship-lbl", "eastus", AUTOMATIC, 24, script=LABELS, health=HealthSource()),
        set_of("gw-eus", PROD_US, "rg-edge", "eastus", ROLLING, 9, script=GATEWAY,
               change={3: _failed("unzip: cannot find gw.zip"), 4: _failed("unzip: cannot find gw.zip"),
                       5: _unhealthy("probe timeout", 2)},
               upgrade=_upgrade(UpgradeCode.FAULTED, 6, 3, 0, 0, fault)),
        set_of("api-sea", PROD_US, "rg-ship-api", "southeastasia", ROLLING, 18, script=API, zones=ZONES[:2]),
        set_of("portal-wus", PROD_US, "rg-portal", "westus2", ROLLING, 20, script=PORTAL, health=PROBE),
    )  # fmt: skip


def _shared() -> tuple[SetSnapshot, ...]:
    return (
        set_of("billing-win", PROD_SHARED, "rg-billing", "westeurope", MANUAL, 12, script=BILLING_NEW, old=BILLING_OLD,
               old_numbers=range(4, 12), health=PROBE),
        set_of("batch-night-weu", PROD_SHARED, "rg-batch", "westeurope", MANUAL, 40, script=NIGHT,
               change=dict.fromkeys(range(20, 40), _off), health=HealthSource()),
        set_of("pilot", PROD_SHARED, "rg-pilot", "northeurope", ROLLING, 1, script=API),
        set_of("standby-neu", PROD_SHARED, "rg-standby", "northeurope", MANUAL, 0, script=API),
        set_of("scanner-gateway-johannesburg-legacy", PROD_SHARED, "rg-scanner-gateways-southern-hemisphere",
               "southafricanorth", MANUAL, 5, health=HealthSource()),
    )  # fmt: skip


def _partner() -> tuple[SetSnapshot, ...]:
    return (
        set_of("edge-plc", PARTNER_DEV, "rg-partner", "polandcentral", AUTOMATIC, 6, script=EDGE, health=HealthSource(),
               orchestration=Orchestration.FLEXIBLE),
    )  # fmt: skip
