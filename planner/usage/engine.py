"""The thin door to an engine: it runs one text and hands back whole columns."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa


class Engine(Protocol):
    """DuckDB here, or the warehouse where the logs are."""

    name: str

    def table(self, text: str) -> pa.Table:
        """Run a text written in DuckDB's dialect; the adapter rewrites it into its own. Raises UsageError."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
