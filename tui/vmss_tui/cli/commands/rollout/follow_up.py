"""`retry` and `undo`: of a rollout that has ended a new rollout, of one that waits for a decision the answer to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from vmss_tui.cli.commands.rollout.history import opened
from vmss_tui.cli.commands.rollout.overrides import overrides
from vmss_tui.cli.commands.rollout.rollout import require_now
from vmss_tui.cli.commands.rollout.start_rollout import Launch, Manner, manners
from vmss_tui.cli.commands.rollout.verbs import Asked, instances, request
from vmss_tui.cli.commands.schedule.start_time import start_from
from vmss_tui.cli.commands.waves.start import start_waves
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.journal.store import WavesHeader

Option = Callable[[Callable[..., int]], Callable[..., int]]


def _follow_up(name: str, text: str, option: Option) -> click.Command:
    """A command for a follow-up; `option` is its own: the instances of a retry, the version of an undo."""

    @click.argument("rollout", required=False)
    @manners
    @click.option("--why", default="", metavar="TEXT", help="Reason, kept in the change record.")
    @click.option("--ticket", default="", metavar="ID", help="Change ticket, kept in the change record.")
    @overrides
    @option
    @click.option("--json", "as_json", is_flag=True, help="For a running rollout: print the answer as JSON.")
    @connected
    @click.pass_context
    def command(
        ctx: click.Context, /, rollout: str | None, why: str, ticket: str, as_json: bool,
        overrides: Mapping[Override, str], at: str | None, at_window: bool, instances: tuple[str, ...] = (),
        to: str = "", **given: Any,
    ) -> int:  # fmt: skip
        launch = Launch(Manner(**given))

        async def work(session: LiveSession) -> int:
            from vmss_tui.engine.followup import Followup, followup_wish
            from vmss_tui.engine.start_later import prepare_for
            from vmss_tui.engine.waves.followups import followup_waves

            journal = session.journal()
            header = journal.locate(rollout)
            if isinstance(header, WavesHeader):
                require_now(at, at_window=at_window)
                waves = followup_waves(Followup(name), header.id, journal.waves.state(header.id))
                waves = replace(waves, overrides=overrides)
                return await start_waves(
                    launch, session, waves, why=why or f"{name} of rollout {header.id}", ticket=ticket
                )
            kind, names, hooks, rules = Followup(name), session.versions.names, session.hooks, session.rules()
            wish = followup_wish(
                kind, header.id, journal, names=names, overrides=overrides, hooks=hooks, rules=rules, to=to
            )
            start, azure = start_from(at, at_window, session.clock.now()), await session.connect()
            prepared, starts_at = await prepare_for(azure, wish, session.clock, start)
            return await launch.go(
                session,
                prepared.plan,
                tags=prepared.snapshot.scale_set.tags,
                why=why or f"{name} of rollout {header.id}",
                ticket=ticket,
                starts_at=starts_at,
                at_window=at_window,
            )

        with opened(ctx) as journal:
            header = journal.locate(rollout)
        if header.stage.over:
            return launch.run(ctx, work)
        asked = Asked(verb=name, why=why, argument=",".join(instances), as_json=as_json)
        return run(ctx, lambda session: request(session, header.id, asked))

    return click.command(name=name, help=text)(command)


retry = _follow_up(
    "retry",
    "Run the script again on failed instances.\n\nOf a rollout that has ended: as a new rollout. Of one that waits "
    "for a decision: within it, on the instances that --instance names.",
    instances,
)
undo = _follow_up(
    "undo",
    "Roll back to the previous script, as a new rollout.\n\nOf a rollout that waits for a decision: within it.",
    click.option(
        "--to",
        default="",
        metavar="VERSION",
        help="An earlier version of the journal: its label, the beginning of its digest, or of a rollout's id.",
    ),
)
