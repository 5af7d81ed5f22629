"""`retry` and `undo`: of a rollout that has ended a new rollout, of one that waits for a decision the answer to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from vmss_tui.cli.commands.rollout.history import opened
from vmss_tui.cli.commands.rollout.overrides import overrides
from vmss_tui.cli.commands.rollout.start_rollout import Launch, Manner, confirmed, manners
from vmss_tui.cli.commands.rollout.verbs import Asked, instances, request
from vmss_tui.cli.commands.schedule.start_time import start_from
from vmss_tui.cli.commands.waves.start import start_waves
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.rollout.rollback import touched_by
from vmss_tui.domain.rollout.stage import Stage, Verb
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import RolloutHeader, WavesHeader

Option = Callable[[Callable[..., int]], Callable[..., int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A retry or an undo as the options say it."""

    name: str
    why: str
    ticket: str
    overrides: Mapping[Override, str]
    at: str | None
    at_window: bool
    instances: tuple[str, ...] = ()
    to: str = ""

    def require_possible(self, header: RolloutHeader | WavesHeader) -> None:
        """Raise UsageError for an option that makes no sense for this rollout."""
        if header.stage.over and self.instances:
            raise UsageError(
                "--instance chooses among the failed instances of a rollout that waits for a decision",
                hint="A retry of one that has ended takes all instances that still need it.",
            )
        if not header.stage.over and (self.to or self.at or self.at_window):
            raise UsageError(
                f"rollout {header.id} has not ended ({header.stage.word}), as --to, --at and --at-window need",
                hint=f"`vmss-tui cancel {header.id}` ends it.",
            )
        if isinstance(header, WavesHeader) and self.to:
            raise UsageError(
                f"rollout {header.id} goes over several scale sets, each with versions of its own",
                hint="Undo a set's rollout: `vmss-tui rollouts` lists them.",
            )


async def _new_rollout(
    launch: Launch, session: LiveSession, header: RolloutHeader | WavesHeader, wanted: _Wanted
) -> int:
    """The follow-up of a rollout that has ended, as a rollout of its own."""
    from vmss_tui.engine.followup import Followup, followup_wish
    from vmss_tui.engine.schedule.start_later import prepare_for
    from vmss_tui.engine.waves.followups import followup_waves

    kind, journal = Followup(wanted.name), session.journal()
    start = start_from(wanted.at, wanted.at_window, session.clock.now())
    why = wanted.why or f"{wanted.name} of rollout {header.id}"
    if isinstance(header, WavesHeader):
        waves = replace(followup_waves(kind, header.id, journal.waves.state(header.id)), overrides=wanted.overrides)
        return await start_waves(launch, session, waves, start, why=why, ticket=wanted.ticket)
    wish = followup_wish(
        kind,
        header.id,
        journal,
        names=session.versions.names,
        overrides=wanted.overrides,
        hooks=session.hooks,
        rules=session.rules(),
        to=wanted.to,
    )
    prepared, starts_at = await prepare_for(await session.connect(), wish, session.clock, start)
    return await launch.go(
        session,
        prepared.plan,
        tags=prepared.snapshot.scale_set.tags,
        why=why,
        ticket=wanted.ticket,
        starts_at=starts_at,
        at_window=wanted.at_window,
    )


async def _within(session: LiveSession, header: RolloutHeader | WavesHeader, asked: Asked, manner: Manner) -> int:
    """A decision on a failure, within its rollout; a roll back is confirmed as any change of production is."""
    if asked.verb == Verb.UNDO and isinstance(header, RolloutHeader) and header.stage is Stage.DECISION:
        session.require_writes()
        state = session.journal().state(header.id)
        tags = (await (await session.connect()).scale_set(header.target)).tags
        instances = len(touched_by(state.plan, state)) if state.plan is not None else 0
        confirmed(header.target.name, manner.confirm, session.production.why_confirm(header.target, tags, instances))
    return await request(session, header.id, asked)


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
        wanted = _Wanted(
            name=name,
            why=why,
            ticket=ticket,
            overrides=overrides,
            at=at,
            at_window=at_window,
            instances=instances,
            to=to,
        )
        with opened(ctx) as journal:
            header = journal.locate(rollout)
        wanted.require_possible(header)
        if header.stage.over:
            return launch.run(ctx, lambda session: _new_rollout(launch, session, header, wanted))
        asked = Asked(verb=name, why=why, argument=",".join(instances), as_json=as_json)
        return run(ctx, lambda session: _within(session, header, asked, launch.manner))

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
        help="An earlier version: its label, the beginning of its digest, or the id of a rollout that brought it.",
    ),
)
