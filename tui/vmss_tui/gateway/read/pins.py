"""Pins the files that instances will download: size, SHA-256, and whether the address fixes the content.

https only, also after redirects; bounded in size and time; no credentials, cookies or tokens are sent. The digest is of
the decoded file: servers and mirrors compress as they like, and differently each time. Never raises: a file that this
host cannot read may well be visible to the instances, so a problem is reported and not fatal.
"""

import asyncio
import hashlib
import re
import ssl
import zlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp

from vmss_tui import duration
from vmss_tui.domain.plan.pinned_files import FETCH_SECONDS
from vmss_tui.gateway.http.transport import new_session, trust
from vmss_tui.gateway.proxy import proxies_for
from vmss_tui.gateway.sign_in.clouds import Cloud
from vmss_tui.ports import FilePin, PinsFiles
from vmss_tui.text import one_line

LARGEST = 64 * 1024 * 1024
"""Bytes; a script's files are small, an installer may not be."""
REDIRECTS = 5
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
_VERSION = re.compile(r"^(?:refs/tags/)?v?\d+\.\d+(?:[.\w+-]*)$|^[\w.-]*[-_]v?\d+\.\d+[\w.+-]*$")
_NUMBERED = re.compile(r"(?<![\d.])v?\d+\.\d+(?:\.\d+)*(?!\d)")


class FilePinner(PinsFiles):
    """Fetches and hashes; its connections are made when first needed."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._file_session: aiohttp.ClientSession | None = None

    async def pin(self, uri: str) -> FilePin:
        """Fetch and hash one file; `problem` says why it could not be."""
        try:
            mutable = why_mutable(uri)
        except ValueError:
            return FilePin(uri, problem="this is not an address")
        try:
            size, sha256 = await asyncio.wait_for(self._hashed(uri), FETCH_SECONDS)
        except TimeoutError:
            return FilePin(uri, mutable=mutable, problem=f"no answer within {duration.exact(FETCH_SECONDS)}")
        except _Unfit as error:
            return FilePin(uri, mutable=mutable, problem=str(error))
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            return FilePin(uri, mutable=mutable, problem=_reason(error))
        return FilePin(uri, size=size, sha256=sha256, mutable=mutable)

    async def _hashed(self, uri: str) -> tuple[int, str]:
        """From the cloud's mirror where there is one that has it, else from the address itself."""
        mirrored = mirror_of(self._cloud.file_mirror, uri)
        if mirrored:
            try:
                return await self._fetch(mirrored)
            except (_Unfit, aiohttp.ClientError):
                pass
        return await self._fetch(uri)

    async def _fetch(self, uri: str) -> tuple[int, str]:
        url = uri
        for _ in range(REDIRECTS + 1):
            _check(url)
            proxy = proxies_for(url).get("https")
            plain = {"Accept-Encoding": "identity"}
            async with self._open().get(url, allow_redirects=False, proxy=proxy, headers=plain) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                if response.status != 200:
                    raise _Unfit(_STATUS.get(response.status, f"the server answers {response.status}"))
                return await _hash(response)
        raise _Unfit(f"more than {REDIRECTS} redirects")

    def _open(self) -> aiohttp.ClientSession:
        if self._file_session is None:
            context = trust(Cloud(name="", resource_manager="", authority=""))
            if self._cloud.ca_file:
                context.load_verify_locations(cafile=self._cloud.ca_file)
            self._file_session = new_session(context)
        return self._file_session

    async def close(self) -> None:
        """Close connections; safe to call twice."""
        session, self._file_session = self._file_session, None
        if session is not None:
            await session.close()


def mirror_of(mirror: str, uri: str) -> str:
    """Where a mirror has a file: its address, then host and path of the file's; empty without a mirror."""
    parts = urlsplit(uri)
    if not mirror or parts.scheme != "https" or parts.username or parts.query:
        return ""
    return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}"


class _Unfit(Exception):
    """The file cannot be pinned, with the reason in words."""


_STATUS = {
    401: "the server requires credentials; instances may have them",
    403: "the server refuses it without credentials; instances may have them",
    404: "there is no such file",
}


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise _Unfit(f"only https is fetched, not {parts.scheme or 'a relative address'}")
    if parts.username or parts.password:
        raise _Unfit("the address carries credentials")


