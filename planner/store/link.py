"""Links that carry a whole scenario with its facts, for people who do not share a store.

Forms 1 to 4: `<form>.<base64url of raw deflate with a preset dictionary>.<base64url of its CRC-32>`. All fields are
written, not only those that differ from today's defaults, and the prices and rates of the catalog travel along: a link
keeps its figures when defaults and prices change. Each form has its own dictionary, which is a part of it and never
changes; form 4 knows the fields of every way to serve, of the catalog and of throughputs. All are read, form 4 is
written.

A token is neither secret nor signed: whoever has it sees everything in it, owner and notes included, and can make
another. What comes out of one is checked like any other input, and nothing in it is to be trusted as a source.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from planner.domain.facts import Facts
from planner.domain.scenario import Scenario
from planner.store.payload import PayloadError, as_saved, from_plain, mismatch

DICTIONARIES = Path(__file__).resolve().parents[2] / "data" / "link"
_FORMS = ("1", "2", "3", "4")
_FORM = "4"
_MAX_BYTES = 256 * 1024
_RAW_DEFLATE = -15
_LARGEST_WHOLE = 2**53
_COPY_AGAIN = "Copy the whole link again, or ask its sender for the scenario's file."


class LinkError(ValueError):
    """A token that gives no scenario: `.message` says why, `.remedy` the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class LinkTooLong(LinkError):
    """The scenario does not fit into a link; `.length` is what its token would have."""

    def __init__(self, length: int) -> None:
        super().__init__(
            f"The scenario is too large for a link ({length:,} characters; at most {LinkSize.REFUSE_AT:,}).",
            "Save it and share its id instead, or send it as a file.",
        )
        self.length = length


@dataclass(frozen=True)
class LinkSize:
    """Whether a token is short enough for mail and chat programs."""

    WARN_AT: ClassVar[int] = 1800
    REFUSE_AT: ClassVar[int] = 6000

    length: int

    @property
    def may_be_cut(self) -> bool:
        """Some programs cut links of this length off."""
        return self.length > self.WARN_AT

    @property
    def too_long(self) -> bool:
        """No link is made of it, and none is read."""
        return self.length > self.REFUSE_AT


def encode(scenario: Scenario, facts: Facts) -> str:
    """The token of a scenario; LinkTooLong when it would not survive in a link."""
    wrong = mismatch(scenario, facts)
    if wrong:
        raise ValueError(wrong)
    plain = {"scenario": _whole(scenario.model_dump(mode="json")), "facts": _whole(facts.model_dump(mode="json"))}
    body = _deflate(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())
    token = f"{_FORM}.{_base64(body)}.{_base64(_checksum(body))}"
    if LinkSize(len(token)).too_long:
        raise LinkTooLong(len(token))
    return token


def decode(token: str) -> tuple[Scenario, Facts]:
    """What a token carries; LinkError says in a sentence why there is nothing to be had from it."""
    form, body = _body(token.strip())
    plain = _parsed(_inflate(body, form))
    try:
        scenario, facts = from_plain(Scenario, as_saved(plain["scenario"])), from_plain(Facts, plain["facts"])
    except PayloadError as error:
        remedy = "Ask its sender for a new link; if the link is newer than this program, update the program."
        raise LinkError(f"The link holds a scenario that this program cannot read: {error}.", remedy) from error
    wrong = mismatch(scenario, facts)
    if wrong:
        raise LinkError(f"The link does not hold together: {wrong}.", _COPY_AGAIN)
    return scenario, facts


def _whole(value: object) -> object:
    """Whole numbers without a fraction: the same scenario has the same token, and a shorter one."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE else value


def _body(token: str) -> tuple[str, bytes]:
    """Form and compressed bytes of a token that arrived whole."""
    if LinkSize(len(token)).too_long:
        raise LinkError(f"The link is too long ({len(token):,} characters).", "Ask its sender for the scenario's file.")
    form, _, rest = token.partition(".")
    if form not in _FORMS and form.isascii() and form.isdigit():
        raise LinkError(f"The link has form {form}, which this program does not know.", "Update this program.")
    if form not in _FORMS:
        raise LinkError("This is not a link to a scenario.", _COPY_AGAIN)
    body, _, checksum = rest.partition(".")
    try:
        packed, sent = _unbase64(body), _unbase64(checksum)
    except ValueError as error:
        raise LinkError("The link holds signs that no link has: it was changed on its way.", _COPY_AGAIN) from error
    if _checksum(packed) != sent:
        raise LinkError("The link is cut off or was changed on its way.", _COPY_AGAIN)
    return form, packed


def _parsed(text: bytes) -> dict[str, object]:
    try:
        plain = json.loads(text)
    except RecursionError as error:
        raise LinkError("The link holds brackets that are nested too deeply.", _COPY_AGAIN) from error
    except ValueError as error:
        raise LinkError("The link holds something other than a scenario.", _COPY_AGAIN) from error
    if not isinstance(plain, dict) or plain.keys() != {"scenario", "facts"}:
        raise LinkError("The link holds something other than a scenario.", _COPY_AGAIN)
    return plain


@lru_cache(4)
def _dictionary(form: str = _FORM) -> bytes:
    """The preset dictionary of a form; its line breaks are for readers only."""
    text = (DICTIONARIES / f"dictionary-{form}.txt").read_bytes()
    return b"".join(text.split(b"\n")).replace(b"\r", b"")


def _deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9, zlib.Z_DEFAULT_STRATEGY, _dictionary())
    return packer.compress(text) + packer.flush()


def _inflate(body: bytes, form: str) -> bytes:
    unpacker = zlib.decompressobj(_RAW_DEFLATE, _dictionary(form))
    try:
        text = unpacker.decompress(body, _MAX_BYTES)
    except zlib.error as error:
        raise LinkError("The link holds something other than a scenario.", _COPY_AGAIN) from error
    if unpacker.unconsumed_tail:
        raise LinkError("The link unpacks to far more than a scenario.", "Do not use it; ask its sender for a new one.")
    if not unpacker.eof or unpacker.unused_data:
        raise LinkError("The link holds something other than a scenario.", _COPY_AGAIN)
    return text


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
