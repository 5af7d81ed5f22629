"""Looking at files: hashes, limits, redirects, no credentials, and which addresses can change."""

import asyncio
import gzip
import hashlib
import io
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from support.scripted import Authority, Scripted, reply
from vmss_tui.gateway.read import pins
from vmss_tui.gateway.read.pins import FilePinner, why_mutable
from vmss_tui.gateway.sign_in.clouds import PUBLIC

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
async def pinner(server: Scripted, authority: Authority) -> AsyncIterator[FilePinner]:
    found = FilePinner(server.cloud(authority.ca_file))
    yield found
    await found.close()
    await found.close()


async def test_a_file_is_hashed_and_nothing_of_us_is_sent(pinner: FilePinner, server: Scripted) -> None:
    server.on("/v1.2/run.sh", reply(b"echo hi\n"))
    uri = f"{server.origin}/v1.2/run.sh"
    found = await pinner.pin(uri)
    assert (found.uri, found.size, found.problem, found.mutable) == (uri, 8, "", "")
    assert found.sha256 == hashlib.sha256(b"echo hi\n").hexdigest()
    assert not {"Authorization", "Cookie"} & set(server.headers[-1])


async def test_redirects_are_followed_over_https_only(pinner: FilePinner, server: Scripted) -> None:
    server.on("/a", reply(b"", 302, Location="/b"))
    server.on("/b", reply(b"there"))
    assert (await pinner.pin(f"{server.origin}/a")).size == 5
    server.on("/a", reply(b"", 301, Location="http://127.0.0.1/b"))
    assert "only https is fetched, not http" in (await pinner.pin(f"{server.origin}/a")).problem
    server.on("/a", reply(b"", 307, Location="/a"))
    assert "redirects" in (await pinner.pin(f"{server.origin}/a")).problem
    server.on("/a", reply(b"", 302, Location="file:///etc/passwd"))
    assert "not file" in (await pinner.pin(f"{server.origin}/a")).problem


@pytest.mark.parametrize(
    ("status", "said"), [(401, "credentials"), (403, "refuses"), (404, "no such file"), (500, "answers 500")]
)
async def test_refusals_are_problems_and_not_errors(
    pinner: FilePinner, server: Scripted, status: int, said: str
) -> None:
    server.on("/x", reply(b"", status))
    found = await pinner.pin(f"{server.origin}/x?sig=s3cret")
    assert said in found.problem
    assert "s3cret" not in found.problem
    assert found.sha256 == ""


async def test_sizes_are_bounded(pinner: FilePinner, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "LARGEST", 1024 * 1024)
    server.on("/big", reply(b"x" * (1024 * 1024 + 1)))
    assert "larger than 1 MiB" in (await pinner.pin(f"{server.origin}/big")).problem


async def test_time_is_bounded(pinner: FilePinner, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    monkeypatch.setattr(pins, "FETCH_SECONDS", 0.2)
    server.on("/slow", never)
    assert "no answer within" in (await pinner.pin(f"{server.origin}/slow")).problem


async def test_a_broken_answer_is_a_problem(pinner: FilePinner, server: Scripted) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    server.on("/x", broken)
    assert "cannot be fetched" in (await pinner.pin(f"{server.origin}/x")).problem


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://example.com/x", "only https"),
        ("run.sh", "relative"),
        ("https://me:pw@example.com/x", "carries credentials"),
        ("https://127.0.0.1:9/x", "127.0.0.1 cannot be reached"),
        ("https://[broken/x", "not an address"),
    ],
)
async def test_addresses_that_cannot_be_fetched(pinner: FilePinner, uri: str, said: str) -> None:
    found = await pinner.pin(uri)
    assert said in found.problem
    assert "pw" not in found.problem


async def test_an_untrusted_server_is_a_problem(server: Scripted) -> None:
    pinner = FilePinner(PUBLIC)
    found = await pinner.pin(f"{server.origin}/x")
    await pinner.close()
    assert "not trusted" in found.problem


