"""No secret in a log (azure's own at DEBUG included), a repr, an error or a handle."""

import logging
from collections.abc import Iterator

import pytest

from support.connects import Connects
from support.scripted import SECRET, SUBSCRIPTION, Scripted, fault, reply
from vmss_tui.domain.fleet.ids import OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import VmssTuiError

PROTECTED = "p4ssw0rd-of-the-storage-account"
TARGET = ScaleSetId(SUBSCRIPTION, "g", "web")
SET = ScaleSet(id=TARGET, location="westeurope", mode=UpgradeMode.MANUAL)
SCRIPT = ScriptConfig(name="cse", handler=LINUX, settings={"commandToExecute": "sh v2.sh"})


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    names = ("", "azure", "azure.core", "azure.identity", "msal", "aiohttp", "asyncio", "vmss_tui")
    for name in names:
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog


@pytest.mark.parametrize("ends", ["accepted", "echoed", "refused", "reset"])
async def test_protected_settings_and_credentials_stay_out_of_everything(
    sign_in: Connects, server: Scripted, everything_logged: pytest.LogCaptureFixture, ends: str
) -> None:
    azure = await sign_in()
    echo = {"properties": {"protectedSettings": {"storageAccountKey": PROTECTED}}}
    answers = {
        "accepted": reply({}, 201, Azure_AsyncOperation=f"{server.origin}/operations/1"),
        "echoed": reply(echo, 201),
        "refused": fault(400, "BadRequest", "no"),
        "reset": reply(b"\x00garbage", 500),
    }
    server.on("*", answers[ends])
    said = ""
    try:
        said = repr(await azure.write_extension(SET, SCRIPT, {"storageAccountKey": Secret(PROTECTED)}))
    except VmssTuiError as error:
        said = f"{error!r} {error.hint} {error.__cause__!r} {error.__context__!r}"
    assert PROTECTED in str(server.bodies), "the value was sent"
    token = server.headers[-1]["Authorization"].removeprefix("Bearer ")
    logged = everything_logged.text + said
    for secret in (PROTECTED, SECRET, token):
        assert secret not in logged
    assert everything_logged.records, "there was something to look at"


def test_a_handle_does_not_show_its_signed_url() -> None:
    assert "sig" not in repr(OperationHandle("https://host/op?sig=abc", "manualupgrade"))
