"""Runners in processes of their own, for the tests that kill them.

`python -m support.engine.runner_process JOURNAL CLOUD_FILE` imports everything once, then forks a runner for every id
that it reads from standard input and writes its process id. Nothing is shared with a runner but the code.
"""

import asyncio
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

from support.engine.lab import FAST
from vmss_tui.engine.runner.runner import run
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, SystemClock


async def carry_out(path: str, cloud_file: str, rollout: str) -> None:
    there: list[Azure] = []

    async def connected() -> Azure:
        there.append(await connect(load_cloud(None, Path(cloud_file))))
        return there[-1]

    journal = Journal.open(Path(path))
    try:
        await run(
            rollout,
            journal=journal,
            azure=connected,
            clock=SystemClock(),
            secrets=dict,
            host=socket.gethostname(),
            pid=os.getpid(),
            pace=FAST,
        )
    finally:
        journal.close()
        for client in there:
            await client.close()


def main(path: str, cloud_file: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                asyncio.run(carry_out(path, cloud_file, line.strip()))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
