"""Rollouts that workers of a team carry out: a queue beside the journal in PostgreSQL, by procrastinate.

A job is the id of a rollout. Of the jobs for one scale set one runs at a time; the jobs of a worker that died are taken
up by another. The log and its leases decide what a job does, and whether it may: a job that runs twice finds the
rollout at work, or over.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import conninfo

from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal.databases import postgres, postgres_address, postgres_errors, tokens

try:
    import procrastinate
    from procrastinate import exceptions
    from procrastinate.jobs import DeleteJobCondition, Job, Status
except ImportError as missing:
    raise UsageError(
        "workers of a team need the package procrastinate", hint="Install it: pip install 'vmss-tui[team]'."
    ) from missing

_LOG = logging.getLogger(__name__)
SCHEMA = "vmss_tui_jobs"
"""The queue's tables are in this schema of the journal's database."""
TASK = "carry_out"
HEARTBEAT_SECONDS = 5.0
"""How often a worker says that it lives."""
STALLED_SECONDS = 15.0
"""How long a worker may be silent before it counts as dead and others take its jobs."""
_SESSION = f"SET search_path TO {SCHEMA}; {postgres.ENDS_THE_DEAD}"
"""The settings of every session: said there, since a pooler refuses `options` in the address."""
_LOOK_SECONDS = 3.0
_CONNECTIONS = 4

CarryOut = Callable[[str], Awaitable[None]]


class NoQueue(JournalUnavailable):
    """There is no queue, and so no worker."""


class Jobs:
    """The queue of one journal. `queue` keeps the rollouts of different clouds apart.

    Every method raises JournalUnavailable and nothing else for what goes wrong in the database.
    """

    def __init__(self, address: str, queue: str) -> None:
        self._wanted = postgres_address.parameters(address)
        self._name = postgres_address.name_of(self._wanted)
        self._queue = queue
        self._by_token = tokens.without_auth(address)[1]
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=self._connection_info, configure=_configure, min_size=1, max_size=_CONNECTIONS
            )
        )
        self._carry_out: CarryOut | None = None

        @self._app.task(name=TASK, queue=queue)
        async def carry_out(rollout: str) -> None:
            assert self._carry_out is not None
            await self._carry_out(rollout)

        self._task = carry_out

    async def _connection_info(self) -> str:
        """The parameters of each new connection: a token may have expired since the last one."""
        return conninfo.make_conninfo(**await asyncio.to_thread(self._parameters))

    def _parameters(self) -> dict[str, Any]:
        return {**self._wanted, "password": tokens.password()} if self._by_token else self._wanted

    async def __aenter__(self) -> "Jobs":
        """Make the tables where there are none, and connect."""
        with self._explained():
            await asyncio.to_thread(self._make_tables)
            await self._app.open_async()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        with contextlib.suppress(Exception):
            await self._app.close_async()

    async def hand_over(self, rollout: str, target_key: str) -> int | None:
        """Give a rollout to whichever worker is free; the number of the job, None when it has one already."""
        with self._explained():
            try:
                return await self._task.configure(lock=target_key, queueing_lock=rollout).defer_async(rollout=rollout)
            except exceptions.AlreadyEnqueued:
                return None

    async def take_back(self, job: int) -> bool:
        """Cancel a job that no worker has taken up; whether there was still time."""
        with self._explained():
            return bool(await self._app.job_manager.cancel_job_by_id_async(job, delete_job=True))

    async def workers(self) -> int:
        """How many workers sent a heartbeat recently."""
        with self._explained():
            row = await self._app.connector.execute_query_one_async(
                "SELECT count(*) AS number FROM procrastinate_workers"
                f" WHERE last_heartbeat > now() - interval '{STALLED_SECONDS} seconds'"
            )
        return int(row["number"])

    async def work(self, carry_out: CarryOut, *, most: int, stop: asyncio.Event) -> None:
        """Carry out rollouts, at most this many at once, until `stop` is set; those in progress are left to others."""
        self._carry_out = carry_out
        with self._explained():
            worker = asyncio.ensure_future(
                self._app.run_worker_async(
                    queues=[self._queue],
                    concurrency=most,
                    install_signal_handlers=False,
                    delete_jobs=DeleteJobCondition.SUCCESSFUL,
                    fetch_job_polling_interval=_LOOK_SECONDS,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    shutdown_graceful_timeout=0.1,
                )
            )
            rescuer = asyncio.ensure_future(self._rescue())
            stopped = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait((worker, stopped), return_when=asyncio.FIRST_COMPLETED)
                if worker.done():
                    await worker
            finally:
                for task in (worker, rescuer, stopped):
                    task.cancel()
                await asyncio.gather(worker, rescuer, stopped, return_exceptions=True)

    async def _rescue(self) -> None:
        """Put the jobs of dead workers into the queue again."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(psycopg.Error, exceptions.ProcrastinateException):
                stalled = await self._app.job_manager.get_stalled_jobs(
                    queue=self._queue, seconds_since_heartbeat=STALLED_SECONDS
                )
                for job in stalled:
                    await self._rescue_one(job)

    async def _rescue_one(self, job: Job) -> None:
        """Put one job into the queue again.

        The rollout may have been queued a second time in the meantime, since its lease was abandoned. The second job
        then waits for the lock of the scale set, which the dead one holds until it is removed.
        """
        _LOG.warning("job %s of a worker that is gone is taken up again", job.id)
        manager = self._app.job_manager
        with contextlib.suppress(psycopg.Error, exceptions.ProcrastinateException):
            try:
                await manager.retry_job(job)
            except exceptions.UniqueViolation:
                await manager.finish_job(job, Status.FAILED, delete_job=True)

    def prepare(self) -> None:
        """Make the tables where there are none, as a role that may. Raises NoQueue for one that may not."""
        with self._explained():
            self._make_tables()

    def _make_tables(self) -> None:
        with psycopg.connect(**self._parameters(), autocommit=True) as connection, connection.transaction():
            connection.execute(_SESSION)
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (SCHEMA,))
            if postgres.has_table(connection, SCHEMA, "procrastinate_jobs"):
                return
            try:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
                connection.execute(procrastinate.schema.SchemaManager.get_schema().encode())
            except psycopg.errors.InsufficientPrivilege as problem:
                raise NoQueue(
                    f"the journal {self._name} has no queue for workers yet, and your database role may not make one",
                    hint="As the owner of its tables, repeat `vmss-tui journal grant ROLE operator --execute`.",
                ) from problem

    @contextlib.contextmanager
    def _explained(self) -> Any:
        try:
            yield
        except exceptions.ProcrastinateException as problem:
            cause = problem.__cause__
            if isinstance(cause, psycopg.Error):
                raise postgres_errors.explain(cause, self._name) from problem
            raise JournalUnavailable(
                f"the queue of {self._name} cannot be used: {problem}", hint="Ask the administrator of the database."
            ) from problem
        except psycopg.Error as problem:
            raise postgres_errors.explain(problem, self._name) from problem


async def _configure(connection: "psycopg.AsyncConnection[Any]") -> None:
    await connection.execute(_SESSION)
    await connection.commit()
