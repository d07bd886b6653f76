"""Proposed rows against what is in force: which are new, which figures changed and by how much, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from planner.catalog.history import row_id
from planner.catalog.rows import ApiPriceRow, GpuPriceRow, Row
from planner.refresh.snapshot import InForce, Offer

Change = Literal["changed", "added", "missing"]
GPU_TOLERANCE = Decimal("0.0001")
"""USD per GPU-hour: prices of whole machines are divided and rounded to four decimals."""
API_FIGURES = {
    "input_usd_per_mtok": "input",
    "cached_input_usd_per_mtok": "cached input",
    "cache_write_5m_usd_per_mtok": "cache write 5 min",
    "cache_write_1h_usd_per_mtok": "cache write 1 h",
    "output_usd_per_mtok": "output",
    "reasoning_usd_per_mtok": "reasoning",
    "batch_input_usd_per_mtok": "batch input",
    "batch_output_usd_per_mtok": "batch output",
    "long_above_tokens": "long prompts above",
    "long_input_multiplier": "long input factor",
    "long_output_multiplier": "long output factor",
}
UNITS = {"long_above_tokens": "tokens", "long_input_multiplier": "times", "long_output_multiplier": "times"}


class DiffLine(NamedTuple):
    """One figure that differs."""

    change: Change
    row: str
    """`table/id` of the row in force, or of the proposed one when there was none."""
    what: str
    figure: str
    unit: str
    old: Decimal | None
    new: Decimal | None

    @property
    def change_fraction(self) -> Decimal | None:
        """New over old, less one; None where one of them is missing or the old one is 0."""
        return self.new / self.old - 1 if self.old and self.new is not None else None


@dataclass(frozen=True)
class Diff:
    """What a snapshot would change."""

    rows: tuple[Row, ...]
    """Rows to add: every proposed one that is new or differs."""
    lines: tuple[DiffLine, ...]
    added: int
    changed: int
    unchanged: int
    missing: tuple[str, ...]
    """What the catalog has from this source, and the snapshot has not."""


def offer_of(row: Row) -> Offer:
    """What a price row prices, whatever the day; an announced price is told apart by its first day."""
    match row:
        case GpuPriceRow():
            return row.offer
        case ApiPriceRow():
            return (row.provider, row.model, row.region, row.service_tier, row.effective_from if _ahead(row) else None)
    raise TypeError(f"{type(row).__name__} is no row of prices")


def what(row: Row) -> str:
    """The offer in words."""
    match row:
        case GpuPriceRow():
            region = f", {row.region}" if row.region else ""
            return f"{row.gpu_id} at {row.provider}, {row.instance}, {row.term.replace('_', ' ')}{region}"
        case ApiPriceRow():
            return " ".join(filter(None, (row.model, "at", row.provider_name, row.region, _tier(row), _ahead(row))))
    raise TypeError(f"{type(row).__name__} is no row of prices")


def _tier(row: ApiPriceRow) -> str:
    return "" if row.service_tier == "standard" else row.service_tier


def _ahead(row: ApiPriceRow) -> str:
    """An announced change says from when."""
    return f"from {row.effective_from}" if row.effective_from.isoformat() > row.as_of else ""


def figures(row: Row) -> dict[str, Decimal | None]:
    """The figures that two rows of one offer may differ in, by column."""
    if isinstance(row, GpuPriceRow):
        return {"usd_per_gpu_hour": Decimal(str(row.usd_per_gpu_hour))}
    values = ((name, getattr(row, name)) for name in API_FIGURES)
    return {name: None if value is None else Decimal(str(value)) for name, value in values}


def compare(proposed: Sequence[Row], in_force: Mapping[Offer, InForce]) -> Diff:
    """What adding the proposed rows would change, offer by offer, in the order proposed."""
    rows: list[Row] = []
    lines: list[DiffLine] = []
    added = changed = 0
    for row in proposed:
        old = in_force.get(offer_of(row))
        differing = list(_differing(row, old))
        if not differing:
            continue
        rows.append(row)
        lines += differing
        added, changed = added + (old is None), changed + (old is not None)
    known = {offer_of(row) for row in proposed}
    missing = tuple(what(old.row) for offer, old in in_force.items() if offer not in known)
    return Diff(tuple(rows), tuple(lines), added, changed, len(proposed) - len(rows), missing)


def _differing(row: Row, old: InForce | None) -> Iterator[DiffLine]:
    before = figures(old.row) if old is not None else {}
    for name, new in figures(row).items():
        if not _same(before.get(name), new, row):
            change: Change = "added" if old is None else "changed"
            label, unit = API_FIGURES.get(name, "GPU-hour"), UNITS.get(name, _money(row))
            identifier = row_id(row) if old is None else old.row_id
            yield DiffLine(change, identifier, what(row), label, unit, before.get(name), new)


def _same(old: Decimal | None, new: Decimal | None, row: Row) -> bool:
    if old is None or new is None:
        return old is new
    return abs(new - old) <= (GPU_TOLERANCE if isinstance(row, GpuPriceRow) else 0)


def _money(row: Row) -> str:
    return "USD per GPU-hour" if isinstance(row, GpuPriceRow) else "USD per 1M tokens"
