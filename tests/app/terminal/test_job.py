"""Ctrl+z: the whole job stops and is continued, where a shell waits for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.desk import sitting

ASK = "from vmss_tui.app.terminal.job import has_shell; print(has_shell())"
STOP = "from vmss_tui.app.terminal.job import stop_job; stop_job(); print('back')"


@pytest.mark.parametrize("leads", [True, False])
def test_a_process_that_leads_its_session_has_no_shell_to_return_to(leads: bool) -> None:
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=leads, process_group=None if leads else 0
    )
    assert done.stdout.strip() == str(not leads)


def test_a_job_stops_until_the_shell_continues_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", STOP], stdout=subprocess.PIPE, text=True, process_group=0)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.killpg(child.pid, signal.SIGCONT)
    out, _ = child.communicate(timeout=60)
    assert (out.strip(), child.returncode) == ("back", 0)


async def test_an_app_that_cannot_be_suspended_says_how_to_leave(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("ctrl+z")
        await desk.shows("no shell to return to; press q to quit")
