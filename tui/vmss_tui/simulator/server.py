"""The simulator as a server: one TLS site for ARM and Entra ID, one http site for managed identity, loopback only.

Owns the lifecycle (ready, signals, parent, idleness, shutdown). Prints nothing itself: the ready line goes through
a callback, so that `__main__` stays the only writer.
"""

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from vmss_tui.simulator import arm, routes
from vmss_tui.simulator.armpath import without_case
from vmss_tui.simulator.certs import Authority, make_authority
from vmss_tui.simulator.execute import Executor
from vmss_tui.simulator.gate import GATE, Gate
from vmss_tui.simulator.handover import Handover, is_alive, private_directory, write_handover, write_private
from vmss_tui.simulator.identity import entra, managed
from vmss_tui.simulator.identity.codes import AuthorizationCodes
from vmss_tui.simulator.middleware import chain
from vmss_tui.simulator.routes.control import CONTROL_TOKEN, SHUTDOWN
from vmss_tui.simulator.scenario.model import PrincipalKind
from vmss_tui.simulator.state import SIMULATION, Simulation
from vmss_tui.simulator.world.state.states import Execution

HOST = "127.0.0.1"
BODY_LIMIT = 8 * 1024 * 1024
TICK = 0.25
"""Real seconds between two checks of the world, the parent and idleness."""


class StartError(Exception):
    """The simulator cannot start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve a simulation."""

    port: int = 0
    env_file: Path | None = None
    cloud_file: Path | None = None
    clock_file: Path | None = None
    """The file with the time of the simulation, when a client advances it."""
    parent_pid: int | None = None
    """Stop when this process is gone."""
    allow_root: bool = False
    """Run scripts for real even as root."""
    exit_when_idle: float | None = None
    """Stop after this number of real seconds without a request, if no client holds a lease."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the two sites listen and the random words that guard them."""

    origin: str
    identity_origin: str
    token: str
    header: str


def make_app(simulation: Simulation, gate: Gate, token: str, stop: asyncio.Event) -> web.Application:
    """Build the TLS application: every route behind the middleware chain."""
    app = web.Application(middlewares=chain(), client_max_size=BODY_LIMIT)
    app[SIMULATION] = simulation
    app[GATE] = gate
    app[entra.DIRECTORY] = gate.directory
    app[entra.CODES] = AuthorizationCodes()
    app[CONTROL_TOKEN] = token
    app[SHUTDOWN] = stop
    routes.resource_graph.prepare(app)
    app.add_routes(routes.plain_routes())
    app.add_routes([without_case(route) for route in (*arm.routes(), *routes.arm_routes())])
    app.add_routes(entra.routes())
    return app


async def serve(simulation: Simulation, options: ServeOptions, announce: Callable[[Handover], None]) -> None:
    """Serve until a signal, the control endpoint, the parent's end or idleness stops it.

    `announce` is called once, with everything that clients need, when requests are answered.
    Raises StartError: the port is taken or may not be bound; UnwritableError: a file for clients cannot be written.
    """
    _check_execution(simulation, options)
    stop = asyncio.Event()
    shared = options.clock_file is not None
    gate = Gate.of(simulation.scenario, simulation.clock.seconds if shared else time.monotonic)
    token, header = secrets.token_urlsafe(24), managed.new_header()
    with private_directory() as private:
        authority = _authority()
        write_private(private / "ca.pem", authority.ca_pem)
        app = make_app(simulation, gate, token, stop)
        identity = managed.make_app(gate.directory, header)
        async with _site(app, options.port, authority) as port, _site(identity, 0, None) as identity_port:
            access = Access(f"https://{HOST}:{port}", f"http://{HOST}:{identity_port}", token, header)
            gate.directory.own_audience = access.origin
            handover = _handover(simulation, options, private, access)
            write_handover(handover, private)
            with _signals(stop), _removed(options.env_file, options.cloud_file):
                announce(handover)
                async with _scripts(simulation, private, authority, access.origin):
                    await _run_until(stop, simulation, gate, options)


