"""`vmss-tui diagnose`: a diagnostic on one instance through Azure's Run Command, and which ones were run."""

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.options import connected, narrowed
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.fleet.diagnostic import Diagnostic, available
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.engine.diagnose import Diagnoser
from vmss_tui.errors import UsageError
from vmss_tui.ports import Azure
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.scaleset import diagnostics as words


@click.command()
@click.argument("scaleset")
@click.argument("instance", required=False)
@click.argument("name", required=False)
@click.option("--history", is_flag=True, help="List the diagnostics that were run, by whom and when.")
@shaped
@connected
@narrowed
@click.pass_context
def diagnose(
    ctx: click.Context, scaleset: str, instance: str | None, name: str | None, history: bool, shape: Shape
) -> int:
    """Run a diagnostic on one instance and print all that it shows.

    Without NAME, list the diagnostics. Azure runs the script as the instance's administrator, so that --read-only
    refuses it; the journal records who ran what where.
    """

    async def work(session: LiveSession) -> int:
        azure = await session.connect()
        target = await find.resolve(azure, scaleset, within=session.subscription)
        if history:
            return _history(session, target, instance, shape)
        scale_set = await azure.scale_set(target)
        known = available(session.access.diagnostics, scale_set.os)
        if instance is None or name is None:
            lines = [words.CHOICES.row(diagnostic, None) for diagnostic in known]
            shape.answer(
                [words.choice_record(diagnostic) for diagnostic in known],
                lambda: text_tables.grid(words.CHOICES.columns, lines, cells=output.columns())[0],
            )
            return 0
        session.require_writes()
        chosen = _chosen(known, name)
        found = await _instance(azure, scale_set, instance)
        diagnoser = Diagnoser(azure, session.journal(), session.clock, session.who, session.poll_seconds)
        shown = await diagnoser.run(scale_set, found, chosen, _progress)
        record = {
            "id": shown.entry,
            "scale_set": str(target),
            "instance": found.name,
            "diagnostic": chosen.name,
            "output": shown.output,
            "stderr": shown.stderr,
        }
        shape.answer(record, lambda: shown.output.splitlines())
        if shown.stderr and shape.for_people:
            diagnostics.say(f"vmss-tui: {shown.stderr}")
        return 0

    return run(ctx, work)


def _history(session: LiveSession, target: ScaleSetId, instance: str | None, shape: Shape) -> int:
    entries = [
        entry
        for entry in session.journal().diagnostics.entries(target=target)
        if instance is None or entry.instance == instance or entry.instance.endswith(f"_{instance}")
    ]
    if shape.for_people and not entries:
        diagnostics.say(f"no diagnostic of {target.short} is recorded")
        return 0
    rows = [words.HISTORY.row(entry, session.clock.now()) for entry in entries]
    shape.answer(
        [words.entry_record(entry) for entry in entries],
        lambda: text_tables.grid(words.HISTORY.columns, rows, cells=output.columns())[0],
    )
    return 0


def _chosen(known: tuple[Diagnostic, ...], name: str) -> Diagnostic:
    found = next((diagnostic for diagnostic in known if diagnostic.name == name), None)
    if found is None:
        raise UsageError(f"there is no diagnostic {name!r} for this system", hint=f"Use {words.choices(known)}.")
    return found


async def _instance(azure: Azure, scale_set: ScaleSet, text: str) -> Instance:
    """The instance with this id or name. Raises UsageError."""
    uniform = scale_set.orchestration is Orchestration.UNIFORM
    wanted = text.rsplit("_", 1)[-1] if uniform else text
    found = await azure.some_instances(scale_set, (wanted,)) if wanted.isdigit() or not uniform else ()
    if not found or text.lower() not in (found[0].id.lower(), found[0].name.lower()):
        raise UsageError(
            f"{scale_set.id.short} has no instance {text!r}",
            hint=f"`vmss-tui instances {scale_set.name}` lists their ids and names.",
        )
    return found[0]


def _progress(read: int, pieces: int) -> None:
    """The output comes in pieces of 4 KiB, each of which takes Azure 20 seconds and more."""
    if pieces > 1:
        diagnostics.say(f"vmss-tui: read piece {read} of {pieces} of the output")
