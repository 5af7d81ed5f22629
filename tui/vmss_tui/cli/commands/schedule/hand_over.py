"""Gives a rollout to a worker of the team, where one is there to take it up."""

import contextlib

from vmss_tui.cli.commands.rollout.runner_process import LONGEST_START
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Clock

TAKE_UP_SECONDS = 10.0
"""How long a rollout waits in the queue before the host that starts it runs it itself."""


async def handed_over(rollout: str, journal: Journal, clock: Clock, queue: str) -> bool:
    """Give a rollout to a worker; False when there is none that takes it up soon.

    `queue` is the address of the cloud: a worker that is signed in elsewhere must not take its rollouts. Raises
    JournalUnavailable.
    """
    from vmss_tui.journal.jobs import Jobs, NoQueue

    async with contextlib.AsyncExitStack() as stack:
        try:
            jobs = await stack.enter_async_context(Jobs(str(journal.place), queue))
        except NoQueue:
            return False
        if not await jobs.workers():
            return False
        job = await jobs.hand_over(rollout, journal.target_key(rollout))
        limit = clock.monotonic() + TAKE_UP_SECONDS
        while True:
            lease = journal.lease(rollout)
            if (lease is not None and lease.alive) or journal.stage(rollout).over:
                return True
            if clock.monotonic() > limit:
                if job is None or await jobs.take_back(job):
                    return False
                job, limit = None, limit + LONGEST_START
            await clock.sleep(0.1)