def _authority() -> Authority:
    """The certificates; OpenSSL reads the leaf's key from a temporary file that exists for a moment."""
    try:
        return make_authority()
    except OSError as error:
        raise StartError(
            f"cannot write a temporary file: {error.strerror or error}; make room, or name another place with TMPDIR"
        ) from error


def _handover(simulation: Simulation, options: ServeOptions, private: Path, access: Access) -> Handover:
    scenario = simulation.scenario
    applications = (known for known in scenario.principals if known.kind is PrincipalKind.SERVICE_PRINCIPAL)
    principal = next(applications)
    return Handover(
        origin=access.origin,
        control=f"{access.origin}/control/{access.token}",
        identity_origin=access.identity_origin,
        identity_header=access.header,
        ca_file=private / "ca.pem",
        cloud_file=(options.cloud_file or private / "cloud.toml").absolute(),
        env_file=options.env_file.absolute() if options.env_file else None,
        tenant_id=principal.tenant_id,
        client_id=principal.client_id,
        client_secret=principal.secret,
        scenario=scenario.name,
        speed=simulation.clock.speed,
        clock_file=options.clock_file.absolute() if options.clock_file else None,
        poll_seconds=(scenario.poll_hint_ms or 1000) / 1000,
    )


@contextlib.asynccontextmanager
async def _site(app: web.Application, port: int, authority: Authority | None) -> AsyncIterator[int]:
    """Run an application on loopback and yield its port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, ssl_context=authority.server_context if authority else None)
        try:
            await site.start()
        except OSError as error:
            raise StartError(_bind_problem(port, error)) from error
        address = runner.addresses[0]
        yield int(address[1])
    finally:
        await runner.cleanup()


def _bind_problem(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {HOST} is already in use: give another one with --port, or 0 for any free one"
    return f"cannot listen on {HOST}:{port}: {error.strerror or error}"


def _check_execution(simulation: Simulation, options: ServeOptions) -> None:
    if simulation.scenario.execution is Execution.RUN and os.geteuid() == 0 and not options.allow_root:
        raise StartError(
            f"scenario {simulation.scenario.name} runs scripts for real, which is refused as root: start it as "
            "another user, or give --allow-root when this host is disposable"
        )


@contextlib.asynccontextmanager
async def _scripts(simulation: Simulation, private: Path, authority: Authority, origin: str) -> AsyncIterator[None]:
    """Run scripts for real as long as the context lasts, when the scenario asks for it."""
    if simulation.scenario.execution is not Execution.RUN:
        yield
        return
    executor = Executor(simulation, private / "instances", origin, authority.client_context())
    task = asyncio.create_task(executor.serve())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Stop on SIGINT, SIGTERM and, unless it is ignored as under nohup, SIGHUP."""
    loop = asyncio.get_running_loop()
    caught = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        caught.append(signal.SIGHUP)
    for number in caught:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _removed(*paths: Path | None) -> Iterator[None]:
    """Remove the files that were written for clients when the simulator ends: their contents are stale then."""
    try:
        yield
    finally:
        for path in paths:
            if path is not None:
                path.unlink(missing_ok=True)


async def _run_until(stop: asyncio.Event, simulation: Simulation, gate: Gate, options: ServeOptions) -> None:
    parent = os.getppid()
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK)
        simulation.settle()
        if options.parent_pid is not None and _gone(options.parent_pid, parent):
            return
        if options.exit_when_idle is not None and _idle(gate, options.exit_when_idle):
            return


def _gone(pid: int, parent: int) -> bool:
    """Whether the process to follow has ended: our own parent shows it by our being adopted."""
    return os.getppid() != parent if pid == parent else not is_alive(pid)


def _idle(gate: Gate, limit: float) -> bool:
    return not gate.holds and time.monotonic() - gate.last_request > limit
