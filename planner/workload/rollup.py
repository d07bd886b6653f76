"""The rollup as arrays: what every later question (price, peak, profile, plan) is answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.workload.usage_rows import KEYS, SUMS

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """A text column of n rows: the distinct texts, sorted, and for each row the place of its text."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @staticmethod
    def of(values: Sequence[str]) -> Labels:
        """From one text per row."""
        names = sorted(set(values))
        place = {name: code for code, name in enumerate(names)}
        return Labels(tuple(names), np.fromiter((place[v] for v in values), dtype=np.int64, count=len(values)))


@dataclass(frozen=True)
class Rollup:
    """Sums by minute and keys; every array has shape (rows,). Sorted by minute, then by keys.

    `sums[name]` and `known[name]` are the sum over, and the number of, usage rows that say `name` (see SUMS): a sum
    with nothing known is unknown, not 0. `context_band` counts the `thresholds` that the prompt is strictly above.
    """

    minute_us: IntArray
    bucket_s: IntArray
    labels: Mapping[str, Labels]
    """model, task_class, owner, service_tier, currency."""
    context_band: IntArray
    usage_rows: IntArray
    sums: Mapping[str, IntArray]
    known: Mapping[str, IntArray]
    thresholds: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Rows."""
        return int(self.minute_us.size)

    def total(self, name: str) -> int | None:
        """Sum over everything; None when no row says it."""
        return int(self.sums[name].sum()) if self.known[name].any() else None

    @property
    def prompt_tokens(self) -> IntArray:
        """Whole prompt per row."""
        return np.asarray(
            self.sums["fresh_input_tokens"]
            + self.sums["cached_input_tokens"]
            + self.sums["cache_write_tokens"]
            + self.sums["cache_write_1h_tokens"]
        )


TEXT_KEYS = tuple(key for key in KEYS if key != "bucket_s")
ROLLUP_COLUMNS = (
    "minute_us",
    *(f"{key}_key" for key in KEYS),
    "context_band",
    "usage_rows",
    *(f"{name}_{part}" for name in SUMS for part in ("sum", "known")),
)
"""Names of the rollup as a table, in their order."""
