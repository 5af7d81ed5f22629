"""`profiles new`, `profiles import`, `profiles export`: profiles from what a team has, and back again."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.prepare import assignments
from vmss_tui.cli.options import connected, current, narrowed, with_profiles
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.errors import UsageError
from vmss_tui.paths import make_private_directory, write_named
from vmss_tui.profiles.convert import relaxed_json
from vmss_tui.profiles.convert.extension import Imported
from vmss_tui.profiles.convert.importing import from_json, from_scale_set
from vmss_tui.profiles.format.read import handler_for
from vmss_tui.profiles.store.store import ProfileStore

_OS = click.option("--os", "system", type=click.Choice(["linux", "windows"]), help="Operating system of the handler.")


@click.command("new")
@click.argument("name")
@_OS
@with_profiles
@click.pass_context
def new_profile(ctx: click.Context, name: str, system: str | None) -> int:
    """Create a commented profile NAME, ready for editing, and print its path."""
    from vmss_tui.profiles.format.template import starter_text

    output.line(str(current(ctx).profile_store().create(name, starter_text(name, HandlerOs(system or "linux")))))
    return 0


@click.command("import")
@click.argument("file", required=False)
@click.option("--from", "scaleset", metavar="SCALESET", help="Import from a live scale set instead of a file.")
@click.option("--protected", metavar="FILE", help="File of the protected settings; their values are not imported.")
@click.option("--name", help="Name of the profile; the file's or the scale set's by default.")
@click.option("--as-is", is_flag=True, help="Keep the version in addresses and command; do not make it a variable.")
@click.option("--force", is_flag=True, help="Replace a profile of that name.")
@_OS
@connected
@narrowed
@with_profiles
@click.pass_context
def import_profile(
    ctx: click.Context, file: str | None, scaleset: str | None, protected: str | None, name: str | None,
    as_is: bool, force: bool, system: str | None,
) -> int:  # fmt: skip
    """Create a profile from FILE and print its path.

    FILE holds the JSON of `az vmss extension set --settings`, an ARM template (also compiled Bicep), Terraform's JSON,
    or the output of `az vmss show`; `-` is stdin.
    """
    if (file is None) == (scaleset is None):
        raise UsageError("give a file or --from SCALESET, not both", hint="`vmss-tui profiles import settings.json`")
    if scaleset is not None:
        found: tuple[Imported, ...] = (_from_live(ctx, scaleset, name),)
    else:
        assert file is not None
        handler = None if system is None else handler_for(system)
        stem = name or ("imported" if file == "-" else Path(file).stem)
        secret = None if protected is None else _json(protected)
        found = from_json(_json(file), secret, name=stem, handler=handler)
    for imported in found:
        _save(current(ctx).profile_store(), imported, as_is=as_is, force=force)
    return 0


def _from_live(ctx: click.Context, text: str, name: str | None) -> Imported:
    from vmss_tui.cli.commands.fleet import find
    from vmss_tui.cli.session import LiveSession, run

    found: list[Imported] = []

    async def work(session: LiveSession) -> int:
        azure = await session.connect()
        target = await find.resolve(azure, text, within=session.subscription)
        live = await azure.scale_set(target)
        label = session.versions(live.script) if live.script is not None else ""
        found.append(from_scale_set(live, name=name or target.name, label=label))
        return 0

    run(ctx, work)
    return found[0]


def _json(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        return relaxed_json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="check the path") from error
    except (ValueError, RecursionError) as error:
        hint = _AS_JSON.get(Path(file).suffix, "give the file that az takes with --settings")
        raise UsageError(f"{file} is not JSON: {error}", hint=hint) from error


_AS_JSON = {
    ".bicep": "compile it first: az bicep build --file FILE --stdout | vmss-tui profiles import -",
    ".tf": "give its values: terraform show -json | vmss-tui profiles import -",
}
"""How a file that is not JSON becomes what can be read, by its suffix."""


def _save(store: ProfileStore, imported: Imported, *, as_is: bool, force: bool) -> None:
    from vmss_tui.profiles.convert.importing import with_version

    general = None if as_is else with_version(imported.profile)
    path = store.save(general or imported.profile, overwrite=force)
    output.line(str(path))
    for note in imported.notes:
        diagnostics.say(f"note: {note}")
    if general is not None:
        diagnostics.say("note: the version became a variable: --set version=…")


@click.command("export")
@click.argument("profile")
@click.argument("scaleset", required=False, metavar="[SCALESET-ID]")
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="Value of a variable; repeatable.")
@click.option("--format", "form", type=click.Choice(["az", "arm"]), default="az", show_default=True)
@click.option("--directory", "-d", type=click.Path(file_okay=False, path_type=Path), help="Write files here.")
@with_profiles
@click.pass_context
def export_profile(
    ctx: click.Context, profile: str, scaleset: str | None, variables: tuple[str, ...], form: str,
    directory: Path | None,
) -> int:  # fmt: skip
    """Print PROFILE as `az` command lines with their files, or as an ARM extension resource.

    SCALESET-ID is a resource id; without it, placeholders are printed.
    """
    import os

    from vmss_tui.profiles.convert.export import to_arm, to_az
    from vmss_tui.profiles.model import resolve

    found = current(ctx).profile_store().get(profile)
    resolved = resolve(found, assignments(variables), environ=os.environ)
    ids = found.targets.ids
    target = _id(scaleset) if scaleset else ids[0] if len(ids) == 1 else None
    if form == "arm":
        files, script = {f"{found.name}.json": json.dumps(to_arm(resolved.script), indent=2) + "\n"}, ""
    else:
        exported = to_az(resolved, target, stem=found.name)
        files, script = dict(exported.files), exported.shell
    if directory is not None:
        _write(directory, files, script)
    elif form == "arm":
        output.verbatim(files[f"{found.name}.json"].rstrip("\n").split("\n"))
    else:
        output.verbatim(_here(files, script))
    return 0


def _id(text: str) -> ScaleSetId:
    try:
        return ScaleSetId.parse(text)
    except ValueError as error:
        raise UsageError(str(error), hint="`vmss-tui show SCALESET` prints its id") from error


def _here(files: dict[str, str], script: str) -> list[str]:
    """One script that writes its own files."""
    first, second, *commands = script.rstrip("\n").split("\n")
    lines = [first, second]
    for name, text in files.items():
        lines += [f"cat > {name} <<'END_OF_FILE'", *text.rstrip("\n").split("\n"), "END_OF_FILE"]
    return [*lines, *commands]


def _write(directory: Path, files: dict[str, str], script: str) -> None:
    try:
        make_private_directory(directory)
        for name, text in {**files, **({"deploy.sh": script} if script else {})}.items():
            write_named(directory / name, text)
            output.line(str(directory / name))
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror}", hint="choose another directory") from error
