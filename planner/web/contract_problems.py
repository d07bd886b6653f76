"""What is wrong with a contract that was typed in, each with the label of its field and the way out."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from planner.catalog.catalog import Catalog
from planner.catalog.rows import ContractedPriceRow

LABELS = {
    "provider": "Contract with",
    "model": "Contracted model",
    "gpu_price_id": "Contracted GPU offer",
    "input_usd_per_mtok": "Contracted input, USD per 1M tokens",
    "cached_input_usd_per_mtok": "Contracted cached input, USD per 1M tokens",
    "output_usd_per_mtok": "Contracted output, USD per 1M tokens",
    "usd_per_gpu_hour": "Contracted price, USD per GPU and hour",
    "owner": "Owner",
    "reason": "Reason",
    "effective_from": "In force from",
    "effective_to": "Last day in force",
}
"""Field of a contract -> its label in the form, which its mistakes are told with."""
NO_PRICE = frozenset({"decimal_parsing", "decimal_type", "float_parsing", "finite_number", "greater_than_equal"})
WRITE_A_PRICE = "write a number from 0 up, with a point, such as 1.50"
WRITE_A_DAY = "write the day as YYYY-MM-DD"


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """What cannot be read, or does not go together."""
    return tuple(_problem(found["loc"], found["type"], found["msg"]) for found in error.errors(include_url=False))


def problems_with(row: ContractedPriceRow, catalog: Catalog) -> tuple[str, ...]:
    """What a row that can be read still has wrong in this catalog."""
    return tuple(_found(row, catalog))


def _found(row: ContractedPriceRow, catalog: Catalog) -> Iterator[str]:
    if row.provider and row.model not in catalog.models(row.provider):
        yield f"{LABELS['model']}: {row.provider} has no {row.model}. Choose one of its models."
    if any(_thing(other) == _thing(row) for other in catalog.tables.contracted):
        yield (
            f"{LABELS['effective_from']}: a contract for this from {row.effective_from} on was added today already. "
            "Choose another first day, or correct its line in contracted_prices.csv and restart."
        )


def _thing(row: ContractedPriceRow) -> tuple[object, ...]:
    return tuple(getattr(row, column) for column in ContractedPriceRow.THING)


def _problem(place: tuple[int | str, ...], kind: str, message: str) -> str:
    label = LABELS.get(str(place[0])) if place else None
    if kind == "missing":
        return f"{label or place[0]}: may not be blank."
    said = _plainly(kind, message.removeprefix("Value error, "))
    for field, name in LABELS.items():
        said = said.replace(field, name.split(",")[0].lower())
    return f"{label}: {said}." if label else f"{said[:1].upper()}{said[1:]}."


def _plainly(kind: str, message: str) -> str:
    """What a cell has to look like, where the checker only says that it does not."""
    if kind in NO_PRICE:
        return WRITE_A_PRICE
    return WRITE_A_DAY if kind.startswith("date") else message
