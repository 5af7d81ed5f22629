"""Small values: ids, amounts, durations, policies, scripts, windows."""

import base64
import gzip
from dataclasses import replace
from typing import Any

import pytest

from support.build import OLD, WEB, fleet, script, snapshot, vm
from vmss_tui import duration
from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.ids import OperationHandle, ScaleSetId, Subscription, Tenant, TenantProblem
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import (
    LEGACY_LINUX,
    ScriptRun,
    ScriptState,
    Secret,
    SecretRef,
    SecretSource,
    SettingChange,
    diff_settings,
    digest,
    forecast_rerun,
)
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, explain_percent, percent_for, percent_of
from vmss_tui.domain.plan.maintenance_window import Window, check_window
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy

MODELS: tuple[dict[str, Any], ...] = (
    {"latest_model": True, "version_known": True},
    {"latest_model": False, "version_known": True},
    {"latest_model": False, "version_known": False},
)


def test_a_percentage_for_a_count_makes_no_larger_batches() -> None:
    assert [percent_for(count, 60) for count in (1, 12, 13, 60, 90)] == [2, 20, 22, 100, 100]
    assert percent_for(3, 0) == 100
    assert all(percent_of(percent_for(count, 7), 7) <= count for count in range(1, 8))


def test_ids_ignore_case() -> None:
    other = ScaleSetId.parse(str(WEB).upper().replace("SUBSCRIPTIONS", "subscriptions") + "/virtualMachines/3")
    assert other == WEB and hash(other) == hash(WEB) and WEB.short == "rg/web" and WEB != "rg/web"
    with pytest.raises(ValueError, match="not the resource id"):
        ScaleSetId.parse("/subscriptions/x")
    assert "https" not in repr(OperationHandle("https://signed", "PUT"))


def test_a_disabled_subscription_refuses_writes() -> None:
    states = ("Enabled", "PastDue", "Warned", "Disabled", "DELETED")
    assert [Subscription("sub", "prod", state=state).is_read_only for state in states] == [False] * 2 + [True] * 3


def test_a_tenant_that_cannot_be_read_is_named_with_reason_and_command() -> None:
    tenant = Tenant("id", domain="contoso.com")
    assert TenantProblem(tenant, "another factor").sentence == "tenant contoso.com cannot be read: another factor"
    assert TenantProblem(tenant, "why", "az login").sentence.endswith("why; run: az login")


def test_instances_sort_by_number() -> None:
    names = [Instance(id=i, name=i).ordinal for i in ("10", "2", "vm_b", "app_3")]
    assert sorted(names) == [(2, "2"), (3, "app_3"), (10, "10"), (1 << 30, "vm_b")]
    of = snapshot(*fleet(2))
    assert [replace(vm(0), **known).model_word for known in MODELS] == ["current", "behind", "unknown"]
    assert of.instance("1") is of.instances[1] and of.instance("9") is None


@pytest.mark.parametrize("text", [True, 1.5, "x", "0", "0%", "101%", "-3", ""])
def test_amounts_that_make_no_sense(text: object) -> None:
    with pytest.raises(ValueError):
        Amount.parse(text)  # type: ignore[arg-type]


def test_amounts() -> None:
    assert (str(Amount.parse("20%")), str(Amount.parse(3))) == ("20%", "3")
    assert [percent_of(20, n) for n in (0, 1, 4, 5, 7, 60)] == [0, 1, 1, 1, 1, 12]
    assert explain_percent(20, 7) == "20% of 7 is 1"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (30, 30),
        ("30", 30),
        ("1m30s", 90),
        ("2h", 7200),
        ("PT1M30S", 90),
        ("P1DT1S", 86401),
        ("1d", 86400),
        ("5min", 300),
    ],
)
def test_durations(text: str | int, seconds: int) -> None:
    assert duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "P", "3 weeks", True])
def test_durations_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration.parse(text)


def test_durations_as_azure_writes_them() -> None:
    assert [duration.iso(seconds) for seconds in (-1, 0, 5, 60, 3600, 3725)] == [
        "PT0S",
        "PT0S",
        "PT5S",
        "PT1M",
        "PT1H",
        "PT1H2M5S",
    ]


def test_a_policy_there_and_back() -> None:
    azure = RollingPolicy(batch_percent=30, unhealthy_percent=40, pause_seconds=9, cross_zone=True, surge=True)
    assert RolloutPolicy.from_rolling(azure).as_rolling() == azure


def test_secrets_hide() -> None:
    secret = Secret("hunter2")
    assert f"{secret!r}{secret}" == "******" and secret.reveal() == "hunter2" and secret == Secret("hunter2")
    assert hash(secret) == hash(Secret("other")) and secret != "hunter2"
    with pytest.raises(TypeError, match="never serialized"):
        secret.__reduce__()
    literal = SecretRef(SecretSource.LITERAL, "hunter2")
    assert "hunter2" not in f"{literal}{literal!r}"
    assert [str(SecretRef(source, "x")) for source in (SecretSource.ENV, SecretSource.PROMPT, SecretSource.FILE)] == [
        "$x",
        "prompted at the start",
        "x",
    ]


