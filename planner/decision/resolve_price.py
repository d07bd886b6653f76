"""The rental price of a GPU: a catalog row of the right GPU and term, or one typed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from planner.catalog.gpu_offers import contract_change, contract_in_force, on_terms, price_in_force
from planner.catalog.rows import GpuPriceRow, PriceTerm
from planner.catalog.tables import Tables
from planner.decision.rented_evidence import contract_evidence, price_evidence
from planner.decision.throughput_values import Blocked
from planner.domain.base import as_of_date
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.nearest import did_you_mean
from planner.domain.options import RentedOption

RESERVED_MONTHS: dict[PriceTerm, int] = {"reserved_1y": 12, "reserved_3y": 36}


class RentalPrice(NamedTuple):
    """A price with its evidence and what to know of it."""

    usd_per_gpu_hour: float
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]


def nearest(name: str, known: Iterable[str]) -> str:
    """The way out of an unknown name: the ones that exist."""
    names = sorted(known)
    return did_you_mean(name, names, f"Known: {', '.join(names[:8])}, …")


def rental_price(option: RentedOption, where: str, tables: Tables, on: dt.date, until: dt.date) -> RentalPrice:
    """USD per GPU-hour on the day `on`; Blocked when there is no such price for this GPU and term.

    It holds for the whole horizon, whose months end at `until`: a contract that ends or begins before that is told.
    """
    if option.price is not None:
        typed = option.price
        shown = f"{typed.usd_per_gpu_hour.normalize():f}"
        item = typed.provenance.evidence(f"{option.label}, GPU rental", shown, "USD per GPU-hour")
        return RentalPrice(float(typed.usd_per_gpu_hour), (item,), ())
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
    return _on_day(option, row, tables, on, until)


def _on_day(option: RentedOption, named: GpuPriceRow, tables: Tables, on: dt.date, until: dt.date) -> RentalPrice:
    """The price in force on `on` of the offer that the named row belongs to; a contract for it replaces the list."""
    row = price_in_force(named, tables.gpu_prices, on)
    contract = contract_in_force(named, tables, on)
    warnings = (
        *_day_warnings(named, row, on),
        *_change_warnings(row, tables, on, until),
        *_block_warnings(row),
        *_reservation_warnings(option, row),
        *_node_warnings(option, row),
    )
    listed = price_evidence(row, replaces=named if row is not named else None)
    if contract is None or contract.usd_per_gpu_hour is None:
        return RentalPrice(row.usd_per_gpu_hour, (listed,), warnings)
    beside = listed.model_copy(update={"label": f"{listed.label}, list unit price", "unit": f"not used; {listed.unit}"})
    return RentalPrice(contract.usd_per_gpu_hour, (contract_evidence(contract, row), beside), warnings)


def _day_warnings(named: GpuPriceRow, row: GpuPriceRow, on: dt.date) -> tuple[str, ...]:
    """That the price used is another than the one named, or that none was known on that day."""
    found = []
    if row is not named:
        found.append(f"{row.provider} {row.instance}: price of {named.as_of} replaced by the one of {row.as_of}.")
    if as_of_date(row.as_of) > on:
        found.append(
            f"{row.provider} {row.instance}: no price is known for {on}; its earliest, of {row.as_of}, is used."
        )
    return tuple(found)


def _change_warnings(row: GpuPriceRow, tables: Tables, on: dt.date, until: dt.date) -> tuple[str, ...]:
    """That a contract ends or begins within the horizon: one price holds for all of it."""
    day = contract_change(row, tables, on, until)
    if day is None:
        return ()
    then = contract_in_force(row, tables, day)
    price = (
        f"the list price, ${row.usd_per_gpu_hour:g}"
        if then is None
        else f"the contracted price {then.contract_id}, ${then.usd_per_gpu_hour:g}"
    )
    offer = f"{row.provider} {row.instance}"
    return (f"{offer}: from {day} on {price} per GPU-hour is due, but all months are at the price of {on}.",)


def _block_warnings(row: GpuPriceRow) -> tuple[str, ...]:
    if row.term != "capacity_block":
        return ()
    block = f"{row.provider} {row.instance} is a capacity block: paid ahead for a fixed number of days, used or not."
    return (f"{block} A month needs one block after the other, each at the price of the day it is booked.",)


def _reservation_warnings(option: RentedOption, row: GpuPriceRow) -> tuple[str, ...]:
    months = RESERVED_MONTHS.get(row.term, option.term_months)
    if months == option.term_months:
        return ()
    offer = f"{row.provider} {row.instance}"
    return (f"{offer}: the price is for {months} months of commitment, and this option commits {option.term_months}.",)


def _price_ids(option: RentedOption, tables: Tables) -> list[str]:
    """Prices to offer instead: on the option's usual term, so no capacity block."""
    return [row.price_id for row in on_terms(tables.gpu_prices, option.gpu_id, row_terms(option)[:1])]


def row_terms(option: RentedOption) -> tuple[PriceTerm, ...]:
    """Terms of catalog rows that price this option, its usual one first.

    Reservations are listed for one and for three years. What is rented on demand may be capacity blocks too.
    """
    if option.term == "reserved":
        return ("reserved_3y",) if option.term_months > RESERVED_MONTHS["reserved_1y"] else ("reserved_1y",)
    return ("on_demand", "capacity_block") if option.term == "on_demand" else ("spot",)


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
