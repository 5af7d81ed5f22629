"""A person who is asked again, since Azure no longer accepts the tokens of their sign-in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRequiredError, DeviceCodeCredential

from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.errors import SignInFailed
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.faults import sign_in_failed
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.gateway.sign_in.in_person import CodeToType, PersonSignIn
from vmss_tui.ports import Azure


@asynccontextmanager
async def asked_again(process: SimulatorProcess, shown: list[CodeToType]) -> AsyncIterator[Azure]:
    """A sign-in with a device code that worked, and whose tokens were then revoked."""
    cloud = load_cloud(None, process.cloud_file)
    azure = await connect(cloud, auth="device", environ={}, on_device_code=shown.append)
    try:
        await azure.subscriptions()
        assert len(shown) == 1 and await shown[0].outcome is None
        process.control.sign_in(revoke="", hold_device_codes=True)
        yield azure
    finally:
        await azure.close()


async def until_shown(shown: list[CodeToType], count: int) -> None:
    for _ in range(3000):
        if len(shown) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody was asked")


@pytest.mark.campaign
async def test_the_person_is_asked_once_and_the_question_outlives_the_request_that_began_it(
    simulator: StartsSimulator,
) -> None:
    process, shown = simulator(), list[CodeToType]()
    async with asked_again(process, shown) as azure:
        first, second = (asyncio.create_task(azure.subscriptions()) for _ in range(2))
        await until_shown(shown, 2)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        process.control.sign_in(device="approve")
        assert await second
        assert len(shown) == 2 and await shown[1].outcome is None
        assert (await azure.identity()).kind == "user"


@pytest.mark.campaign
async def test_who_declines_is_not_asked_again(simulator: StartsSimulator) -> None:
    process, shown = simulator(), list[CodeToType]()
    async with asked_again(process, shown) as azure:
        reads = [asyncio.create_task(azure.subscriptions()) for _ in range(3)]
        await until_shown(shown, 2)
        process.control.sign_in(device="decline")
        results = await asyncio.gather(*reads, return_exceptions=True)
        assert all(isinstance(result, SignInFailed) for result in results)
        process.control.sign_in(hold_device_codes=True)
        with pytest.raises(SignInFailed, match="declined on the other device"):
            await azure.subscriptions()
        assert len(shown) == 2 and isinstance(await shown[1].outcome, SignInFailed)


async def test_closing_ends_the_question_and_begins_no_other(simulator: StartsSimulator) -> None:
    process, shown = simulator(), list[CodeToType]()
    async with asked_again(process, shown) as azure:
        reads = [asyncio.create_task(azure.subscriptions()) for _ in range(3)]
        await until_shown(shown, 2)
        await azure.close()
        results = await asyncio.gather(*reads, return_exceptions=True)
        assert all(isinstance(result, SignInFailed) for result in results)
        assert len(shown) == 2 and isinstance(await shown[1].outcome, SignInFailed)


class _NeedsPerson(DeviceCodeCredential):
    """A credential whose tokens a person has to renew."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        raise AuthenticationRequiredError(scopes=scopes)


async def test_a_question_that_cannot_be_shown_has_an_outcome_and_is_asked_again() -> None:
    asked: list[None] = []

    def closed_terminal() -> None:
        asked.append(None)
        raise BrokenPipeError("no reader")

    sign_in = PersonSignIn(_NeedsPerson(), name="browser", ask=closed_terminal, on_signed_in=None)
    for count in (1, 2):
        with pytest.raises(BrokenPipeError):
            await sign_in.get_token_info("scope")
        assert len(asked) == count and await asyncio.wait_for(sign_in.outcome, 5) is not None


@pytest.mark.parametrize(("code", "next_step"), [("70019", "confirm it"), ("70020", "new code")])
def test_what_became_of_a_code_is_said_with_the_next_step(code: str, next_step: str) -> None:
    error = sign_in_failed(ClientAuthenticationError(f"Authentication failed: AADSTS{code}: no"), "refused")
    assert next_step in error.hint and f"AADSTS{code}" in error.message
