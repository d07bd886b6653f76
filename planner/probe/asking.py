"""Plain questions to a server (GET), each answered, missing, or a reason to stop."""

from __future__ import annotations

import json
from typing import Any

import requests
import urllib3

from planner.domain.measured_run import ErrorKind
from planner.probe.address import Address
from planner.probe.errors import ProbeError
from planner.probe.failure import CONNECT_S, failure, refused
from planner.probe.wires import Wires, cut_after, tracked

READ_S = 10.0
MAX_BYTES = 16 * 1024 * 1024
_REMEDIES: dict[ErrorKind, str] = {
    "unauthorised": "Give the server's API key: api_key of the configured target, or `--api-key-env NAME`.",
    "not_found": "Check the address: it is the part before /v1, such as http://127.0.0.1:8000.",
    "rate_limited": "Wait, or ask for a higher limit; a probe needs one that it does not reach.",
    "overloaded": "Wait until the server is up and has no other load.",
    "bad_request": "Check the model and the lengths that are asked.",
    "server_error": "Look into the server's log.",
    "stream_error": "Look into the server's log.",
    "cut_stream": "Look into the server's log, and at proxies on the way.",
    "empty_answer": "Check that the model generates text.",
    "endless_answer": "Check that the server heeds max_tokens.",
    "timeout": "Check that the server is not busy, or allow more time.",
    "unreachable": "Check the address and that the server runs.",
    "tls": "Check http or https, and name the certificate of your authority in REQUESTS_CA_BUNDLE.",
    "unreadable": "Check that this is an OpenAI-compatible server.",
    "other": "Write the address that the server itself answers at.",
}


def stopped(kind: ErrorKind, what: str, remedy: str = "") -> ProbeError:
    """A reason to stop, with the way out that fits its kind."""
    return ProbeError(what if what.endswith(".") else f"{what}.", remedy or _REMEDIES[kind], kind)


class Asking:
    """GETs to one server. What cannot be answered is None; what ends a probe is a ProbeError."""

    def __init__(self, session: requests.Session, address: Address) -> None:
        self._wires = Wires()
        self._session, self._address = tracked(session, self._wires), address

    def text(self, path: str, *, needed: bool = False, most_s: float | None = None) -> str | None:
        """Body of a page; None when it is not there. `needed`: raises ProbeError for every failure."""
        most_s = READ_S if most_s is None else most_s
        with cut_after(self._wires, most_s) as late:
            try:
                found = self._get(path, needed, most_s)
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                OSError,
                ValueError,
                AttributeError,
            ) as problem:
                if needed and not late.is_set():
                    kind, words = failure(problem)
                    raise stopped(kind, f"{self._address.origin}: {words}") from None
                found = None
        if late.is_set():
            if needed:
                raise stopped("timeout", f"{self._address.origin}{path} was not answered in full within {most_s:g} s")
            return None
        return found

    def _get(self, path: str, needed: bool, most_s: float) -> str | None:
        url, timeout = self._address.base_url + path, (CONNECT_S, most_s)
        with self._session.get(url, stream=True, allow_redirects=False, timeout=timeout) as answer:
            if answer.status_code == 200:
                return body_of(answer)
            if needed:
                kind, words = refused(answer)
                raise stopped(kind, f"{self._address.origin}{path}: {words}")
            return None

    def json(self, path: str, *, needed: bool = False) -> dict[str, Any] | None:
        """A JSON object; None when there is none."""
        text = self.text(path, needed=needed)
        try:
            found = json.loads(text) if text else None
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        if needed:
            raise stopped("unreadable", f"{self._address.origin}{path} is not JSON")
        return None


def body_of(answer: requests.Response) -> str:
    """The body of an answer, compression undone; ValueError for a very long one."""
    data = answer.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(data) > MAX_BYTES:
        raise ValueError("too long")
    return str(data.decode("utf-8", "replace"))
