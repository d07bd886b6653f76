"""What a failure is: of an HTTP status, of an error in a stream, and of a connection. In words that may be shown."""

from __future__ import annotations

import re
import ssl

import requests
import urllib3

from planner.domain.measured_run import ErrorKind
from planner.probe.sse import Said, Unreadable

CONNECT_S = 3.0
DETAIL_CHARACTERS = 160
_KINDS: dict[int, ErrorKind] = {
    400: "bad_request",
    401: "unauthorised",
    403: "unauthorised",
    404: "not_found",
    405: "not_found",
    408: "timeout",
    413: "bad_request",
    422: "bad_request",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_SECRET = re.compile(r"\b(sk|hf|gsk|key|pk)[-_][\w*.-]{4,}|Bearer\s+\S+", re.I)
_ECHO = re.compile(r"""['"]?input['"]?\s*[:=].*""", re.S)
"""From here on, a message of a server that checks its input repeats what it was sent."""


def seconds_of(retry_after: str) -> float | None:
    """Seconds of a Retry-After header; a date is not read."""
    return float(retry_after) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", retry_after.strip(), re.ASCII) else None


def stream_kind(what: Said) -> ErrorKind:
    """An error event in an answer that began with 200: what its number means, where it has one."""
    kind = _KINDS.get(what.code or 0, "stream_error")
    return kind if kind in ("overloaded", "rate_limited", "unauthorised", "bad_request") else "stream_error"


def refused(answer: requests.Response) -> tuple[ErrorKind, str]:
    """Kind of an answer other than 200, and what it says."""
    status = answer.status_code
    if 300 <= status < 400:
        return "other", f"HTTP {status}: a redirect, which is not followed"
    kind = _KINDS.get(status) or ("server_error" if status >= 500 else "bad_request" if status >= 400 else "other")
    return kind, f"HTTP {status}: {_reason(answer)}"


def _reason(answer: requests.Response) -> str:
    try:
        text = answer.raw.read(4096, decode_content=True).decode("utf-8", "replace")
    except (OSError, ValueError, urllib3.exceptions.HTTPError):
        return "no reason given"
    found = re.search(r'"(?:message|msg|detail|error)"\s*:\s*"((?:[^"\\]|\\.)*)', text)
    return plain(found[1] if found else re.sub(r"<[^>]*>", " ", text)) or "no reason given"


def plain(text: str) -> str:
    """A server's words in one short printable line, without keys and without what it was sent."""
    text = _SECRET.sub("(key)", _ECHO.sub("", text))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= DETAIL_CHARACTERS else line[: DETAIL_CHARACTERS - 1] + "…"


def failure(problem: Exception) -> tuple[ErrorKind, str]:
    """Kind and words of a request that failed below HTTP."""
    causes = _causes(problem)
    if isinstance(problem, Unreadable):
        return "unreadable", str(problem)
    if any(isinstance(cause, (ssl.SSLError, requests.exceptions.SSLError)) for cause in causes):
        return "tls", _words(causes, ssl.SSLError, "the certificate or the encryption was refused")
    if any(isinstance(c, (urllib3.exceptions.NewConnectionError, ConnectionRefusedError)) for c in causes):
        return "unreachable", _words(causes, OSError, "no connection")
    if any(isinstance(c, (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError)) for c in causes):
        return "unreachable", f"no connection within {CONNECT_S:g} s"
    if any(
        isinstance(c, (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError))
        for c in causes
    ):
        return "timeout", "nothing arrived for too long"
    if any(isinstance(c, (urllib3.exceptions.ProtocolError, ConnectionError)) for c in causes):
        return "cut_stream", "the connection was closed before the answer ended"
    return "other", type(problem).__name__


def _causes(problem: BaseException) -> list[BaseException]:
    """The problem and everything that it says it came from."""
    found: list[BaseException] = []
    waiting: list[object] = [problem]
    while waiting and len(found) < 20:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def _words(causes: list[BaseException], kind: type[OSError], otherwise: str) -> str:
    return next((plain(c.strerror) for c in causes if isinstance(c, kind) and c.strerror), otherwise)
