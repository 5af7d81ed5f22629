"""`profiles name`: names a version that has no name, such as one that was rolled out with another tool."""

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.fleet.show import read_set
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.errors import UsageError
from vmss_tui.presentation.scaleset.instances import versions


@click.command("name")
@click.argument("scaleset")
@click.argument("label")
@click.option("--instance", metavar="ID", help="Name the version of this instance, instead of the model's.")
@connected
@click.pass_context
def name_version(ctx: click.Context, scaleset: str, label: str, instance: str | None) -> int:
    """Name the version on SCALESET: LABEL appears in lists and reports from now on."""
    name = label.strip()
    if not name or not name.isprintable():
        raise UsageError("a version's name cannot be empty or hold control characters", hint="such as 'web 2.4.0'")

    async def work(session: LiveSession) -> int:
        entry, snapshot = await read_set(session, scaleset)
        digest = _digest(snapshot, instance)
        before = versions(snapshot, session.versions).get(digest, unnamed(digest))
        session.journal().name_version(digest, name)
        output.line(f"{before} on {entry.id.short} is now named {name}")
        return 0

    return run(ctx, work)


def _digest(snapshot: SetSnapshot, instance: str | None) -> str:
    scale_set = snapshot.scale_set
    if instance is None:
        if scale_set.script is None:
            raise UsageError(f"{scale_set.id.short} has no Custom Script Extension", hint="it has no version to name")
        return scale_set.script.digest
    found = snapshot.instance(instance)
    if found is None:
        raise UsageError(
            f"{scale_set.id.short} has no instance {instance!r}", hint=f"`vmss-tui instances {scale_set.id.short}`"
        )
    if not found.script_digest:
        raise UsageError(f"instance {instance} runs no script", hint="it has no version to name")
    return found.script_digest
