"""`vmss-tui info`: what somebody needs to know who helps you, without a secret in it."""

import os
import platform
import sys
from importlib import metadata
from typing import Any

import click

from vmss_tui import __version__
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.errors import VmssTuiError
from vmss_tui.paths import clouds_directory, log_file
from vmss_tui.presentation import records, text_tables

PACKAGES = ("textual", "azure-identity", "azure-mgmt-compute", "azure-core", "aiohttp", "msgspec")


@click.command()
@shaped
@click.option("--offline", is_flag=True, help="Do not sign in.")
@connected
@click.pass_context
def info(ctx: click.Context, shape: Shape, offline: bool) -> int:
    """Show paths, versions, the cloud, who is signed in and how, and what is left of the request quota."""
    return run(ctx, lambda session: _info(session, shape=shape, offline=offline))


async def _info(session: LiveSession, *, shape: Shape, offline: bool) -> int:
    told: dict[str, Any] = {"versions": _versions(), "paths": _paths(session), "cloud": _cloud(session)}
    code = 0
    try:
        told |= {"identity": None, "quota": None, "problem": None} if offline else await _signed_in(session)
    except VmssTuiError as error:
        told |= {"identity": None, "quota": None, "problem": error.message, "hint": error.hint}
        code = error.exit_code
    shape.answer(told, lambda: _lines(told))
    return code


async def _signed_in(session: LiveSession) -> dict[str, Any]:
    azure = await session.connect()
    identity = await azure.identity()
    quota = records.plain_value(azure.quota())
    return {"identity": records.identity_record(identity), "quota": quota, "problem": None}


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
        "journal": str(session.journal_path),
        "log": str(log_file()),
        "clouds": str(clouds_directory()),
    }


def _cloud(session: LiveSession) -> dict[str, str | None]:
    return {
        "name": session.cloud.name,
        "resource_manager": session.cloud.resource_manager,
        "from": os.environ.get("VMSS_TUI_CLOUD_FILE"),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    identity = told["identity"]
    if identity is not None:
        who = f"{identity['name']} ({identity['method']}), tenant {identity['tenant_id']}"
    else:
        who = f"not signed in: {told['problem']}" if told["problem"] else "not asked"
    buckets = ", ".join(f"{each['name']} {each['remaining']}" for each in (told["quota"] or {}).get("buckets", ()))
    cloud = told["cloud"]
    return text_tables.facts(
        [
            ("signed in", who),
            ("", told.get("hint") or ""),
            ("cloud", f"{cloud['name']}  {cloud['resource_manager']}"),
            ("quota left", buckets),
            *((name, value) for name, value in told["paths"].items()),
            *((name, value or "not installed") for name, value in told["versions"].items()),
        ]
    )