def test_a_configuration_has_one_digest_however_it_is_written() -> None:
    one, other = {"a": 1, "b": [1, {"c": "é"}]}, {"b": [1, {"c": "é"}], "a": 1}
    assert digest(LEGACY_LINUX, one) == digest(LEGACY_LINUX, other) != digest(LEGACY_LINUX, one, "again")
    assert script(settings={"fileUris": ["a", 2]}).file_uris == ("a", "2")
    assert script(settings={"fileUris": "a"}).file_uris == () and script(settings={}).command == ""
    assert script(2).command == "./v2.sh"


def test_a_set_knows_every_configuration_that_something_in_it_runs() -> None:
    older = {"commandToExecute": "./v0.sh"}
    behind = vm(2, of=0, script_settings=older)
    seen = snapshot(vm(1), behind, replace(behind, id="3"), vm(4, script_digest=""))
    assert {digest: config.settings for digest, config in seen.configurations.items()} == {
        script(1).digest: OLD,
        script(0).digest: older,
    }
    assert snapshot(behind, extensions=()).configurations == {}


def test_a_diff_of_settings() -> None:
    old = {"fileUris": ["a", "b"], "deep": {"x": 1}, "same": True}
    new = {"fileUris": ["a", "c", "d"], "deep": {"y": 1}, "same": True}
    assert diff_settings(old, new) == (
        SettingChange("fileUris[1]", "b", "c"),
        SettingChange("deep.x", "1", None),
        SettingChange("fileUris[2]", None, "d"),
        SettingChange("deep.y", None, "1"),
    )


def test_an_inline_script_is_compared_as_its_text() -> None:
    def coded(text: str, *, packed: bool = False) -> str:
        return base64.b64encode(gzip.compress(text.encode()) if packed else text.encode()).decode()

    old, new = "echo 1\n", "echo 2\n"
    change = SettingChange("script", old, new)
    assert diff_settings({"script": coded(old)}, {"script": coded(new, packed=True)}) == (change,)
    assert diff_settings({}, {"script": coded(new)}) == (SettingChange("script", None, new),)
    (recoded,) = diff_settings({"script": coded(old)}, {"script": coded(old, packed=True)})
    assert recoded.old == coded(old) != recoded.new
    for broken in ("no base64!", coded("x")[:-1] + "é", base64.b64encode(b"\xff\xfe").decode()):
        assert diff_settings({}, {"script": broken}) == (SettingChange("script", None, broken),)
    cut = base64.b64encode(gzip.compress(b"echo")[:-4]).decode()
    bad = base64.b64encode(b"\x1f\x8bnothing").decode()
    assert [change.new for change in diff_settings({}, {"script": cut})] == [cut]
    assert [change.new for change in diff_settings({}, {"script": bad})] == [bad]


@pytest.mark.parametrize(
    ("old", "new", "runs", "words"),
    [
        (None, script(), True, "not installed yet"),
        (script(1), script(2), True, "settings differ"),
        (script(), script(force_update_tag="x"), True, "tag differs"),
        (script(), script(protected={"a": SecretRef(SecretSource.ENV, "A")}), True, "protected settings are rewritten"),
        (script(), script(), False, "identical"),
    ],
)
def test_will_it_run_again(old: object, new: object, runs: bool, words: str) -> None:
    found = forecast_rerun(old, new)  # type: ignore[arg-type]
    assert found.will_run is runs and words in found.reason


def test_windows() -> None:
    assert check_window(Window(start="22:00", end="02:00")) == ()
    wrong = check_window(Window(start="25:00", end="2", days=("mon", "someday"), timezone="Nowhere/Land"))
    assert [problem.field for problem in wrong] == ["window.start", "window.end", "window.days", "window.timezone"]


@pytest.mark.parametrize(
    ("state", "read_only"), [("Enabled", False), ("Disabled", True), ("deleted", True), ("Warned", True)]
)
def test_a_disabled_subscription_is_read_only(state: str, read_only: bool) -> None:
    of = Subscription("s", "prod", state=state)
    assert of.is_read_only is read_only and of.title == (f"prod ({state.lower()})" if read_only else "prod")


def test_a_tenant_that_refuses_is_named_with_what_to_run() -> None:
    problem = TenantProblem(Tenant("t1", "Fabrikam"), "it wants another factor", "az login --tenant t1")
    assert problem.sentence == "tenant Fabrikam cannot be read: it wants another factor; run: az login --tenant t1"
    assert TenantProblem(Tenant("t1"), "no answer").sentence == "tenant t1 cannot be read: no answer"


@pytest.mark.parametrize(
    ("latest", "known", "word"), [(True, True, "current"), (False, True, "behind"), (False, False, "unknown")]
)
def test_a_version_that_cannot_be_read_is_never_behind(latest: bool, known: bool, word: str) -> None:
    instance = vm(1, latest_model=latest, version_known=known)
    assert instance.model_word == word and instance.is_behind is (word == "behind")


def test_a_percentage_of_no_instances() -> None:
    assert (percent_for(3, 0), percent_of(20, 0)) == (100, 0)


@pytest.mark.parametrize(
    ("change", "moving"),
    [
        ({}, False),
        ({"provisioning": Provisioning.UPDATING}, True),
        ({"script": ScriptRun(ScriptState.RUNNING)}, True),
        ({"health": Health.INITIALISING}, True),
    ],
)
def test_an_instance_moves_while_azure_its_script_or_its_health_does(change: dict[str, Any], moving: bool) -> None:
    assert replace(vm(0), **change).is_moving is moving
