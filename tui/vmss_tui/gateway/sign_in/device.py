"""Signing in with a device code: azure-identity has it only in its blocking half, so it runs in a thread.

The thread is a daemon: a person who quits instead of typing the code does not have to wait for it.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.identity import AuthenticationRequiredError, DeviceCodeCredential

from vmss_tui.errors import SignInFailed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CodeToType:
    """What a person must do on another device; `expires_on` is UTC."""

    url: str
    code: str
    message: str
    expires_on: datetime


DeviceCodePrompt = Callable[[CodeToType], None]
"""Called on the event loop."""


class DeviceSignIn:
    """A credential that shows a code once and then renews its tokens silently."""

    def __init__(self, options: Mapping[str, Any], on_device_code: DeviceCodePrompt | None) -> None:
        if on_device_code is None:
            raise SignInFailed("signing in with a device code needs a terminal", hint="use another --auth")
        loop = asyncio.get_running_loop()

        def show(url: str, code: str, expires_on: datetime) -> None:
            message = f"Open {url} on any device and enter the code {code}"
            loop.call_soon_threadsafe(on_device_code, CodeToType(url, code, message, expires_on))

        self._credential = DeviceCodeCredential(
            prompt_callback=show,
            disable_automatic_authentication=True,
            additionally_allowed_tenants=["*"],
            **options,
        )
        self._signed_in = False

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token: silently when possible; a person is asked only for the sign-in's own tenant."""
        wanted = options or {}
        try:
            return await _in_thread(lambda: self._credential.get_token_info(*scopes, options=wanted))
        except AuthenticationRequiredError:
            if wanted.get("tenant_id"):
                raise
        try:
            await _in_thread(
                lambda: self._credential.authenticate(scopes=scopes, claims=wanted.get("claims"), enable_cae=True)
            )
        except asyncio.CancelledError:
            self._credential.close()  # else the thread asks on until the code expires
            raise
        return await _in_thread(lambda: self._credential.get_token_info(*scopes, options={"enable_cae": True}))

    async def close(self) -> None:
        """Close the blocking transport."""
        self._credential.close()


async def _in_thread(call: Callable[[], T]) -> T:
    """Run a blocking call in a daemon thread: an executor's thread would keep the program from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        try:
            outcome: tuple[T | None, BaseException | None] = (call(), None)
        except Exception as error:
            outcome = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish, *outcome)

    threading.Thread(target=work, name="device-code", daemon=True).start()
    return await done
