"""Health and custom metrics of an instance, in all the spellings that applications use."""

import json
from typing import Any

import pytest

from vmss_tui.domain.fleet.health import Health, HealthSource, unhealthy_for_azure
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.instance_health import CustomMetrics, custom_metrics, health_of

EXTENSION = HealthSource("extension", "http :80")
PROBE = HealthSource("probe", "lb")
TYPE = "Microsoft.ManagedServices.ApplicationHealthLinux"
INSTALLED = {
    "name": "health",
    "properties": {"publisher": "Microsoft.ManagedServices", "type": "ApplicationHealthLinux"},
}


def view(**members: Any) -> wire.InstanceView:
    return decoder(wire.InstanceView)(json.dumps(members).encode())


def resources(*found: Any) -> list[wire.Extension]:
    return [decoder(wire.Extension)(json.dumps(member).encode()) for member in found]


def health(source: HealthSource, *found: Any, known: bool = True, **members: Any) -> Health:
    return health_of(view(**members), resources(*found), source, known=known)[0]


def test_an_instance_without_the_health_extension_of_the_model_cannot_report() -> None:
    assert health(EXTENSION) is Health.NOT_REPORTED
    assert not unhealthy_for_azure(Health.NOT_REPORTED)
    assert health(EXTENSION, INSTALLED) is Health.UNKNOWN
    assert health(EXTENSION, extensions=[{"name": "health", "type": TYPE}]) is Health.UNKNOWN
    assert health(EXTENSION, known=False) is Health.UNKNOWN
    assert health(PROBE) is Health.UNKNOWN
    assert health(HealthSource()) is Health.NONE


def test_what_is_reported_counts_whoever_has_the_extension() -> None:
    assert health(EXTENSION, vmHealth={"status": {"code": "HealthState/unhealthy"}}) is Health.UNHEALTHY
    assert health(HealthSource(), vmHealth={"status": {"code": "HealthState/healthy"}}) is Health.HEALTHY
    assert health(PROBE, vmHealth={"status": {"code": "HealthState/novel"}}) is Health.UNKNOWN


def metrics(message: str, code: str = "ComponentStatus/CustomMetrics/succeeded", type_: str = TYPE) -> CustomMetrics:
    substatus = {"code": code, "message": message}
    return custom_metrics(view(extensions=[{"name": "h", "type": type_, "substatuses": [substatus]}]))


@pytest.mark.parametrize(
    "message",
    [
        {"rollingUpgrade": {"SkipUpgrade": True, "PhaseOrderingNumber": 2}},
        {"RollingUpgrade": {"SkipUpgrade": "true", "PhaseOrderingNumber": "2"}},
        {"customMetrics": json.dumps({"rollingUpgrade": {"SkipUpgrade": "True", "PhaseOrderingNumber": 2.0}})},
        {"CustomMetrics": {"RollingUpgrade": {"skipUpgrade": 1, "phaseOrderingNumber": "2"}}},
        {"a": {"b": {"SKIPUPGRADE": "yes"}}, "PhaseOrderingNumber": 2},
    ],
)
def test_metrics_are_read_however_an_application_spells_them(message: dict[str, Any]) -> None:
    assert metrics(json.dumps(message)) == CustomMetrics(True, 2)
    assert metrics(json.dumps(json.dumps(message))) == CustomMetrics(True, 2)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "[]",
        "3",
        '{"rollingUpgrade": {"SkipUpgrade": "maybe", "PhaseOrderingNumber": true}}',
        '{"x": null}',
    ],
)
def test_what_says_nothing_is_no_metric(message: str) -> None:
    assert metrics(message) == CustomMetrics()


def test_only_the_health_extensions_own_substatus_counts() -> None:
    message = '{"rollingUpgrade": {"SkipUpgrade": false}}'
    assert metrics(message) == CustomMetrics(False)
    assert metrics(message, code="ComponentStatus/StdOut/succeeded") == CustomMetrics()
    assert metrics(message, type_="Microsoft.Azure.Extensions.CustomScript") == CustomMetrics()
    assert custom_metrics(view()) == CustomMetrics()
