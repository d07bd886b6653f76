"""The bytes of an answer as they arrive: everything that is there in one read.

`read1` of the HTTP library hands out one chunk of a chunked answer at a time, which is one token; with hundreds of
streams the client would be busy with nothing else. Here the chunks are taken apart in one go.
"""

from __future__ import annotations

from typing import Any

import requests

from planner.probe.sse import MAX_EVENT_BYTES, Unreadable

READ_BYTES = 65_536
_LONGEST_SIZE_LINE = 1024


class Chunks:
    """Takes a chunked body apart."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        """Bytes of the chunk under way, the line end after it included."""
        self.ended = False
        self.reusable = False
        """Nothing came after the end."""

    def feed(self, data: bytes) -> bytes:
        """Content of what arrived."""
        rest, parts = self._rest + data, []
        at = 0
        while not self.ended and at < len(rest):
            if self._left == 0:
                end = rest.find(b"\r\n", at)
                if end < 0:
                    break
                self._left = _size(rest[at:end]) + 2
                at = end + 2
                if self._left == 2:
                    self.ended, self.reusable = True, rest[at:] == b"\r\n"
                    break
            taken = rest[at : at + self._left]
            parts.append(taken[: max(self._left - 2, 0)])
            at += len(taken)
            self._left -= len(taken)
        self._rest = b"" if self.ended else rest[at:]
        if len(self._rest) > _LONGEST_SIZE_LINE:
            raise Unreadable("the answer is not chunked as it says")
        return b"".join(parts)


def _size(line: bytes) -> int:
    try:
        size = int(line.split(b";", 1)[0].strip() or b"x", 16)
    except ValueError:
        raise Unreadable("the answer is not chunked as it says") from None
    if not 0 <= size <= MAX_EVENT_BYTES:
        raise Unreadable("the answer is not chunked as it says")
    return size


class Body:
    """The body of one answer. `read` gives what is there, waits when nothing is, and gives nothing at the end."""

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer
        self._http: Any = getattr(answer.raw, "_original_response", None)
        coded = answer.headers.get("Content-Encoding", "identity") != "identity"
        plain = self._http is not None and bool(getattr(self._http, "chunked", False)) and not coded
        self._chunks = Chunks() if plain and getattr(self._http, "fp", None) is not None else None

    def read(self) -> bytes:
        """What arrived; b"" at the end."""
        if self._chunks is None:
            return bytes(self._answer.raw.read1(READ_BYTES, decode_content=True))
        while not self._chunks.ended:
            data = self._http.fp.read1(READ_BYTES)
            if not data:
                raise ConnectionResetError("the connection was closed within the answer")
            if content := self._chunks.feed(data):
                return content
        return b""

    def release(self) -> bool:
        """Give the connection back when the answer was read to its end; whether it could be."""
        if self._chunks is None:
            return True  # the library has done it
        if not self._chunks.reusable:
            return False
        self._http.close()
        self._answer.raw.release_conn()
        return True
