"""Owners as hashes: people and keys are told apart, never named. The secret stays in this installation."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from planner.usage.errors import UsageError, UsageProblem
from planner.usage.relation import HASHED, TO_HASH

DIGITS = 12
_BLOCK = 64


class Secret:
    """HMAC-SHA256 with the installation's secret, the first DIGITS hexadecimal digits."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def hashed(self, owner: str) -> str:
        """The hash of one owner."""
        if owner not in self._known:
            self._known[owner] = hmac.new(self._key, owner.encode(), hashlib.sha256).hexdigest()[:DIGITS]
        return self._known[owner]

    def shown(self, owner: str) -> str:
        """An owner as it is kept: hashed when it is marked so."""
        return self.hashed(owner.removeprefix(TO_HASH)) if owner.startswith(TO_HASH) else owner

    @property
    def macro(self) -> str:
        """The same function in DuckDB."""
        inner, outer = (bytes(byte ^ pad for byte in self._key.ljust(_BLOCK, b"\0")).hex() for pad in (0x36, 0x5C))
        told = f"unhex(sha256(unhex('{inner}') || encode(owner)))"
        return f"CREATE TEMP MACRO {HASHED}(owner) AS LEFT(sha256(unhex('{outer}') || {told}), {DIGITS})"


def secret_of(folder: Path) -> Secret:
    """The installation's secret, made when it is first asked for; nobody else may read it."""
    path = folder / "salt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no secret"
        raise UsageError(
            UsageProblem(str(path), f"cannot be used ({str(reason).lower()})", "Put the file back, or delete it")
        ) from error
    return Secret(key)


def _make(path: Path) -> None:
    part = path.with_name(f".salt.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
