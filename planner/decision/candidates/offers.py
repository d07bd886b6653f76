"""The price rows that count: one per offer, in force on the day, on the terms and from the providers asked for."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.catalog.gpu_offers import SERVERLESS, contract_in_force, current
from planner.catalog.rows import GpuPriceRow, GpuRow
from planner.catalog.tables import Tables
from planner.domain.capacity import CapacityRequest
from planner.units import FloatArray

UNIT_PRICED = ("BM", "n1 T4 attachment")
"""Instances of hyperscalers that the catalog prices by the single GPU though more come together."""


class Offers(NamedTuple):
    """Prices of the GPUs searched, cheapest first, and what they leave out."""

    rows: tuple[GpuPriceRow, ...]
    usd_per_gpu_hour: FloatArray
    """As contracted, where there is a contract; (k,)."""
    gpu: NDArray[np.intp]
    """Which of the GPUs, (k,)."""
    wanted: NDArray[np.bool_]
    """On the terms, from the providers and in the region asked for, (k,)."""
    group_gpus: NDArray[np.intp]
    """Most GPUs of one machine; a number beyond any replica where the source prices single GPUs, (k,)."""


def offers(gpus: list[GpuRow], request: CapacityRequest, tables: Tables, on: dt.date) -> Offers:
    """Every offer of these GPUs at its price on the day; a contract goes before the list."""
    place = {gpu.gpu_id: i for i, gpu in enumerate(gpus)}
    found = sorted(
        ((_price(row, tables, on), row) for row in current((r for r in tables.gpu_prices if r.gpu_id in place), on)),
        key=lambda pair: (pair[0], pair[1].price_id),
    )
    rows = tuple(row for _, row in found)
    return Offers(
        rows=rows,
        usd_per_gpu_hour=np.asarray([usd for usd, _ in found], dtype=np.float64),
        gpu=np.asarray([place[row.gpu_id] for row in rows], dtype=np.intp),
        wanted=np.asarray([is_wanted(row, request) for row in rows], dtype=bool),
        group_gpus=np.asarray([group_gpus(row) for row in rows], dtype=np.intp),
    )


def is_wanted(row: GpuPriceRow, request: CapacityRequest) -> bool:
    """Whether an offer is of the kind asked for; serverless prices leave out CPU and memory and never are."""
    return (
        row.term in request.terms
        and row.instance != SERVERLESS
        and (not request.provider_tiers or row.provider_tier in request.provider_tiers)
        and (not request.providers or row.provider.casefold() in {name.casefold() for name in request.providers})
        and (not row.region or row.region.casefold().startswith(request.region.casefold()))
    )


def group_gpus(row: GpuPriceRow) -> int:
    """GPUs that come together; `ANY` where the source prices single GPUs of larger machines."""
    if row.gpus_per_instance > 1:
        return row.gpus_per_instance
    return 1 if row.provider_tier == "hyperscaler" and row.instance not in UNIT_PRICED else ANY


ANY = 1 << 20


def _price(row: GpuPriceRow, tables: Tables, on: dt.date) -> float:
    contract = contract_in_force(row, tables, on) if tables.contracted else None
    agreed = None if contract is None else contract.usd_per_gpu_hour
    return row.usd_per_gpu_hour if agreed is None else agreed
