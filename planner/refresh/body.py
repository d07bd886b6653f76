"""The bytes of an answer as they arrive, within limits of size and time, and no web page in place of data."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import requests
import urllib3
from pydantic import Field, PositiveFloat, PositiveInt

from planner.domain.base import Value
from planner.refresh.errors import RefreshError

Expected = Literal["json", "csv", "bytes"]
CHUNK_BYTES = 65536
START_BYTES = 512
UNREADABLE = "an address that cannot be read"
PLAIN_HOST = re.compile(r"([\w.~!$&'()*+,;=:%-]*@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?", re.ASCII)
"""Nothing that two readers of an address may take for different hosts, such as `127.0.0.1\\@example.com`."""
DEFAULT_PORTS = {"http": 80, "https": 443}
ONLINE = "Check the connection to the internet, or the proxy, and try again."


class Passing(Exception):
    """A failure that may be gone at the next try."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Limits(Value):
    """How long and how much a source may send."""

    connect_s: PositiveFloat = Field(5, description="Longest wait for a connection.")
    silence_s: PositiveFloat = Field(15, description="Longest wait for the next bytes.")
    total_s: PositiveFloat = Field(60, description="Longest time for one file, all tries together.")
    max_bytes: PositiveInt = Field(20_000_000, description="Most bytes of one file, compression undone.")
    tries: PositiveInt = Field(3, description="Tries when the server fails or does not answer.")
    backoff_s: PositiveFloat = Field(0.5, description="Pause before the second try; doubled before each next one.")
    max_redirects: int = Field(3, ge=0, description="Redirects followed, each to an allowed host.")


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, the usual port left out."""
    try:
        parts = urlsplit(url)
        if not (url.isprintable() and PLAIN_HOST.fullmatch(parts.netloc)):
            return UNREADABLE
        port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        return UNREADABLE
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"


def late(url: str, limits: Limits) -> RefreshError:
    """The deadline has passed."""
    return RefreshError(f"{origin_of(url)} took more than {limits.total_s:g} seconds.", "Try again later.")


def decoded(
    answer: requests.Response, url: str, expected: Expected, limits: Limits, deadline: float
) -> Iterator[bytes]:
    """The body with compression undone, checked as it arrives: size, time, and that it is no web page."""
    stated = answer.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) > limits.max_bytes:
        raise _too_big(url, limits, f"says it has {int(stated):,} bytes")
    _refuse_page(answer.headers.get("Content-Type", ""), url, expected)
    total = 0
    for piece in _inflated(answer.headers.get("Content-Encoding", ""), _raw(answer, url, limits, deadline), url):
        if total == 0:
            _refuse_page(piece[:START_BYTES].lstrip().decode("latin-1"), url, expected)
        total += len(piece)
        if total > limits.max_bytes:
            raise _too_big(url, limits, "sends more")
        yield piece


def _too_big(url: str, limits: Limits, how: str) -> RefreshError:
    return RefreshError(
        f"{origin_of(url)} {how} than the {limits.max_bytes:,} bytes allowed."
        if how == "sends more"
        else f"{origin_of(url)} {how}; {limits.max_bytes:,} are allowed.",
        "It was cut off. Is this the right address?",
    )


def _refuse_page(text: str, url: str, expected: Expected) -> None:
    start = text.lower()
    if start.startswith(("text/html", "<!doctype", "<html")):
        raise RefreshError(
            f"{origin_of(url)} sent a web page (HTML) where {expected.upper()} is expected.",
            "A sign-in page, a proxy or a firewall may stand in between; open the address in a browser.",
        )


def _raw(answer: requests.Response, url: str, limits: Limits, deadline: float) -> Iterator[bytes]:
    """The bytes as sent, a little at a time, so that a slow server cannot outlast the deadline."""
    body: urllib3.HTTPResponse = answer.raw
    try:
        while True:
            if time.monotonic() > deadline:
                raise late(url, limits)
            piece = body.read1(CHUNK_BYTES, decode_content=False)
            if not piece:
                return
            yield piece
    except urllib3.exceptions.TimeoutError as error:
        raise Passing(f"{origin_of(url)} stopped sending for {limits.silence_s:g} seconds", ONLINE) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Passing(f"{origin_of(url)} broke off in the middle of the file", ONLINE) from error


def _inflated(encoding: str, pieces: Iterator[bytes], url: str) -> Iterator[bytes]:
    """Undo gzip in pieces of bounded size: a small file that unpacks to a huge one is stopped by the size limit."""
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding != "gzip":
        raise RefreshError(f"{origin_of(url)} sent {encoding!r} compression, which was not asked for.", "Try later.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                out = unpacker.decompress(rest, CHUNK_BYTES)
                rest = unpacker.unconsumed_tail
                if out:
                    yield out
        while out := unpacker.decompress(b"", CHUNK_BYTES):
            yield out
    except zlib.error as error:
        raise Passing(f"{origin_of(url)} sent a broken compressed file", ONLINE) from error
    if not unpacker.eof:
        raise Passing(f"{origin_of(url)} broke off in the middle of the file", ONLINE)
