"""The fields of a Hugging Face configuration: read by name, checked, and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_LAYERS = 2000


class ConfigError(ValueError):
    """A configuration that cannot be used; the message says what is wrong and the way out."""


class Fields:
    """The fields of a configuration; remembers which were read, and refuses what is missing or no number."""

    def __init__(self, given: Mapping[str, Any], where: str = "", read: set[str] | None = None) -> None:
        self._given = given
        self._where = where
        self.read: set[str] = set() if read is None else read

    def get(self, *names: str) -> Any:
        """The first of these fields that is there and not null; None when there is none."""
        for name in names:
            if self._given.get(name) is not None:
                self.read.add(self._where + name)
                return self._given[name]
        return None

    def whole(self, *names: str) -> int:
        """A positive whole number that must be there, under one of these names."""
        value = self.get(*names)
        if value is None:
            raise ConfigError(f"the configuration lacks {' / '.join(self._where + name for name in names)}")
        return self._number(value, names[0])

    def whole_or(self, default: int, *names: str) -> int:
        """A whole number, or what its absence means."""
        value = self.get(*names)
        return default if value is None else self._number(value, names[0], least=0)

    def _number(self, value: Any, name: str, least: int = 1) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**9:
            raise ConfigError(f"{self._where}{name} is {str(value)[:40]!r}, which is no count that makes sense")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Yes or no, or what its absence means."""
        value = self.get(name)
        return default if value is None else yes_or_no(value, self._where + name)

    def each_layer(self, name: str, count: int) -> list[Any] | None:
        """One entry for each layer; None when the field is not there."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) < count:
            raise ConfigError(f"{self._where}{name} does not have an entry for each of the {count} layers")
        if not all(isinstance(entry, str | int) for entry in value):
            raise ConfigError(f"{self._where}{name} has entries that are neither words nor numbers")
        return value[:count]

    def layers(self) -> int:
        """How many layers there are."""
        count = self.whole("num_hidden_layers")
        if count > MOST_LAYERS:
            raise ConfigError(f"{self._where}num_hidden_layers is {count:,}; models have a few dozen layers")
        return count

    def inner(self, name: str) -> Fields | None:
        """A group of fields; None when it is not there or null."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ConfigError(f"{self._where}{name} is no group of fields")
        return Fields(value, f"{self._where}{name}.", self.read)


def yes_or_no(value: Any, name: str) -> bool:
    """A flag; `"false"` in quotes is none."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {str(value)[:40]!r}, which is neither true nor false")
    return value
