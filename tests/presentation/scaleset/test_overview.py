"""The sheet about a scale set: interference, extensions in their order with their reports, domains."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from vmss_tui.domain.fleet.governance import Governance, Lock, LockLevel, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.instance import ExtensionStatus, Instance
from vmss_tui.domain.fleet.scale_set import Autoscale, Extension, ScaleSet
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.records import instance_record
from vmss_tui.presentation.scaleset import details, instances, interference, overview
from vmss_tui.presentation.scaleset.instances import Grouping
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width as cells_of

SET = estate.estate()[0].scale_set


def extension(name: str, *after: str, **more: object) -> Extension:
    found = Extension(name=name, publisher="Microsoft.X", type=name, version="1.0", provision_after=after)
    return replace(found, **more)  # type: ignore[arg-type]


def of(scale_set: ScaleSet, *found: Instance, **more: object) -> SetSnapshot:
    return replace(SetSnapshot(scale_set=scale_set, instances=found), **more)  # type: ignore[arg-type]


def shown(snapshot: SetSnapshot, width: int = 100) -> list[str]:
    lines = [text_of(line) for line in overview.lines(snapshot, estate.NOW, width)]
    assert all(cells_of(line) <= width for line in lines if not line.startswith(" Lock") and "Enable" not in line)
    return lines


def words(snapshot: SetSnapshot) -> dict[str, str]:
    lines = (text_of(line) for line in overview.interference_lines(snapshot))
    return {line[:20].strip(): line[20:] for line in lines}


def test_extensions_have_an_order_where_one_waits_for_another() -> None:
    alone = (extension("a"), extension("b"))
    assert [overview.order_of(found, alone) for found in alone] == [None, None]
    chain = (extension("c", "b"), extension("b", "a", "gone"), extension("a"), extension("d"))
    assert [overview.order_of(found, chain) for found in chain] == [3, 2, 1, 1]
    circle = (extension("a", "b"), extension("b", "a"))
    assert all(overview.order_of(found, circle) for found in circle), "Azure refuses it; it is shown all the same"


@pytest.mark.parametrize(
    ("minor", "automatic", "word"), [(True, False, "minor"), (True, True, "automatic"), (False, False, "off")]
)
def test_how_handlers_are_upgraded(minor: bool, automatic: bool, word: str) -> None:
    assert overview.upgrades_of(extension("a", auto_upgrade_minor=minor, automatic_upgrade=automatic)) == word


def test_every_instance_is_counted_for_every_extension() -> None:
    ok = ExtensionStatus("a", ScriptState.SUCCEEDED, "1.0.3", "fine", estate.NOW)
    bad = ExtensionStatus("a", ScriptState.FAILED, "1.0.3", "Enable failed", estate.NOW - timedelta(hours=2))
    found = [Instance(id=str(n), name=f"web_{n}", extensions=(ok,)) for n in range(3)]
    snapshot = of(
        replace(SET, extensions=(extension("a"), extension("b", "a"))),
        *found, Instance(id="3", name="web_3", extensions=(bad,)), Instance(id="4", name="web_4"),
    )  # fmt: skip
    assert overview.statuses_of("a", snapshot) == {"ok": 3, "failed": 1, "not reported": 1}
    assert overview.statuses_of("b", snapshot) == {"not reported": 5}
    lines = [text_of(line) for line in overview.extension_lines(snapshot, estate.NOW, 170)]
    assert [line.split()[:2] for line in lines[1:3]] == [["1", "a"], ["2", "b"]]
    assert "3 ok, 1 failed, 1 not reported" in lines[1] and "Microsoft.X.a" in lines[1]
    assert lines[3:] == [" web_3 a ✖ failed 2h ago  Enable failed"]
    assert any("Extension" in text_of(line) and "✖ failed" in text_of(line)
               for line in details.instance_lines(snapshot.instances[3], "v", estate.NOW, 100))  # fmt: skip
    many = of(snapshot.scale_set, *(Instance(id=str(n), name=f"w{n}", extensions=(bad,)) for n in range(30)))
    assert " and 10 more" in shown(many)
    assert "none" in " ".join(
        text_of(line) for line in overview.extension_lines(of(replace(SET, extensions=())), estate.NOW, 80)
    )


def test_interference_says_of_everything_whether_there_is_some() -> None:
    calm = words(of(replace(SET, automatic_repairs="", provisioning=Provisioning.SUCCEEDED)))
    assert calm["Locks"] == "not read yet" and calm["Autoscale"] == "none" and calm["Automatic repairs"] == "off"
    assert calm["Spot"] == "none" and calm["Terminate notice"] == "none" and calm["Protected"] == "none"
    assert words(of(SET, governance=Governance(locks=())))["Locks"] == "none"
    assert words(of(SET, governance=Governance(unknown="no right")))["Locks"] == "unknown: no right"
    lock = Lock("keep", LockLevel.READ_ONLY, "/subscriptions/s/resourceGroups/rg-web", "ask maria\x1b[31m")
    busy = of(
        replace(
            SET, automatic_repairs="Replace", repairs_suspended=True, automatic_os_upgrade=True, overprovision=True,
            spot_eviction="Delete", terminate_notice_seconds=300, provisioning=Provisioning.UPDATING,
        ),
        Instance(id="7", name="web_7", protected=True, protected_from_scale_in=True),
        governance=Governance(locks=(lock,)), autoscale=Autoscale(True, 3, 9),
    )  # fmt: skip
    found = words(busy)
    assert found["Lock"] == "ReadOnly keep on rg-web: ask maria" and found["Autoscale"] == "3–9 instances"
    assert found["Automatic repairs"] == "on (Replace, suspended)" and found["Terminate notice"].startswith("5m")
    assert "Delete" in found["Spot"] and "1 (7)" in found["Protected"] and "1 (7)" in found["from scale-in"]
    assert "in progress" in found["Last change"]
    short = " · ".join(interference.interfering(busy))
    assert "lock keep (ReadOnly)" in short and "1 protected instance" in short and "spot" in short
    assert words(of(replace(SET, provisioning=Provisioning.FAILED)))["Last change"] == "failed"
    unknown = of(SET, autoscale=Autoscale(unknown="it could not be read"))
    assert words(unknown)["Autoscale"] == "unknown: it could not be read"


def test_policies_and_standby_pools() -> None:
    assert words(of(SET))["Azure Policy"] == words(of(SET))["Standby pool"] == "not read yet"
    unread = words(of(SET, governance=Governance(unknown="no right")))
    assert unread["Azure Policy"].startswith("unknown") and unread["Standby pool"].startswith("unknown")
    none = words(of(SET, governance=Governance(policies=(), standby_pools=())))
    assert none["Azure Policy"] == "no assignment" and none["Standby pool"] == "none"
    audit, deny = PolicyAssignment("Tags", "/s", "Audit"), PolicyAssignment("Only our images\x1b[31m", "/s", "Deny")
    pools = (StandbyPool("a", 5, 10, "Running"), StandbyPool("b", maximum=3))
    found = words(of(SET, governance=Governance(policies=(audit, deny), standby_pools=pools)))
    assert found["Azure Policy"] == "2 assignments" and found["denies writes"] == "Only our images"
    many = Governance(policies=tuple(replace(deny, name=f"p{n}") for n in range(8)))
    assert "and 3 more" in " ".join(shown(of(SET, governance=many)))
    assert interference.azure_policy_words((audit, deny)) == "2 assignments; denies writes: Only our images"
    agent = PolicyAssignment("Monitor agent", "/s", "DeployIfNotExists", has_identity=True)
    assert words(of(SET, governance=Governance(policies=(agent,))))["may deploy"] == "Monitor agent"
    assert found["Standby pool"] == f"b: {max(0, 3 - SET.capacity)} VMs"
    calm = of(SET, governance=Governance(policies=(audit,), standby_pools=pools[:1]))
    assert "none says" in interference.azure_policy_words((audit,)) and "denies writes" not in words(calm)
    assert f"standby pool {max(5, 10 - SET.capacity)} VMs (Running)" in interference.interfering(calm)
    record = interference.governance_record(calm.governance)
    assert record["locks"] is None and record["standby_pools"] == [
        {"name": "a", "minimum": 5, "maximum": 10, "state": "Running", "id": ""}
    ]
    assert record["policy_assignments"] == [
        {"name": "Tags", "scope": "/s", "effect": "Audit", "enforced": True, "has_identity": False}
    ]


def test_domains_are_of_their_zone() -> None:
    found = [
        Instance(id=str(n), name=f"w{n}", zone=str(n % 2 + 1), fault_domain=0, update_domain=n // 2) for n in range(8)
    ]
    snapshot = of(SET, *found)
    titles = {by: [group.title for group in instances.zones_of(snapshot, by)] for by in Grouping}
    assert titles[Grouping.ZONE] == ["zone 1", "zone 2"]
    assert titles[Grouping.FAULT_DOMAIN] == ["zone 1 fd0", "zone 2 fd0"]
    assert titles[Grouping.UPDATE_DOMAIN] == [f"zone {zone} ud{domain}" for zone in (1, 2) for domain in range(4)]
    regional = of(SET, *(replace(one, zone="", update_domain=None) for one in found))
    assert [group.title for group in instances.zones_of(regional, Grouping.FAULT_DOMAIN)] == ["fault domain 0"]
    assert [group.title for group in instances.zones_of(regional, Grouping.UPDATE_DOMAIN)] == [""]
    assert "Update domains" in " ".join(shown(regional)) and "Azure names none" in " ".join(shown(regional))
    assert Grouping.ZONE.following.following.following is Grouping.ZONE


def test_what_applications_ask_of_rolling_upgrades_is_shown_and_found() -> None:
    asks = Instance(id="1", name="w1", skip_upgrade=True, upgrade_phase=2)
    quiet = Instance(id="2", name="w2")
    table, known = instances.INSTANCES.chosen(("id", "requests", "message")), instances.Known(now=estate.NOW)
    rows = [[text_of(cell) for cell in table.row(found, known).cells] for found in (asks, quiet)]
    assert rows == [["1", "SkipUpgrade, PhaseOrderingNumber 2", "requests SkipUpgrade"], ["2", "–", ""]]
    for source, ids in (("requests:skip", ["1"]), ("requests:phase", ["1"]), ("requests:no", ["2"])):
        view = instances.InstanceView(terms=parse(source, table.fields))
        assert [found.id for found in instances.shown_instances(of(SET, asks, quiet), view, known)] == ids
    facts = [text_of(line) for line in details.fact_lines(asks, "v", estate.NOW, 80)]
    assert any("Requests" in line and "SkipUpgrade" in line for line in facts)
    record = instance_record(asks)
    assert (record["skip_upgrade"], record["upgrade_phase"]) == (True, 2)


def test_columns_by_choice_and_protected_instances() -> None:
    one = Instance(id="1", name="w1", protected=True, protected_from_scale_in=True, fault_domain=2, size="D2")
    two = Instance(id="2", name="w2")
    keys = ("id", "power", "provisioning", "protected", "fd", "ud", "size", "message")
    table, known = instances.INSTANCES.chosen(keys), instances.Known(now=estate.NOW)
    rows = [[text_of(cell) for cell in table.row(found, known).cells] for found in (one, two)]
    assert rows[0][3:6] == ["actions,scale-in", "2", "–"] and "protected" in rows[0][7]
    assert rows[1][3] == "–" and rows[1][7] == ""
    found = table.fields["protected"]
    assert found.name == "protected" and set(instances.INSTANCES.choices) >= set(keys)
