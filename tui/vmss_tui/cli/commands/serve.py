"""`vmss-tui serve`: the app and the record of rollouts in a browser."""

import importlib.util
import ipaddress
import os
import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.runner_process import python
from vmss_tui.cli.options import connected, current
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.settings import JOURNAL, Settings
from vmss_tui.errors import UsageError

if TYPE_CHECKING:
    from vmss_tui.web.access import Doors

TOKEN = "VMSS_TUI_SERVE_TOKEN"
ACT_TOKEN = "VMSS_TUI_SERVE_WRITE_TOKEN"
"""Variables that hold the tokens, where they must stay the same over restarts."""
SHORTEST_TOKEN = 16
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8433, show_default=True, help="Port; 0 chooses one.")
@click.option("--allow-writes", is_flag=True, help="Let users of the second token change Azure.")
@click.option("--viewers", type=click.IntRange(1, 100), default=8, show_default=True, help="Apps open at once.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificate, as PEM.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its private key.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="Host name that browsers use for it; repeatable.")
@connected
@click.pass_context
def serve(
    ctx: click.Context, host: str, port: int, allow_writes: bool, viewers: int, tls_cert: Path | None,
    tls_key: Path | None, names: tuple[str, ...],
) -> int:  # fmt: skip
    """Serve the app, read-only, and a page for each rollout to browsers.

    Any other address than the loopback requires TLS and a token; a --name requires a token, since a reverse proxy may
    bring others. Tokens are printed once, or are those of VMSS_TUI_SERVE_TOKEN (to look) and VMSS_TUI_SERVE_WRITE_TOKEN
    (to act). Every viewer has a process of the app, which acts in Azure as the account that started this command.
    """
    if importlib.util.find_spec("textual_serve") is None:
        raise UsageError("serving needs the package textual-serve", hint="Install it: pip install 'vmss-tui[web]'.")
    local = _is_loopback(host)
    if not local and (tls_cert is None or tls_key is None):
        raise UsageError(
            f"serving on {host} needs TLS, since others can listen",
            hint="Give --tls-cert and --tls-key, or serve on 127.0.0.1 and forward the port by SSH.",
        )
    tls = _tls(tls_cert, tls_key)

    async def work(session: LiveSession) -> int:
        from vmss_tui.web.access import Doors, new_token
        from vmss_tui.web.server import Site
        from vmss_tui.web.server import serve as serve_site
        from vmss_tui.web.viewer import Seats, Viewer

        if allow_writes:
            session.require_writes()
        given = _token(TOKEN), _token(ACT_TOKEN)
        look = given[0] or (None if local and not names else new_token())  # a name is for a proxy that others reach
        act = (given[1] or new_token()) if allow_writes else None
        seats = Seats(viewers)
        settings = current(ctx)
        site = Site(
            journal=session.journal(),
            viewing=Viewer(_app_command(settings, read_only=True), seats),
            acting=Viewer(_app_command(settings, read_only=False), seats) if allow_writes else None,
            doors=Doors(look=look, act=act),
            hosts=tuple(name.casefold() for name in (*names, host, *_LOOPBACK_NAMES)),
            who=session.who,
        )

        address = f"{'https' if tls is not None else 'http'}://{f'[{host}]' if ':' in host else host}"
        await serve_site(site, host, port, tls=tls, ready=lambda at: _announce(site.doors, f"{address}:{at}/", given))
        return 0

    return run(ctx, work)


@click.command(hidden=True)
@connected
@click.pass_context
def served_app(ctx: click.Context) -> int:
    """The app of one viewer; its terminal is the browser. A viewer who may not act is a guest on this host."""
    from vmss_tui.cli.open_app import run_app

    settings = current(ctx)
    return run_app(replace(settings, guest=settings.read_only))


def _announce(doors: "Doors", address: str, given: tuple[str, str]) -> None:
    """Print the address, and the tokens that were made for this run: those that were `given` are known."""
    output.line(address)
    for what, token in (("look", doors.look), ("change Azure", doors.act)):
        if token is not None and token not in given:
            diagnostics.say(f"token to {what}: {token}")
    if doors.look is None:
        diagnostics.say(f"every user of this host may look; {TOKEN} makes the server ask for a token")
    diagnostics.say("serving until Ctrl-C; rollouts are at /rollouts" + ("; writes at /act" if doors.act else ""))


def _app_command(settings: Settings, *, read_only: bool) -> list[str]:
    """The command line of a viewer's app."""
    command = python("vmss_tui", "served-app", *(["--read-only"] if read_only else []))
    for option, value in (("--cloud", settings.cloud), ("--auth", settings.auth), ("--tenant", settings.tenant),
                          ("--journal", settings.journal)):  # fmt: skip
        if value and not (option == "--journal" and os.environ.get(JOURNAL) == value):
            command += [option, str(value)]
    return command


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key belong together", hint="Give both.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(f"{certificate} and {key} are not a certificate and its key", hint=str(error)) from error
    return context


def _token(variable: str) -> str:
    """A token from a variable, which no process that this one starts gets to see. Raises UsageError."""
    found = os.environ.pop(variable, "")
    if found and len(found) < SHORTEST_TOKEN:
        raise UsageError(f"{variable} is too short for a token", hint=f"Use {SHORTEST_TOKEN} characters or more.")
    return found
