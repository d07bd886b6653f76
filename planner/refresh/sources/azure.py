"""Azure's retail prices: on demand, spot and reserved prices of the machines that the catalog knows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from planner.catalog.catalog import Catalog
from planner.catalog.rows import GpuPriceRow
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, Limits
from planner.refresh.snapshot import RowMaker, Snapshot, Source
from planner.refresh.sources.offers import HOURS_PER_YEAR, YEARS, as_in_force, known_offers, least, newest, repriced
from planner.refresh.sources.text import items, number, parse, words

NAME = "Azure"
PAGES = 10
"""Most pages read for one machine in one region; one is usual."""
OTHER_PRODUCTS = ("Windows", "Low Priority", "Dedicated", "CloudServices", "Cloud Services")
TERMS = {"1 Year": "reserved_1y", "3 Years": "reserved_3y"}
SIZE = re.compile(r"Standard_\w+")
Place = tuple[str, str]
"""Region and machine."""


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Today's price of every known offer of Azure that names a machine and a region."""
    known = known_offers(catalog, on, _asked)
    places = sorted({_place(row) for row in known})
    prices = {place: _by_term(_items(source, place), on) for place in places}
    maker, found = RowMaker(), []
    for row in known:
        listed = prices[_place(row)].get(row.term, [])
        if len(listed) == 1:
            found.append((row, listed[0] / row.gpus_per_instance, _note(row)))
        elif listed:
            maker.refuse(f"{row.instance}, {row.term} in {_place(row)[0]}", "there is more than one price")
    found = [entry for entry in found if _plausible(entry, found, maker)]
    rows = repriced(found, f"Azure Retail Prices API of {on}", "https://prices.azure.com/api/retail/prices", on, maker)
    return Snapshot(
        rows=rows, in_force=as_in_force(known), counts={"offers": len(rows)}, least=least(known), notes=maker.notes()
    )


def _asked(row: GpuPriceRow) -> bool:
    return row.provider == NAME and bool(SIZE.fullmatch(row.instance)) and bool(row.region)


def _place(row: GpuPriceRow) -> Place:
    """The first region, where a row stands for two of the same price."""
    return row.region.split("/")[0], row.instance


def _items(source: Source, place: Place) -> Iterator[Mapping[str, Any]]:
    """Everything on the list about one machine in one region, page after page."""
    region, machine = place
    asked = f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' and armSkuName eq '{machine}'"
    url = f"{source.url}?currencyCode=USD&$filter={quote(asked)}"
    for _ in range(PAGES):
        page = parse(source.door.get(url), NAME)
        yield from items(page, "Items", NAME)
        url = words(page, "NextPageLink")
        if not url:
            return
    raise RefreshError(
        f"{NAME} lists {machine} in {region} on more than {PAGES} pages.", "The source may have changed its form."
    )


def _by_term(listed: Iterator[Mapping[str, Any]], on: dt.date) -> dict[str, list[Decimal]]:
    """USD per machine and hour, by term: the newest that has begun; more than one where the list is not clear."""
    found: dict[str, dict[str, set[Decimal]]] = {}
    for item in listed:
        term, price, start = _term(item), _per_hour(item), words(item, "effectiveStartDate")[:10]
        ended = words(item, "effectiveEndDate")[:10] or on.isoformat()
        if term and price and start <= on.isoformat() <= ended:
            found.setdefault(term, {}).setdefault(start, set()).add(price)
    return {term: sorted(starts[max(starts)]) for term, starts in found.items()}


def _term(item: Mapping[str, Any]) -> str:
    """The term in our words; "" for another product, currency or unit."""
    text = " ".join(words(item, key) for key in ("productName", "skuName", "meterName"))
    if any(other in text for other in OTHER_PRODUCTS) or words(item, "currencyCode") != "USD":
        return ""
    if words(item, "type") == "Reservation":
        return TERMS.get(words(item, "reservationTerm"), "")
    if words(item, "type") != "Consumption" or words(item, "unitOfMeasure") != "1 Hour":
        return ""
    return "spot" if "Spot" in text else "on_demand"


def _per_hour(item: Mapping[str, Any]) -> Decimal | None:
    """USD per hour; the list gives a reservation for its whole term, whatever its unit says."""
    price = number(item.get("retailPrice"))
    years = YEARS.get(TERMS.get(words(item, "reservationTerm"), ""), 0)
    return price / (years * HOURS_PER_YEAR) if price and years else price


def _plausible(
    entry: tuple[GpuPriceRow, Decimal, str], found: Sequence[tuple[GpuPriceRow, Decimal, str]], maker: RowMaker
) -> bool:
    """Whether a term costs no more than on demand: otherwise its price is for something else."""
    row, price, _ = entry
    at_will = [p for r, p, _ in found if r.term == "on_demand" and _place(r) == _place(row)]
    if row.term in YEARS and at_will and price > at_will[0]:
        maker.refuse(f"{row.instance}, {row.term}", f"its {price:.4f} an hour are more than on demand")
        return False
    return True


def _note(row: GpuPriceRow) -> str:
    region = _place(row)[0]
    parts = [f"price of {region}"] if region != row.region else []
    parts += [f"price of the term over {YEARS[row.term] * HOURS_PER_YEAR:,} hours"] if row.term in YEARS else []
    return "; ".join(parts)


AZURE = Source(
    name="azure",
    title="Azure Retail Prices API",
    url="https://prices.azure.com/api/retail/prices",
    door=Door(hosts=frozenset({"https://prices.azure.com"}), limits=Limits(total_s=30, max_bytes=5_000_000)),
    read=read,
    kept_from=lambda catalog: newest(catalog, _asked),
)
