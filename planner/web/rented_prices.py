"""The catalog's rental prices that fit a GPU and a term."""

from __future__ import annotations

from planner.catalog.rows import GpuPriceRow
from planner.decision.resolve_price import row_terms
from planner.domain.options import RentedOption
from planner.web.option_switch import Changes
from planner.web.state import catalog


def fitting_rows(option: RentedOption) -> list[GpuPriceRow]:
    """Prices of the option's GPU on its term, cheapest first."""
    return _rows(option.gpu_id, row_terms(option))


def _rows(gpu_id: str, terms: tuple[str, ...]) -> list[GpuPriceRow]:
    rows = [row for row in catalog().tables.gpu_prices if row.gpu_id == gpu_id and row.term in terms]
    return sorted(rows, key=lambda row: row.usd_per_gpu_hour)


def cheapest_price_id(gpu_id: str) -> str | None:
    """On-demand row of a GPU."""
    return next((row.price_id for row in _rows(gpu_id, ("on_demand",))), None)


def row_of(option: RentedOption) -> GpuPriceRow | None:
    """The row that the option names."""
    return catalog().tables.gpu_price_by_id.get(option.price_id or "")


def with_price(option: RentedOption, **changes: object) -> Changes:
    """The changes, and the row that fits them: the same provider's when it has one, else the cheapest."""
    changed, before = option.model_copy(update=changes), row_of(option)
    if option.price is not None or (before is not None and before in fitting_rows(changed)):
        return dict(changes)
    offered = fitting_rows(changed)
    same = [row for row in offered if before is not None and row.provider == before.provider]
    chosen = next(iter([*same, *offered]), None)
    return {**changes, "price_id": None if chosen is None else chosen.price_id}


def rental_usd_per_gpu_hour(gpu_id: str, option: RentedOption | None = None) -> float | None:
    """On-demand price of a GPU: typed in the option, of its row, of its provider, or else the cheapest."""
    if option is not None and option.price is not None:
        return float(option.price.usd_per_gpu_hour)
    before, rows = option and row_of(option), _rows(gpu_id, ("on_demand",))
    if before and before in rows:
        return before.usd_per_gpu_hour
    same = [row for row in rows if before and row.provider == before.provider]
    return next((row.usd_per_gpu_hour for row in [*same, *rows]), None)
