"""A set that may only be read: the header says why, and keys that change Azure are refused with the next step."""

from dataclasses import replace
from pathlib import Path

from support.desk import sitting
from support.fakes import FakeAzure, FakeSession
from vmss_tui.app.actions.action import ActionState
from vmss_tui.app.actions.table import ACTIONS
from vmss_tui.app.write_rights import WriteRights, role_of
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.rollout.team.roles import TeamRoles

READER = (Permission(("*/read",)),)
OPERATOR = (Permission(("*/read", "Microsoft.Compute/virtualMachineScaleSets/*")),)


def reading() -> FakeAzure:
    azure = FakeAzure()
    azure.granted = READER
    return azure


async def test_a_reader_sees_so_on_the_list_and_is_refused_at_the_start(tmp_path: Path) -> None:
    async with sitting(tmp_path, azure=reading(), size=(140, 40)) as desk:
        await desk.shows("READ ONLY", "your account may only read", "web-weu")
        await desk.press("enter")
        await desk.shows("ZONE", "READ ONLY")
        await desk.press("e")
        await desk.shows("deploy", "READ ONLY", "CANNOT START", "your role does not allow")
        await desk.press("f9")
        await desk.shows("virtualMachineScaleSets/write is missing", "vmss-tui roles operator")
    assert desk.session.started == []


async def test_the_rights_on_a_set_count_before_those_on_its_group(tmp_path: Path) -> None:
    azure = reading()
    async with sitting(tmp_path, azure=azure, size=(140, 40)) as desk:
        await desk.shows("READ ONLY", "web-weu")
        azure.granted = OPERATOR
        await desk.press("enter")
        await desk.hides("READ ONLY")


def test_what_is_unknown_forbids_nothing() -> None:
    rights, scale_set = WriteRights(), next(iter(FakeAzure().sets.values())).scale_set
    assert rights.read_only() is None and rights.read_only(scale_set.id) is None
    rights.note_governance(scale_set, Governance(unknown="no answer"))
    assert rights.read_only(scale_set.id) is None
    rights.note_governance(scale_set, Governance(permissions=OPERATOR))
    assert rights.read_only(scale_set.id) is None


def test_the_program_and_its_rules_come_first() -> None:
    scale_set = next(iter(FakeAzure().sets.values())).scale_set
    rights = WriteRights()
    rights.note_governance(scale_set, Governance(permissions=OPERATOR))
    rights.note_sets([replace(scale_set, read_only_rule="tag env=prod")])
    found = rights.read_only(scale_set.id)
    assert found is not None and (found.short, rights.read_only()) == ("tag env=prod", None)
    rights.program_reads_only = True
    found = rights.read_only(scale_set.id)
    assert found is not None and found.short == "" and "--read-only" in found.why


async def test_filter_and_columns_of_the_configuration(tmp_path: Path) -> None:
    def configured(session: FakeSession) -> None:
        session.lists = ListSettings(
            app_filter="web-weu", app_columns=("name", "os", "state"), app_instance_columns=("id", "zone")
        )

    async with sitting(tmp_path, prepare=configured) as desk:
        await desk.shows("web-weu", "1 of 15 scale sets")
        titles = desk.line("SCALE SET")
        assert "OS" in titles and "STATE" in titles and "REGION" not in titles
        await desk.press("enter")
        await desk.shows("ZONE")
        assert "HEALTH" not in desk.line("ZONE")


async def test_a_viewer_by_the_teams_roles_sees_the_rule(tmp_path: Path) -> None:
    def only_tom(session: FakeSession) -> None:
        session.roles = TeamRoles(operators=("tom",))

    async with sitting(tmp_path, prepare=only_tom, size=(140, 40)) as desk:
        await desk.shows("READ ONLY", "viewer", "web-weu")
        await desk.press("e")
        await desk.press("f9")
        await desk.shows("roles.operators does not name them")
    assert desk.session.started == []


def test_an_approver_approves_and_does_nothing_else(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    assert role_of(session) is None
    session.roles = TeamRoles(approvers=("maria",))
    role = role_of(session)
    state = ActionState(read_only=WriteRights(role=role).read_only())
    allowed = {entry.id for entry in ACTIONS if entry.dangerous and entry.refusal(state) != (role and role.why)}
    assert allowed == {"rollout.approve", "waves.approve"}
