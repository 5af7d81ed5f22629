"""Tokens for the next process: kept where that is allowed, never used again once Azure has refused them."""

import stat
from pathlib import Path

import msgspec
import pytest

from support.connects import Connects
from support.scripted import Scripted, fault, reply
from vmss_tui.gateway.sign_in import token_cache
from vmss_tui.gateway.sign_in.clouds import PUBLIC
from vmss_tui.gateway.sign_in.token_cache import cache_options


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".IdentityService"


@pytest.mark.parametrize("can_encrypt", [True, False])
def test_only_what_is_encrypted_is_kept_unasked(monkeypatch: pytest.MonkeyPatch, can_encrypt: bool) -> None:
    monkeypatch.setattr(token_cache, "can_encrypt", lambda: can_encrypt)
    assert cache_options("off", PUBLIC) == {}
    assert bool(cache_options("encrypted", PUBLIC)) is can_encrypt
    assert cache_options("encrypted", msgspec.structs.replace(PUBLIC, clock_file="/clock")) == {}
    plain = cache_options("plain", PUBLIC)["cache_persistence_options"]
    assert plain.allow_unencrypted_storage
    if can_encrypt:
        assert not cache_options("encrypted", PUBLIC)["cache_persistence_options"].allow_unencrypted_storage


def kept_modes(home: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in home.iterdir() if path.suffix == ".cae"]


async def test_the_next_process_needs_no_new_token(sign_in: Connects, server: Scripted, home: Path) -> None:
    for _ in range(2):
        await sign_in(token_cache="plain")
    assert len(server.tokens) == 1
    assert kept_modes(home) == [0o600]
    await sign_in()
    assert len(server.tokens) == 2, "kept in memory unless it is allowed"


def replace_by_directories(home: Path) -> None:
    for path in list(home.iterdir()):
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("wrong", ["no home", "a directory"])
async def test_where_nothing_can_be_kept_tokens_stay_in_memory(
    sign_in: Connects, server: Scripted, home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "no home":
        (home.parent / "file").write_text("")
        monkeypatch.setenv("HOME", str(home.parent / "file" / "home"))
    else:
        await sign_in(token_cache="plain")
        replace_by_directories(home)
    server.tokens.clear()
    for _ in range(2):
        await sign_in(token_cache="plain")
    assert len(server.tokens) == 2


async def test_a_kept_token_that_azure_refuses_is_replaced(sign_in: Connects, server: Scripted) -> None:
    await sign_in(token_cache="plain")
    azure = await sign_in(token_cache="plain")
    refusal = fault(401, "ExpiredAuthenticationToken", "expired")
    server.on("/tenants", refusal, reply({"value": [{"tenantId": "t-1"}]}))
    assert [tenant.id for tenant in await azure.tenants()] == ["t-1"]
    assert len(server.tokens) == 2
