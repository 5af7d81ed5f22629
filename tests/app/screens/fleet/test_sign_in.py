"""Signing in inside the app: a code for another device, another credential, tenant or cloud; narrowing it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from support.desk import Desk, sitting
from support.fakes import FakeSession
from vmss_tui.app.messages import DeviceCodeShown
from vmss_tui.app.places.scope import EVERYTHING, Scope
from vmss_tui.app.session import Account
from vmss_tui.errors import SignInFailed, VmssTuiError
from vmss_tui.ports import DeviceCode


def _with_code(session: FakeSession) -> None:
    session.connect_gate = asyncio.Event()
    expires = session.clock.now() + timedelta(minutes=15)
    session.device_code = DeviceCode("https://microsoft.com/devicelogin", "H7K2-9QX", "", expires)


async def test_a_code_is_large_counts_down_and_can_be_copied_and_canceled(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=_with_code, size=(80, 24)) as desk:
        await desk.shows(" left", "██", "c copy code", "esc cancel")
        desk.pass_time(6 * 60)
        await desk.shows("device, 0", " left")
        await desk.press("c")
        assert desk.app.clipboard == "H7K2-9QX"
        await desk.press("escape")
        await desk.shows("Not signed in", "canceled", "chooses how to sign in")


async def test_a_sign_in_in_the_browser_is_waited_for_and_canceled(tmp_path: Path) -> None:
    def in_browser(session: FakeSession) -> None:
        session.connect_gate = asyncio.Event()
        expires = session.clock.now() + timedelta(minutes=5)
        session.device_code = DeviceCode("", "", "Complete the sign-in in the browser that has opened", expires)

    async with sitting(tmp_path, prepare=in_browser, size=(80, 24)) as desk:
        await desk.shows("Sign in in your browser, ", " left", "that has opened", "esc cancel")
        assert "copy code" not in desk.text()
        await desk.press("c", "o")
        assert desk.app.clipboard == "" and len(desk.app.screen_stack) == 1
        await desk.press("escape")
        await desk.shows("Not signed in", "canceled")


async def test_the_address_of_a_code_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with sitting(tmp_path, prepare=_with_code) as desk:
        await desk.shows("Sign in on another device")
        await desk.press("o")
        await desk.shows("the address of the sign-in", "esc: close")


@pytest.mark.parametrize("refusal", [None, SignInFailed("declined on the other device")])
async def test_a_person_who_is_asked_again_resumes_or_is_signed_out(
    tmp_path: Path, refusal: SignInFailed | None
) -> None:
    async with sitting(tmp_path, size=(80, 24)) as desk:
        await desk.shows("15 scale sets")
        outcome: asyncio.Future[VmssTuiError | None] = asyncio.get_running_loop().create_future()
        code = DeviceCode("https://microsoft.com/devicelogin", "H7K2-9QX", "", outcome=outcome)
        desk.app.post_message(DeviceCodeShown(code))
        await desk.shows("Sign in on another device", "H7K2-9QX")
        await desk.press("ctrl+r")
        await desk.shows("H7K2-9QX")
        outcome.set_result(refusal)
        if refusal is None:
            await desk.hides("Sign in on another device")
            await desk.shows("15 scale sets")
            assert desk.session.accounts == [] and desk.app.connection.azure is desk.session.azure
            return
        await desk.shows("Not signed in", "declined on the other device")
        await desk.until(lambda: desk.session.accounts == [Account()])
        assert not desk.app.screen.is_working("fleet")  # type: ignore[attr-defined]
        await desk.press("ctrl+r")
        await desk.hides("Not signed in")
        await desk.shows("15 scale sets")


async def test_a_person_who_is_asked_again_may_cancel_and_an_open_set_says_what_is_wanted(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("end", "enter")
        await desk.shows("60 instances")
        outcome: asyncio.Future[VmssTuiError | None] = asyncio.get_running_loop().create_future()
        code = DeviceCode("https://microsoft.com/devicelogin", "H7K2-9QX", "", outcome=outcome)
        desk.app.post_message(DeviceCodeShown(code))
        await desk.shows("sign in again: open https://microsoft.com/devicelogin and enter the code H7K2-9QX")
        await desk.press("escape")
        await desk.shows("Sign in on another device")
        await desk.press("escape")
        await desk.shows("Not signed in", "canceled")
        await desk.until(lambda: desk.session.accounts == [Account()])


async def test_not_signed_in_offers_the_credentials_and_the_chosen_one_is_used(tmp_path: Path) -> None:
    def refused(session: FakeSession) -> None:
        session.connect_error = SignInFailed("no credential worked")

    async with sitting(tmp_path, prepare=refused) as desk:
        await desk.shows("Not signed in", "i chooses how to sign in")
        desk.session.connect_error = None
        await desk.press("i")
        await desk.shows("How to sign in", "a code that you type on any other device")
        await desk.press(*"device", "enter")
        await desk.shows("15 scale sets")
        assert desk.session.accounts == [Account(auth="device")]


async def _go(desk: Desk, words: str) -> None:
    await desk.press("colon")
    await desk.type(words)
    await desk.shows(words.split()[-1])
    await desk.pilot.pause(0.3)
    await desk.press("enter")


async def test_sub_and_tenant_narrow_and_the_header_follows(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await _go(desk, "sub prod-europe")
        await desk.until(lambda: desk.app.scope != EVERYTHING)
        await desk.until(lambda: "prod-europe" in desk.text().splitlines()[0])
        shown = {entry.subscription.name for entry in desk.app.screen._entries}  # type: ignore[attr-defined]
        assert shown == {"prod-europe"}
        await desk.press("0")
        await desk.shows("15 scale sets, 603 instances")
        assert desk.app.scope == Scope()


async def test_cloud_signs_in_anew_from_the_list(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("enter")
        await desk.until(lambda: len(desk.app.screen_stack) == 2)
        await _go(desk, "cloud AzureUSGovernment")
        await desk.until(lambda: desk.session.accounts == [Account(cloud="AzureUSGovernment")])
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        await desk.shows("15 scale sets")


async def test_a_tenant_that_is_not_listed_is_signed_in_to(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await _go(desk, "tenant partner.example.com")
        await desk.until(lambda: desk.session.accounts == [Account(tenant="partner.example.com")])


async def test_a_sign_in_that_no_runner_has_is_refused_before_the_form(tmp_path: Path) -> None:
    def typed_code(session: FakeSession) -> None:
        session.no_runner = "the runner cannot sign in with a device code; run az login"

    async with sitting(tmp_path, prepare=typed_code) as desk:
        await desk.shows("15 scale sets")
        await desk.press("e")
        await desk.shows("deploy: the runner cannot sign in with a device code; run az login")
        assert len(desk.app.screen_stack) == 1


async def test_ctrl_a_lists_the_words(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("ctrl+a")
        await desk.shows("tenant NAME", "cloud NAME", "rollouts")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sub nosuch", "no visible subscription is named nosuch"),
        ("cloud nosuch", "no cloud is named nosuch; AzureCloud, AzureUSGovernment"),
        ("auth nosuch", "no credential is named nosuch; auto, cli, device"),
    ],
)
async def test_a_name_that_there_is_not_is_said_and_leads_nowhere(tmp_path: Path, words: str, said: str) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("colon")
        await desk.type(words)
        await desk.shows(said)
        await desk.pilot.pause(0.3)
        await desk.press("enter")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        assert desk.session.accounts == [] and desk.app.scope == EVERYTHING
