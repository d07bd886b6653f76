"""Small tables of prices for tests: rows out of plain figures, and a catalog that holds nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

from planner.catalog.catalog import Catalog
from planner.catalog.rows import ApiCheckRow, ApiPriceRow, ContractedPriceRow, RetirementRow
from planner.catalog.tables import Tables

SOURCED = {"origin": "published", "source": "the provider's price page", "source_url": "https://example.com/prices"}


def price(price_id: str = "row", input_usd: str = "1", output_usd: str = "2", **more: Any) -> ApiPriceRow:
    """A dated price of `acme`'s model `small`, in force from 2026-01-01 on."""
    fields: dict[str, Any] = {
        "price_id": price_id,
        "provider": "acme",
        "provider_name": "Acme",
        "model": "small",
        "input_usd_per_mtok": input_usd,
        "output_usd_per_mtok": output_usd,
        "effective_from": "2026-01-01",
        "as_of": "2026-01-01",
        "confidence": "high",
    }
    return ApiPriceRow.model_validate(fields | SOURCED | more)


def contract(contract_id: str = "deal", **more: Any) -> ContractedPriceRow:
    """A contract for `acme`'s model `small`, in force from 2026-01-01 on."""
    fields: dict[str, Any] = {
        "contract_id": contract_id,
        "provider": "acme",
        "model": "small",
        "owner": "Procurement",
        "reason": "quote 17 of 2025-12-20",
        "effective_from": "2026-01-01",
        "as_of": "2026-01-01",
    }
    return ContractedPriceRow.model_validate(fields | more)


def retirement(day: str, as_of: str = "2026-01-01", **more: Any) -> RetirementRow:
    """The day from which `acme` no longer serves `small`."""
    fields = {"retirement_id": f"small-{as_of}", "provider": "acme", "model": "small", "retires_on": day}
    return RetirementRow.model_validate(fields | SOURCED | {"as_of": as_of} | more)


def check(input_usd: str, output_usd: str, **more: Any) -> ApiCheckRow:
    """Another source's word on the same price."""
    fields: dict[str, Any] = {
        "check_id": "check",
        "provider": "acme",
        "model": "small",
        "name": "Small at Acme",
        "checked_by": "another list",
        "input_usd_per_mtok": input_usd,
        "output_usd_per_mtok": output_usd,
        "finding": "undecided",
        "explanation": "Nobody dates it.",
        "as_of": "2026-01-01",
        "confidence": "medium",
    }
    return ApiCheckRow.model_validate(fields | SOURCED | more)


def catalog_of(
    *prices: ApiPriceRow,
    contracted: tuple[ContractedPriceRow, ...] = (),
    retirements: tuple[RetirementRow, ...] = (),
    checks: tuple[ApiCheckRow, ...] = (),
) -> Catalog:
    """A catalog with these rows over the price library."""
    empty: dict[str, Any] = {f.name: () for f in dataclasses.fields(Tables) if f.init}
    rows = {"api_prices": prices, "contracted": contracted, "retirements": retirements, "api_checks": checks}
    return Catalog(Tables(**(empty | rows)), "test")
