"""What each model and task class was asked, and what the export says it cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.domain.usage import BilledCost, UsageClass
from planner.workload.rollup import IntArray, Rollup
from planner.workload.usage_rows import NANO

BATCH = "batch"
MOST_NAME = 200


@dataclass(frozen=True)
class Groups:
    """Rows of a rollup put together: `place` says the group of each row, 0 to `size` - 1."""

    rollup: Rollup
    place: IntArray
    size: int

    def total(self, values: IntArray) -> IntArray:
        """Sum of each group, exactly; shape (groups,)."""
        sums = np.zeros(self.size, dtype=np.int64)
        np.add.at(sums, self.place, values)
        return sums

    def known(self, name: str) -> list[int | None]:
        """Sum of each group over the usage rows that say it; None where none does."""
        rows = self.total(self.rollup.known[name])
        sums = self.total(self.rollup.sums[name])
        return [total if n else None for total, n in zip(sums.tolist(), rows.tolist(), strict=True)]

    def complete(self, name: str) -> list[int | None]:
        """Sum of each group where every usage row says it: a part of the requests is not the requests."""
        missing = self.total(self.rollup.usage_rows - self.rollup.known[name])
        sums = self.total(self.rollup.sums[name])
        return [None if n else total for total, n in zip(sums.tolist(), missing.tolist(), strict=True)]


def usage_classes(rollup: Rollup) -> tuple[UsageClass, ...]:
    """One for each model and task class, most tokens first."""
    models, tasks = rollup.labels["model"], rollup.labels["task_class"]
    codes, place = np.unique(models.codes * len(tasks.names) + tasks.codes, return_inverse=True)
    groups = Groups(rollup, np.asarray(place, dtype=np.int64), codes.size)
    figures = {name: groups.known(name) for name in UsageClass.model_fields if name in rollup.sums}
    figures["requests"] = groups.complete("requests")
    batch = _batch_fractions(groups)
    found = [
        UsageClass(
            model=_plain(models.names[code // len(tasks.names)]),
            task_class=_plain(tasks.names[code % len(tasks.names)]),
            batch_requests_fraction=batch[at],
            **{name: values[at] for name, values in figures.items()},
        )
        for at, code in enumerate(codes.tolist())
    ]
    return tuple(sorted(found, key=lambda c: (-c.tokens, c.model, c.task_class)))


def _plain(name: str) -> str:
    """A name of the export without control characters, cut to what a document holds."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return shown if len(shown) <= MOST_NAME else f"{shown[: MOST_NAME - 1]}…"


def _batch_fractions(groups: Groups) -> list[float]:
    """Share of requests, of tokens where a group does not count its requests, that were sent as batch."""
    rollup = groups.rollup
    tiers = rollup.labels["service_tier"]
    batch = np.isin(tiers.codes, [code for code, name in enumerate(tiers.names) if name.lower() == BATCH])
    tokens = np.asarray(rollup.prompt_tokens + rollup.sums["output_tokens"])
    shares = [_shares(groups, values, batch.astype(np.int64)) for values in (rollup.sums["requests"], tokens)]
    counted = groups.complete("requests")
    return [by_request if n is not None else by_token for n, by_request, by_token in zip(counted, *shares, strict=True)]


def _shares(groups: Groups, values: IntArray, batch: IntArray) -> list[float]:
    whole, part = groups.total(values), groups.total(values * batch)
    return [n / total if total else 0.0 for n, total in zip(part.tolist(), whole.tolist(), strict=True)]


def billed(rollup: Rollup) -> tuple[BilledCost, ...]:
    """The export's own cost by currency, in the order of their names."""
    currencies = rollup.labels["currency"]
    groups = Groups(rollup, currencies.codes, len(currencies.names))
    rows = groups.total(rollup.known["cost_nano"]).tolist()
    return tuple(
        BilledCost(currency=_plain(name), amount=nano / NANO, rows=n)
        for name, nano, n in zip(currencies.names, groups.known("cost_nano"), rows, strict=True)
        if nano is not None
    )
