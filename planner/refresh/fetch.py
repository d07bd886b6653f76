"""Get a file from a public source: allow-listed hosts, time and size limits, retries; or one error with the way out.

The bytes are handed on as they arrive, so that a list of hundreds of megabytes is never held in memory.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Annotated, TypeVar, cast
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import AfterValidator, Field

from planner.domain.base import Value
from planner.refresh.body import ONLINE, Expected, Limits, Passing, decoded, late, origin_of
from planner.refresh.errors import RefreshError

__all__ = ["Door", "Limits", "NotThere", "origin_of", "within"]

T = TypeVar("T")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REDIRECTS = (301, 302, 303, 307, 308)
GIVE_UP_AFTER = 500
HEADERS = {"Accept-Encoding": "gzip, identity", "User-Agent": "llm-tco-planner catalog refresh"}


def _secure(origin: str) -> str:
    """Refuse an origin without encryption, unless it is this machine."""
    parts = urlsplit(origin)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return origin_of(origin)
    raise ValueError(f"{origin!r} is not https")


Origin = Annotated[str, AfterValidator(_secure)]
"""`https://host`, or `http://127.0.0.1:port` on this machine."""


class Door(Value):
    """Whom to ask, and within which limits."""

    hosts: frozenset[Origin] = Field(description="Origins that may be asked, redirects included.")
    limits: Limits = Field(Limits(), description="Time and size.")

    def get(self, url: str, expected: Expected = "json") -> bytes:
        """A file, whole. Raises RefreshError."""
        return self.read(url, b"".join, expected)

    def read(self, url: str, consume: Callable[[Iterator[bytes]], T], expected: Expected = "json") -> T:
        """What `consume` makes of the file's bytes, called afresh for each try. Raises RefreshError."""
        deadline = time.monotonic() + self.limits.total_s
        for attempt in range(1, self.limits.tries + 1):
            try:
                return self._once(url, consume, expected, deadline)
            except Passing as passing:
                pause = self.limits.backoff_s * 2 ** (attempt - 1)
                if attempt == self.limits.tries or time.monotonic() + pause > deadline:
                    raise RefreshError(f"{passing} ({attempt} tries).", passing.remedy) from passing.__cause__
                time.sleep(pause)
        raise AssertionError("a try returns or raises")

    def _once(self, url: str, consume: Callable[[Iterator[bytes]], T], expected: Expected, deadline: float) -> T:
        with requests.Session() as session:
            session.auth = _no_login
            with contextlib.closing(self._answer(session, url, deadline)) as answer:
                return consume(decoded(answer, url, expected, self.limits, deadline))

    def _answer(self, session: requests.Session, url: str, deadline: float) -> requests.Response:
        """The final answer behind at most `max_redirects` redirects; headers only so far."""
        for _ in range(self.limits.max_redirects + 1):
            self._allow(url)
            answer = self._headers(session, url, deadline)
            if answer.status_code not in REDIRECTS:
                return _good(answer, url)
            answer.close()
            url = _next(url, answer.headers.get("Location", ""))
        raise RefreshError(
            f"{origin_of(url)} redirects more than {self.limits.max_redirects} times.", "The address may have moved."
        )

    def _allow(self, url: str) -> None:
        if (origin := origin_of(url)) not in self.hosts:
            allowed = ", ".join(sorted(self.hosts))
            raise RefreshError(
                f"The source sends to {origin}, which is not an allowed host ({allowed}).",
                "Nothing was read from there. If the source has moved, a newer version of the planner will know.",
            )

    def _headers(self, session: requests.Session, url: str, deadline: float) -> requests.Response:
        timeout = (self.limits.connect_s, self.limits.silence_s)

        def ask() -> requests.Response:
            return session.get(url, stream=True, allow_redirects=False, timeout=timeout, headers=HEADERS)

        try:
            return within(deadline - time.monotonic(), ask, late(url, self.limits), requests.Response.close)
        except requests.Timeout as error:
            raise Passing(f"{origin_of(url)} did not answer in time", ONLINE) from error
        except requests.ConnectionError as error:
            raise Passing(f"{origin_of(url)} cannot be reached", ONLINE) from error
        except (requests.RequestException, ValueError) as error:
            raise RefreshError(f"{origin_of(url)} cannot be asked: {error}.", ONLINE) from error


def within(seconds: float, work: Callable[[], T], too_late: Exception, drop: Callable[[T], None] | None = None) -> T:
    """What `work` returns, or `too_late` raised when it takes longer: its thread is left behind, its result dropped."""
    outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    abandoned = threading.Event()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:
            outcome.put((None, error))
            return
        outcome.put((value, None))
        if abandoned.is_set() and drop is not None:
            drop(value)

    threading.Thread(target=run, daemon=True, name="planner-refresh").start()
    try:
        value, error = outcome.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        abandoned.set()
        raise too_late from None
    if error is not None:
        raise error
    return cast(T, value)


def _next(url: str, location: str) -> str:
    """Where a redirect leads; an address that cannot be read is left to the list of hosts to refuse."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no password, not even one from a netrc file."""
    return request


def _good(answer: requests.Response, url: str) -> requests.Response:
    status = answer.status_code
    if status == HTTPStatus.OK:
        return answer
    answer.close()
    said = f"{origin_of(url)} answered {status} {answer.reason or ''}".rstrip()
    if status >= GIVE_UP_AFTER:
        raise Passing(said, "The source has a fault of its own; try again later.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RefreshError(f"{said}.", "The source wants fewer requests; try again in an hour.")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        raise NotThere(f"{said} for {urlsplit(url).path}.", "The file is gone, moved or not public.", status)
    raise RefreshError(f"{said} for {urlsplit(url).path}.", "The address or the question may have changed.")


class NotThere(RefreshError):
    """The server has no such file for us: 401, 403 or 404."""

    def __init__(self, message: str, remedy: str, status: int) -> None:
        super().__init__(message, remedy)
        self.status = status
