"""Contracted prices as a table in FOCUS words: list, contracted and effective unit price, owner and reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from planner.catalog.catalog import Catalog
from planner.catalog.gpu_offers import contract_in_force, price_in_force
from planner.catalog.history import USD_PER_GPU_HOUR, USD_PER_MTOK, row_id, states
from planner.catalog.price_terms import ListedPrices, PriceUnknown
from planner.catalog.rows import ContractedPriceRow
from planner.decision.catalog_columns import cell, name_of
from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NONE, ROW, Column, Table
from planner.domain.prices import RateCard


class UnitPrices(NamedTuple):
    """One price of one contract, in its unit; None: there is no such price."""

    name: str
    unit: str
    listed: Decimal | None
    contracted: Decimal | None
    effective: Decimal | None
    """What answers use on the day."""

    @property
    def saving_fraction(self) -> float | None:
        """effective / list - 1; None without both, or where the list says 0."""
        if self.effective is None or not self.listed:
            return None
        return float(self.effective / self.listed - 1)


def subject(catalog: Catalog, contract: ContractedPriceRow) -> str:
    """What a contract is about, as the lists of prices name it."""
    if contract.gpu_price_id:
        return name_of(catalog.tables.gpu_price_by_id[contract.gpu_price_id], "gpu_prices")
    return f"{contract.model} at {contract.provider}"


def unit_prices(catalog: Catalog, contract: ContractedPriceRow, on: dt.date) -> tuple[UnitPrices, ...]:
    """The prices that a contract is about, with what the list says and what answers use on a day."""
    if contract.gpu_price_id:
        return (_gpu_price(catalog, contract, on),)
    return tuple(_token_prices(catalog, contract, on))


def _gpu_price(catalog: Catalog, contract: ContractedPriceRow, on: dt.date) -> UnitPrices:
    named = catalog.tables.gpu_price_by_id[contract.gpu_price_id]
    listed = price_in_force(named, catalog.tables.gpu_prices, on).usd_per_gpu_hour
    used = contract_in_force(named, catalog.tables, on)
    effective = used.usd_per_gpu_hour if used is not None and used.usd_per_gpu_hour is not None else listed
    return UnitPrices(
        "GPU rental", USD_PER_GPU_HOUR, _exact(listed), _exact(contract.usd_per_gpu_hour), _exact(effective)
    )


def _token_prices(catalog: Catalog, contract: ContractedPriceRow, on: dt.date) -> Iterator[UnitPrices]:
    found = _resolved(catalog, contract, on)
    effective = None if found is None else found.periods[0].prices.rates
    listed = _list_rates(found)
    for name, field in (
        ("Input", "input_usd_per_mtok"),
        ("Cached input", "cached_input_usd_per_mtok"),
        ("Output", "output_usd_per_mtok"),
    ):
        contracted = getattr(contract, field)
        if name != "Cached input" or contracted is not None:
            yield UnitPrices(
                name, USD_PER_MTOK, getattr(listed, field, None), contracted, getattr(effective, field, None)
            )


def _resolved(catalog: Catalog, contract: ContractedPriceRow, on: dt.date) -> ListedPrices | None:
    try:
        return catalog.token_prices(contract.provider, contract.model, on, 1)
    except PriceUnknown:
        return None


def _list_rates(found: ListedPrices | None) -> RateCard | None:
    """The list prices, whether or not a contract replaces them."""
    if found is None:
        return None
    source = found.sources[0]
    if source.contract is None:
        return found.periods[0].prices.rates
    return None if source.list_prices is None else source.list_prices.rates


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))


def contract_rows(catalog: Catalog, on: dt.date) -> Table:
    """Every contract with its unit prices, newest first."""
    contracts = catalog.tables.contracted
    state_of = states(contracts, on)
    columns = (
        Column("Subject"),
        Column("Price"),
        Column("Unit"),
        Column("List unit price", align="right"),
        Column("Contracted unit price", align="right"),
        Column("Effective unit price", align="right"),
        Column("Difference", "%", "right"),
        Column("Owner"),
        Column("Reason"),
        Column("From"),
        Column("To"),
        Column("State"),
        Column(ROW),
    )
    ranked = sorted(contracts, key=lambda row: (row.effective_from, row.as_of), reverse=True)
    rows = [
        (
            subject(catalog, row),
            price.name,
            price.unit,
            cell(price.listed),
            cell(price.contracted) if price.contracted is not None else "back to list",
            cell(price.effective),
            NONE if price.saving_fraction is None else percent_change(price.saving_fraction),
            row.owner,
            row.reason,
            str(row.effective_from),
            str(row.effective_to or "until a newer one"),
            state_of[row_id(row)],
            row_id(row),
        )
        for row in ranked
        for price in unit_prices(catalog, row, on)
    ]
    return Table("Contracted prices", columns, tuple(rows))
