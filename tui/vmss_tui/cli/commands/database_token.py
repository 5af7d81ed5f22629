"""Signs in to Azure for a journal whose password is a token of Entra ID, in a thread and a loop of its own.

The journal asks for it synchronously, also from within a loop; azure is imported only when it does.
"""

import asyncio
import threading
from concurrent.futures import Future

from vmss_tui.cli.settings import Settings
from vmss_tui.journal.databases import tokens


def provide(settings: Settings) -> None:
    """Have the journals of this process ask for tokens as these settings sign in."""
    tokens.provide(lambda: _asked(settings))


def _asked(settings: Settings) -> tokens.Token:
    answer: Future[tokens.Token] = Future()

    def ask() -> None:
        try:
            answer.set_result(asyncio.run(_token(settings)))
        except BaseException as error:  # handed on to who waits for it
            answer.set_exception(error)

    threading.Thread(target=ask, name="token for the journal", daemon=True).start()
    return answer.result()


async def _token(settings: Settings) -> tokens.Token:
    from vmss_tui.gateway.sign_in.clouds import load_cloud
    from vmss_tui.gateway.sign_in.database_token import database_token

    found = await database_token(
        load_cloud(settings.cloud, directories=settings.cloud_directories),
        auth=settings.auth or "auto",
        tenant=settings.tenant,
        order=settings.auth_order,
        token_cache=settings.token_cache,
    )
    return tokens.Token(found.token, found.expires_on)
