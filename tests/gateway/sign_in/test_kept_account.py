"""A sign-in with a device code whose tokens are kept: the next process asks no question, and a runner can use it."""

import json
import stat
from pathlib import Path

import pytest
from msgspec import structs

from support.simulator import SimulatorProcess
from vmss_tui import paths
from vmss_tui.errors import SignInFailed
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import Cloud, load_cloud
from vmss_tui.gateway.sign_in.in_person import CodeToType
from vmss_tui.gateway.sign_in.kept_account import kept_account
from vmss_tui.gateway.sign_in.token_cache import are_kept, outlives


@pytest.fixture
def cloud(shared_simulator: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return load_cloud(None, shared_simulator.cloud_file)


async def sign_in(cloud: Cloud, choice: str, *, attended: bool = True) -> tuple[str, list[CodeToType]]:
    shown: list[CodeToType] = []
    prompt = shown.append if attended else None
    azure = await connect(cloud, auth="device", environ={}, on_device_code=prompt, token_cache=choice)
    who = await azure.identity()
    assert await azure.subscriptions()
    await azure.close()
    return who.name, shown


async def test_the_next_process_asks_nobody(cloud: Cloud) -> None:
    assert are_kept("plain", cloud) and not outlives("plain", cloud, "")
    who, shown = await sign_in(cloud, "plain")
    assert len(shown) == 1 and outlives("plain", cloud, "")
    assert await sign_in(cloud, "plain") == (who, [])
    assert await sign_in(cloud, "plain", attended=False) == (who, []), "as a runner does"
    (kept,) = paths.accounts_directory().iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert set(json.loads(kept.read_text())) == {
        "format", "cloud", "tenant_id", "client_id", "home_account_id", "username",
    }  # fmt: skip


async def test_what_is_not_to_be_kept_is_not(cloud: Cloud) -> None:
    for choice in ("off", "encrypted"):  # a simulated cloud writes to no key store
        _, shown = await sign_in(cloud, choice)
        assert len(shown) == 1 and not outlives(choice, cloud, "")
    assert not paths.accounts_directory().exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"format": 2}', b"[]"])
async def test_a_file_of_another_shape_is_ignored(cloud: Cloud, content: bytes) -> None:
    await sign_in(cloud, "plain")
    (kept,) = paths.accounts_directory().iterdir()
    kept.write_bytes(content)
    assert kept_account(cloud, "") is None
    _, shown = await sign_in(cloud, "plain")
    assert len(shown) == 1 and outlives("plain", cloud, "")


@pytest.mark.parametrize("content", ["{", "garbage"])
async def test_tokens_that_cannot_be_read_are_dropped(cloud: Cloud, tmp_path: Path, content: str) -> None:
    await sign_in(cloud, "plain")
    (tokens,) = [path for path in (tmp_path / ".IdentityService").iterdir() if path.suffix == ".cae"]
    tokens.write_text(content)
    _, shown = await sign_in(cloud, "plain")
    assert len(shown) == 1
    assert (await sign_in(cloud, "plain"))[1] == []


async def test_an_account_of_another_cloud_or_tenant_is_not_used(cloud: Cloud) -> None:
    await sign_in(cloud, "plain")
    elsewhere = structs.replace(cloud, resource_manager="https://management.example.com")
    assert not outlives("plain", elsewhere, "") and not outlives("plain", cloud, "another-tenant")


async def test_lost_tokens_are_said_where_nobody_can_type(cloud: Cloud, tmp_path: Path) -> None:
    await sign_in(cloud, "plain")
    for tokens in (tmp_path / ".IdentityService").iterdir():
        tokens.unlink()
    with pytest.raises(SignInFailed, match="expired") as raised:
        await sign_in(cloud, "plain", attended=False)
    assert "--auth device info" in raised.value.message
    _, shown = await sign_in(cloud, "plain")
    assert len(shown) == 1, "who is there types a new one"
