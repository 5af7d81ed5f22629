"""Runs vmss-tui with its event loop and its terminal observed: `python -m bench.probe FILE [ARGUMENT …]`.

SIGUSR1 forgets what was seen so far, SIGUSR2 writes it to FILE as JSON; the program is the real one. Times are of
the processor (of the main thread), so that other programs on this machine do not count, beside those of a clock.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from textual import events
from textual.drivers import linux_driver

CURSOR = "▸"
_BLOCK = 0.004
"""A callback that takes longer than this many seconds is kept by itself."""


class Probe:
    """What is seen of one run: callbacks of the loop and keys until their paint, in seconds."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.main_clock = time.pthread_getcpuclockid(threading.main_thread().ident or 0)
        self.blocks: list[tuple[float, float]] = []
        self.keys: list[tuple[float, float]] = []
        self.longest = 0.0
        self.callbacks = 0
        self.paints: list[float] = []
        self._pressed: tuple[float, float] | None = None
        self._recorded: float | None = None

    def clocks(self) -> tuple[float, float]:
        """Processor time of the main thread, and time."""
        return time.clock_gettime(self.main_clock), time.perf_counter()

    def forget(self, *_: int | FrameType | None) -> None:
        """Start again."""
        self.blocks.clear()
        self.keys.clear()
        self.paints.clear()
        self.longest, self.callbacks = 0.0, 0

    def write(self, *_: int | FrameType | None) -> None:
        """Write what was seen, whole or not at all."""
        seen = {
            "blocks": self.blocks,
            "keys": self.keys,
            "paints": self.paints,
            "longest": self.longest,
            "callbacks": self.callbacks,
            "handles": psutil.Process().num_fds(),
            "tasks": len(asyncio.all_tasks()),
        }
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(seen))
        part.replace(self.file)

    def install(self) -> None:
        """Observe the loop and the driver."""
        driver_class = linux_driver.LinuxDriver
        run, process, write = asyncio.Handle._run, driver_class.process_message, driver_class.write

        def observed_run(handle: asyncio.Handle) -> None:
            before, begun = time.thread_time(), time.perf_counter()
            run(handle)
            spent = time.thread_time() - before
            self.callbacks += 1
            self.longest = max(self.longest, spent)
            if spent > _BLOCK:
                self.blocks.append((spent, time.perf_counter() - begun))

        def observed_message(driver: Any, message: Any) -> None:
            if isinstance(message, events.Key):
                self._pressed = self.clocks()
            process(driver, message)

        def observed_write(driver: Any, data: str) -> None:
            write(driver, data)
            if self._recorded is not None:
                self.paints.append(time.time() - self._recorded)
                self._recorded = None
            if self._pressed is not None and CURSOR in data:
                cpu, at = self.clocks()
                self.keys.append((cpu - self._pressed[0], at - self._pressed[1]))
                self._pressed = None

        asyncio.Handle._run = observed_run  # type: ignore[method-assign,assignment]
        driver_class.process_message = observed_message  # type: ignore[method-assign,assignment]
        driver_class.write = observed_write  # type: ignore[method-assign,assignment]
        self._watch_the_log()
        signal.signal(signal.SIGUSR1, self.forget)
        signal.signal(signal.SIGUSR2, self.write)

    def _watch_the_log(self) -> None:
        """Note when the newest event was recorded that the live screen has not painted yet."""
        from vmss_tui.app.screens.rollout.controller import RolloutController

        arrived = RolloutController.arrived

        def observed(controller: RolloutController, entries: Any) -> bool:
            if entries and self._recorded is None:
                self._recorded = entries[0].at.timestamp()
            return arrived(controller, entries)

        RolloutController.arrived = observed  # type: ignore[method-assign,assignment]


def main(file: str, *arguments: str) -> int:
    """Run the program under observation."""
    Probe(Path(file)).install()
    from vmss_tui.cli.main import main as program

    sys.argv = ["vmss-tui", *arguments]
    return program()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
