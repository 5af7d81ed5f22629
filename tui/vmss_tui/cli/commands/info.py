"""`vmss-tui info`: what support needs to know, without secrets."""

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import click

from vmss_tui import __version__, paths
from vmss_tui.cli import logs
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, Bucket
from vmss_tui.presentation import records, text_tables

PACKAGES = ("textual", "azure-identity", "azure-mgmt-compute", "azure-core", "aiohttp", "msgspec")


@click.command()
@shaped
@click.option("--offline", is_flag=True, help="Do not sign in.")
@connected
@click.pass_context
def info(ctx: click.Context, shape: Shape, offline: bool) -> int:
    """Show paths, versions, the cloud, the credential that signed in, and the remaining request quota."""
    return run(ctx, lambda session: _info(session, shape=shape, offline=offline))


async def _info(session: LiveSession, *, shape: Shape, offline: bool) -> int:
    facts, code = await gathered(session, offline=offline)
    shape.answer(facts, lambda: lines(facts))
    return code


async def gathered(session: LiveSession, *, offline: bool) -> tuple[dict[str, Any], int]:
    """Everything that `info` knows, as data, and the exit code."""
    facts: dict[str, Any] = {
        "versions": _versions(),
        "paths": _paths(session),
        "cloud": _cloud(session),
        "log_level": logs.level_of(),
        "identity": None,
        "sign_in": None,
        "quota": None,
        "problem": None,
    }
    if offline:
        return facts, 0
    try:
        azure = await session.connect()
        facts |= await _signed_in(azure)
    except VmssTuiError as error:
        return facts | {"problem": error.message, "hint": error.hint}, error.exit_code
    return facts, 0


async def _signed_in(azure: Azure) -> dict[str, Any]:
    """Identity, and the quota as the list of subscriptions, the cheapest read, reports it."""
    identity = await azure.identity()
    subscriptions = await azure.subscriptions()
    return {
        "identity": records.identity_record(identity),
        "subscriptions": len(subscriptions),
        "sign_in": records.plain_value(azure.sign_in_record()),
        "quota": records.plain_value(azure.quota()),
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"vmss-tui": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _paths(session: LiveSession) -> dict[str, str]:
    return {
        "program": sys.executable,
        "journal": str(session.journal_place),
        "log": str(paths.log_file()),
        "config": str(paths.config_file()),
        "clouds": str(paths.clouds_directory()),
    }


def _cloud(session: LiveSession) -> dict[str, str | None]:
    return {
        "name": session.cloud.name,
        "resource_manager": session.cloud.resource_manager,
        "authority": session.cloud.authority,
        "from": os.environ.get("VMSS_TUI_CLOUD_FILE"),
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """Everything that `info` knows, for people."""
    cloud, sign_in = facts["cloud"], facts["sign_in"] or {}
    return text_tables.facts(
        [
            ("signed in", _who(facts)),
            ("", facts.get("hint") or ""),
            *(("tried", tried) for tried in sign_in.get("tried", ())),
            *(row for problem in sign_in.get("tenant_problems", ()) for row in _refused(problem)),
            ("cloud", f"{cloud['name']}  {cloud['resource_manager']}"),
            ("tokens from", cloud["authority"]),
            *(("quota left", _bucket(bucket)) for bucket in (facts["quota"] or {}).get("buckets", ())),
            *((name, value) for name, value in facts["paths"].items()),
            ("log level", facts["log_level"]),
            *((name, value or "not installed") for name, value in facts["versions"].items()),
        ]
    )


def _refused(problem: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Which tenant gave no token and why, and the command that mends it."""
    tenant = problem["tenant"]
    yield "tenant refused", f"{tenant['name'] or tenant['domain']} {tenant['id']}: {problem['reason']}".strip()
    if problem["command"]:
        yield "", f"run: {problem['command']}"


def _who(facts: dict[str, Any]) -> str:
    identity = facts["identity"]
    if identity is None:
        return f"no: {facts['problem']}" if facts["problem"] else "not checked"
    return f"{identity['name']} ({identity['method']}), tenant {identity['tenant_id']}"


def _bucket(bucket: dict[str, Any]) -> str:
    found = Bucket(**bucket)
    return f"{found.name}: {found.remaining} of {found.highest}"