async def _hash(response: aiohttp.ClientResponse) -> tuple[int, str]:
    """Size and SHA-256 of the decoded file."""
    received, size, digest = 0, 0, hashlib.sha256()
    decode = _decoder(response.headers.get("Content-Encoding", ""))
    try:
        async for chunk in response.content.iter_chunked(64 * 1024):
            received += len(chunk)
            for part in decode.parts(chunk):
                size += len(part)
                if size > LARGEST:
                    raise _Unfit(f"larger than {LARGEST // 1024 // 1024} MiB: not fetched to its end")
                digest.update(part)
    except zlib.error as error:
        raise _Unfit("its compressed form cannot be read") from error
    expected = response.headers.get("Content-Length", "")
    if (expected.isdigit() and int(expected) != received) or not decode.complete:
        raise _Unfit("the answer broke off")
    return size, digest.hexdigest()


class _Plain:
    """A file that is sent as it is."""

    complete = True

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """The chunk itself."""
        yield chunk


class _Inflating:
    """A file that is sent as gzip (of one member or several) or deflate; decoded in parts of bounded size."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(47)
        self._first = True

    @property
    def complete(self) -> bool:
        """Whether the compressed data has come to its end."""
        return self._stream.eof

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk holds."""
        while chunk:
            if self._stream.eof:
                self._stream = zlib.decompressobj(47)
            try:
                yield self._stream.decompress(chunk, _PART)
            except zlib.error:
                if not self._first:
                    raise
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)  # deflate as some servers send it
                yield self._stream.decompress(chunk, _PART)
            self._first = False
            chunk = self._stream.unconsumed_tail or self._stream.unused_data


_PART = 1024 * 1024


def _decoder(encoding: str) -> _Plain | _Inflating:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Inflating()
        case other:
            raise _Unfit(f"the server compresses it as {one_line(other, 20)}, which cannot be read here")


def _reason(error: BaseException) -> str:
    text = one_line(str(error), 160)
    if isinstance(error, aiohttp.ClientConnectorCertificateError) or "certificate" in text.lower():
        return "the server's certificate is not trusted here"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host} cannot be reached from here"
    return f"cannot be fetched ({type(error).__name__})"


def why_mutable(uri: str) -> str:
    """Why the content may change under the same address; empty when the address pins it.

    A full commit or content hash pins; a tag or a version number is taken as meant to stay. Branches, `latest` and
    unversioned blobs are not.
    """
    parts = urlsplit(uri)
    host, path = (parts.hostname or "").lower(), parts.path
    if _COMMIT.search(path.lower()):
        return ""
    query = {key.lower() for key in parse_qs(parts.query)}
    if host.endswith((".blob.core.windows.net", ".amazonaws.com")):
        return "" if query & {"versionid", "snapshot"} else _unversioned(path, "a blob without a version")
    if "latest" in path.lower().split("/"):
        return "'latest' moves with every release"
    ref = _ref_of(host, [part for part in path.split("/") if part])
    if ref is not None:
        return "" if _VERSION.match(ref) else f"{ref!r} is a branch or a name that can move"
    return _unversioned(path, "an address without a version")


def _unversioned(path: str, what: str) -> str:
    return "" if _NUMBERED.search(path) else f"{what} can be overwritten"


def _ref_of(host: str, parts: list[str]) -> str | None:
    """The git reference in an address of a code host; None when it is none."""
    if host == "raw.githubusercontent.com" and len(parts) > 3:
        return "/".join(parts[2:5]) if parts[2] == "refs" else parts[2]
    if host == "github.com" and len(parts) > 4 and parts[2] in ("raw", "blob"):
        return "/".join(parts[3:6]) if parts[3] == "refs" else parts[3]
    if host == "github.com" and parts[2:4] == ["releases", "download"] and len(parts) > 5:
        return parts[4] if _VERSION.match(parts[4]) else None
    if "-" in parts and parts[parts.index("-") + 1 :][:1] == ["raw"] and len(parts) > parts.index("-") + 3:
        return parts[parts.index("-") + 2]
    return None
