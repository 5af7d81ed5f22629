"""Signing in by a person: with a code on another device, or in the browser of this host.

azure-identity has both only in its blocking half, so they run in a thread. The thread is a daemon: a person who quits
instead of signing in does not have to wait for it.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthenticationRecord,
    AuthenticationRequiredError,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
)

from vmss_tui.errors import SignInFailed, VmssTuiError
from vmss_tui.gateway.faults import from_exception, sign_in_failed

BROWSER_SECONDS = 300
"""How long the sign-in in a browser is waited for."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CodeToType:
    """What a person must do; without a code it is done in the browser that has opened. `expires_on` is UTC."""

    url: str
    code: str
    message: str
    expires_on: datetime
    outcome: "asyncio.Future[VmssTuiError | None]"
    """Done once the person has signed in (None), or has not."""


PersonPrompt = Callable[[CodeToType], None]
"""Called on the event loop."""


class PersonSignIn:
    """Asks a person once and then renews the tokens silently; also those that were kept for an earlier sign-in.

    Without a person at the terminal, only kept tokens are renewed. `on_signed_in` gets the account after a person has
    signed in. Requests for a token meanwhile wait for the same person: the question does not end with the request that
    began it. A person who declines is not asked again.
    """

    def __init__(
        self,
        credential: DeviceCodeCredential | InteractiveBrowserCredential,
        *,
        name: str,
        ask: Callable[[], None] | None,
        on_signed_in: Callable[[AuthenticationRecord], None] | None,
    ) -> None:
        """`ask` shows the instructions before the wait for a person; None without a person at the terminal."""
        self._credential = credential
        self._name = name
        self._ask = ask
        self._on_signed_in = on_signed_in
        self._question: asyncio.Task[None] | None = None
        self._refusal: Exception | None = None
        self.outcome: asyncio.Future[VmssTuiError | None] = asyncio.get_running_loop().create_future()
        """The outcome of the last question."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token: silently when possible; a person is asked only for the sign-in's own tenant."""
        wanted = options or {}
        try:
            return await _in_thread(lambda: self._credential.get_token_info(*scopes, options=wanted))
        except AuthenticationRequiredError as error:
            if wanted.get("tenant_id"):
                raise
            if self._ask is None:
                renew = f"vmss-tui --auth {self._name.split()[0]} info"
                raise SignInFailed(
                    f"the sign-in with a {self._name} has expired; `{renew}` renews it",
                    hint="Sign in again on this host as the same user: a runner that waits then continues.",
                ) from error
        await self._person(self._ask, scopes, wanted.get("claims"))
        return await _in_thread(lambda: self._credential.get_token_info(*scopes, options={"enable_cae": True}))

    async def _person(self, ask: Callable[[], None], scopes: tuple[str, ...], claims: str | None) -> None:
        """Wait until the person has signed in; ask, unless the question is open already."""
        if self._refusal is not None:
            raise self._refusal
        question = self._question
        if question is None:
            question = self._question = asyncio.create_task(self._asked(ask, scopes, claims))
            question.add_done_callback(_retrieved)
        try:
            await asyncio.shield(question)
        except asyncio.CancelledError:
            if question.cancelled():
                raise SignInFailed("the sign-in was canceled") from None
            raise

    async def _asked(self, ask: Callable[[], None], scopes: tuple[str, ...], claims: str | None) -> None:
        if self.outcome.done():
            self.outcome = asyncio.get_running_loop().create_future()
        try:
            ask()
            who = await _in_thread(lambda: self._credential.authenticate(scopes=scopes, claims=claims, enable_cae=True))
            if self._on_signed_in is not None:
                self._on_signed_in(who)
        except asyncio.CancelledError:
            self._settle(SignInFailed("the sign-in was canceled"))
            raise
        except ClientAuthenticationError as error:
            self._refusal = error
            self._settle(sign_in_failed(error, f"sign-in with {self._name} was refused"))
            raise
        except Exception as error:
            self._settle(from_exception(error, f"sign in with {self._name}", "the sign-in service"))
            raise
        finally:
            self._question = None
        self._settle(None)

    def _settle(self, error: VmssTuiError | None) -> None:
        if not self.outcome.done():
            self.outcome.set_result(error)

    async def close(self) -> None:
        """Close the blocking transport, and ask the person no longer."""
        self._refusal = SignInFailed("the sign-in was canceled")
        if self._question is not None:
            self._question.cancel()
        self._credential.close()  # else the thread polls until the code expires


def by_device_code(
    options: Mapping[str, Any],
    prompt: PersonPrompt | None,
    known: AuthenticationRecord | None = None,
    on_signed_in: Callable[[AuthenticationRecord], None] | None = None,
) -> PersonSignIn:
    """A sign-in that shows a code. Raises SignInFailed without a person at the terminal and without a known account."""
    name = "device code"
    _require_person(prompt, known, name)
    loop = asyncio.get_running_loop()

    def show(url: str, code: str, expires_on: datetime) -> None:
        message = f"Open {url} on any device and enter the code {code}"
        if prompt is not None:
            loop.call_soon_threadsafe(prompt, CodeToType(url, code, message, expires_on, sign_in.outcome))

    credential = DeviceCodeCredential(prompt_callback=show, **_arguments(options, known))
    ask = None if prompt is None else _nothing_yet
    sign_in = PersonSignIn(credential, name=name, ask=ask, on_signed_in=on_signed_in)
    return sign_in


def by_browser(
    options: Mapping[str, Any],
    prompt: PersonPrompt | None,
    known: AuthenticationRecord | None = None,
    on_signed_in: Callable[[AuthenticationRecord], None] | None = None,
) -> PersonSignIn:
    """A sign-in in the browser of this host. Raises SignInFailed with neither a person nor a known account."""
    name = "browser"
    _require_person(prompt, known, name)

    def ask() -> None:
        if prompt is not None:
            until = datetime.now(UTC) + timedelta(seconds=BROWSER_SECONDS)
            message = "Complete the sign-in in the browser that has opened on this host"
            prompt(CodeToType("", "", message, until, sign_in.outcome))

    credential = InteractiveBrowserCredential(timeout=BROWSER_SECONDS, **_arguments(options, known))
    sign_in = PersonSignIn(credential, name=name, ask=None if prompt is None else ask, on_signed_in=on_signed_in)
    return sign_in


def _nothing_yet() -> None:
    """The code is shown when Azure has given it."""


def _retrieved(question: "asyncio.Task[None]") -> None:
    """Retrieve the error of a task that no request awaits any more: it is in the outcome."""
    if not question.cancelled():
        question.exception()


def _require_person(prompt: PersonPrompt | None, known: AuthenticationRecord | None, name: str) -> None:
    if prompt is None and known is None:
        raise SignInFailed(f"signing in with a {name} needs a terminal", hint="use another --auth")


def _arguments(options: Mapping[str, Any], known: AuthenticationRecord | None) -> dict[str, Any]:
    more = {**options, "disable_automatic_authentication": True, "additionally_allowed_tenants": ["*"]}
    if known is not None:
        more["authentication_record"] = known
        del more["authority"]  # the record has it
    return more


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

    threading.Thread(target=work, name="sign-in of a person", daemon=True).start()
    return await done