FIXED: list[Any] = [
    f"https://raw.githubusercontent.com/o/r/{COMMIT}/run.sh",
    "https://raw.githubusercontent.com/o/r/v2.4.0/run.sh",
    "https://raw.githubusercontent.com/o/r/refs/tags/v2.4.0/run.sh",
    "https://github.com/o/r/raw/web-1.2/run.sh",
    "https://github.com/o/r/releases/download/v1.0.0/app.tgz",
    "https://gitlab.example/o/r/-/raw/1.2.3/run.sh",
    "https://acct.blob.core.windows.net/c/run.sh?versionid=2024-01-01T00:00:00Z",
    "https://acct.blob.core.windows.net/c/app_v2.1.sh",
    "https://example.com/releases/3.2.1/run.sh",
]
MOVING: list[Any] = [
    ("https://raw.githubusercontent.com/o/r/main/run.sh", "'main'"),
    ("https://raw.githubusercontent.com/o/r/refs/heads/release/run.sh", "refs/heads/release"),
    ("https://raw.githubusercontent.com/o/r/HEAD/v1.0/run.sh", "'HEAD'"),
    ("https://github.com/o/r/blob/main/run.sh", "'main'"),
    ("https://github.com/o/r/releases/latest/download/app.tgz", "'latest'"),
    ("https://gitlab.example/o/r/-/raw/master/run.sh", "'master'"),
    ("https://acct.blob.core.windows.net/c/run.sh", "blob without a version"),
    ("https://b.s3.amazonaws.com/run.sh", "blob without a version"),
    ("https://example.com/run.sh", "without a version"),
    ("https://github.com/o/r/releases/download/nightly/app.tgz", "without a version"),
]


@pytest.mark.parametrize("uri", FIXED)
def test_addresses_that_pin_their_content(uri: str) -> None:
    assert why_mutable(uri) == ""


@pytest.mark.parametrize(("uri", "said"), MOVING)
def test_addresses_whose_content_can_change(uri: str, said: str) -> None:
    assert said in why_mutable(uri)


async def test_a_mirror_is_looked_at_first_and_what_it_lacks_where_it_is(
    server: Scripted, authority: Authority
) -> None:
    host = server.origin.removeprefix("https://")
    server.on(f"/mirror/{host}/v1.2/run.sh", reply(b"mirrored"))
    server.on("/v1.2/run.sh", reply(b"its own"))
    server.on("/v1.2/other.sh", reply(b"elsewhere"))
    found = FilePinner(server.cloud(authority.ca_file, file_mirror=f"{server.origin}/mirror/"))
    try:
        pinned = await found.pin(f"{server.origin}/v1.2/run.sh")
        assert (pinned.uri, pinned.sha256) == (f"{server.origin}/v1.2/run.sh", hashlib.sha256(b"mirrored").hexdigest())
        assert (await found.pin(f"{server.origin}/v1.2/other.sh")).size == len(b"elsewhere")
        signed = await found.pin(f"{server.origin}/v1.2/run.sh?sig=s3cret")
        assert signed.size == len(b"its own"), "an address with a signature is nobody else's business"
    finally:
        await found.close()


SCRIPT = b"#!/bin/sh\necho 2.4.0\n" * 50


def gzipped(level: int, name: str = "") -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", level, out, mtime=level) as file:
        file.write(SCRIPT)
    return out.getvalue()


def raw_deflate() -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(SCRIPT) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzipped(9)),
        ("gzip", gzipped(1, "other.sh")),
        ("gzip", gzip.compress(SCRIPT[:100], mtime=0) + gzip.compress(SCRIPT[100:], mtime=0)),
        ("x-gzip", gzipped(5)),
        ("deflate", zlib.compress(SCRIPT)),
        ("deflate", raw_deflate()),
        ("identity", SCRIPT),
    ],
    ids=["best", "fast", "two members", "old name", "zlib", "raw", "plain"],
)
async def test_the_digest_is_of_the_decoded_file(
    pinner: FilePinner, server: Scripted, encoding: str, body: bytes
) -> None:
    server.on("/v1/run.sh", reply(body, Content_Encoding=encoding))
    found = await pinner.pin(f"{server.origin}/v1/run.sh")
    assert (found.problem, found.size, found.sha256) == ("", len(SCRIPT), hashlib.sha256(SCRIPT).hexdigest())
    assert server.headers[-1]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("br", b"xx", "as br"),
        ("gzip", b"no gzip at all", "cannot be read"),
        ("gzip", gzipped(9)[:-20], "broke off"),
    ],
    ids=["unknown", "garbage", "cut off"],
)
async def test_what_cannot_be_decoded_is_a_problem(
    pinner: FilePinner, server: Scripted, encoding: str, body: bytes, said: str
) -> None:
    server.on("/x", reply(body, Content_Encoding=encoding))
    found = await pinner.pin(f"{server.origin}/x")
    assert said in found.problem and found.sha256 == ""


async def test_a_small_answer_that_unpacks_to_a_huge_file_is_not_followed(
    pinner: FilePinner, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "LARGEST", 1024 * 1024)
    server.on("/x", reply(gzip.compress(bytes(32 * 1024 * 1024)), Content_Encoding="gzip"))
    assert "larger than" in (await pinner.pin(f"{server.origin}/x")).problem
