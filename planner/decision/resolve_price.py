"""The rental price of a GPU: a catalog row of the right GPU and term, or one typed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from planner.catalog.rows import GpuPriceRow
from planner.catalog.tables import Tables
from planner.decision.rented_evidence import price_evidence
from planner.decision.resolve_throughput import Blocked
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.nearest import did_you_mean
from planner.domain.options import RentedOption

RESERVED_1Y_MONTHS = 12


class RentalPrice(NamedTuple):
    """A price with its evidence and what to know of it."""

    usd_per_gpu_hour: float
    evidence: Evidence
    warnings: tuple[str, ...]


def nearest(name: str, known: Iterable[str]) -> str:
    """The way out of an unknown name: the ones that exist."""
    names = sorted(known)
    return did_you_mean(name, names, f"Known: {', '.join(names[:8])}, …")


def rental_price(option: RentedOption, where: str, tables: Tables) -> RentalPrice:
    """USD per GPU-hour; Blocked when there is no such price for this GPU and term."""
    if option.price is not None:
        typed = option.price
        shown = f"{typed.usd_per_gpu_hour.normalize():f}"
        item = typed.provenance.evidence(f"{option.label}, GPU rental", shown, "USD per GPU-hour")
        return RentalPrice(float(typed.usd_per_gpu_hour), item, ())
    row = tables.gpu_price_by_id.get(option.price_id or "")
    if row is None:
        raise Blocked(_unknown_price(option, where, tables))
    if row.gpu_id != option.gpu_id:
        raise Blocked(
            Reason(
                code="PRICE_UNKNOWN",
                message=f"{row.price_id} is a price for {row.gpu_id}, not for {option.gpu_id}.",
                field=f"{where}.price_id",
                remedy=nearest(option.price_id or "", _price_ids(option, tables)),
            )
        )
    if row.term not in row_terms(option):
        raise Blocked(
            Reason(
                code="PRICE_UNKNOWN",
                message=f"{row.price_id} is a {row.term} price; this option's term is {option.term}"
                + (f" for {option.term_months} months." if option.term == "reserved" else "."),
                field=f"{where}.price_id",
                remedy=nearest(option.price_id or "", _price_ids(option, tables)),
            )
        )
    return RentalPrice(row.usd_per_gpu_hour, price_evidence(row), _node_warnings(option, row))


def _price_ids(option: RentedOption, tables: Tables) -> list[str]:
    terms = row_terms(option)
    return [row.price_id for row in tables.gpu_prices if row.gpu_id == option.gpu_id and row.term in terms]


def row_terms(option: RentedOption) -> tuple[str, ...]:
    """Terms of catalog rows that price this option; reservations are listed for one and for three years."""
    if option.term == "reserved":
        return ("reserved_3y",) if option.term_months > RESERVED_1Y_MONTHS else ("reserved_1y",)
    return (option.term,)


def _unknown_price(option: RentedOption, where: str, tables: Tables) -> Reason:
    named = f"The catalog has no GPU price {option.price_id!r}." if option.price_id else "No GPU price is given."
    return Reason(
        code="PRICE_UNKNOWN",
        message=named,
        field=f"{where}.price_id",
        remedy=nearest(option.price_id or option.gpu_id, _price_ids(option, tables))
        + " Or type in the price you were quoted.",
    )


def _node_warnings(option: RentedOption, row: GpuPriceRow) -> tuple[str, ...]:
    if row.gpus_per_instance <= option.gpus_per_replica * option.replica_step:
        return ()
    return (
        f"{row.instance} comes with {row.gpus_per_instance} GPUs; set replica_step so that whole instances are rented.",
    )
