"""A plan for the journal, and the file behind one."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.journal.databases.sqlite import SqliteDatabase
from vmss_tui.journal.store import Journal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


WEB = ScaleSetId("s1", "rg-web", "web")


def script(**more: object) -> ScriptConfig:
    config = ScriptConfig(name="app", handler=LINUX, settings={"commandToExecute": "./a.sh"}, label="web 2")
    return replace(config, **more)  # type: ignore[arg-type]


def plan(target: ScaleSetId = WEB, **more: object) -> RolloutPlan:
    made = RolloutPlan(
        target=target,
        location="westeurope",
        strategy=Strategy.CLIENT_BATCHES,
        script=script(),
        previous=None,
        policy=RolloutPolicy(),
        set_mode=UpgradeMode.MANUAL,
        set_policy=RollingPolicy(),
        total=2,
        batches=(Batch(number=1, ids=("0",)), Batch(number=2, ids=("1",))),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def file_of(journal: Journal) -> Path:
    """The file of an embedded journal."""
    return _embedded(journal).path


def connection_of(journal: Journal) -> sqlite3.Connection:
    """The connection of an embedded journal, to do to its file what a disk does."""
    return _embedded(journal).connection


def _embedded(journal: Journal) -> SqliteDatabase:
    database = journal._db
    assert isinstance(database, SqliteDatabase)
    return database
