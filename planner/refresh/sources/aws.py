"""AWS's bulk price list: on demand and reserved prices of the machines that the catalog knows.

The file of one region has some hundreds of megabytes. It is read line by line as it arrives and never held: lines that
name none of our machines are dropped before they are taken apart.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from planner.catalog.catalog import Catalog
from planner.catalog.rows import GpuPriceRow
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, Limits
from planner.refresh.snapshot import RowMaker, Snapshot, Source
from planner.refresh.sources.offers import as_in_force, known_offers, least, newest, repriced
from planner.refresh.sources.text import day, number

NAME = "AWS"
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
MACHINE = re.compile(r"[a-z0-9-]+\.[a-z0-9]+")
TERMS = {"1yr": "reserved_1y", "3yr": "reserved_3y"}
LISTED_TERMS = ("on_demand", *TERMS.values())
"""Spot prices and capacity blocks are not on this list."""
PREAMBLE_LINES = 20
"""The column names come after a few lines about the file."""
LINE_BYTES = 65536
LIST = {
    "Tenancy": ("Shared",),
    "Operating System": ("Linux",),
    "Pre Installed S/W": ("", "NA"),
    "CapacityStatus": ("", "Used"),
    "MarketOption": ("", "OnDemand"),
    "Currency": ("USD",),
    "Unit": ("Hrs",),
}
"""Column -> the cells of an ordinary Linux machine by the hour; a column that is not there asks nothing."""
RESERVED = {"PurchaseOption": "No Upfront", "OfferingClass": "standard"}


class _Listed(NamedTuple):
    """What the file of one region says."""

    published_on: dt.date | None
    prices: Mapping[tuple[str, str], frozenset[Decimal]]
    """Machine and term -> USD per machine and hour."""


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Today's price of every known offer of AWS that is on the list."""
    known = known_offers(catalog, on, _asked)
    regions = sorted({row.region for row in known})
    lists = {r: source.door.read(_url(source, r), _reader(known, r), "csv") for r in regions}
    maker, found = RowMaker(), []
    for row in known:
        prices = lists[row.region].prices.get((row.instance, row.term), frozenset())
        if len(prices) == 1:
            found.append((row, next(iter(prices)) / row.gpus_per_instance, _note(row)))
        elif prices:
            maker.refuse(f"{row.instance}, {row.term} in {row.region}", "there is more than one price")
    published = [listed.published_on for listed in lists.values() if listed.published_on]
    rows = repriced(found, f"AWS Price List, bulk file of {on}", _url(source, "us-east-1"), on, maker)
    return Snapshot(
        rows=rows,
        in_force=as_in_force(known),
        counts={"offers": len(rows)},
        least=least(known),
        dated=min(published, default=None),
        notes=maker.notes(),
    )


def _asked(row: GpuPriceRow) -> bool:
    ours = row.provider == NAME and row.term in LISTED_TERMS
    return ours and bool(REGION.fullmatch(row.region)) and bool(MACHINE.fullmatch(row.instance))


def _url(source: Source, region: str) -> str:
    return f"{source.url}/{region}/index.csv"


def _note(row: GpuPriceRow) -> str:
    return "no upfront payment, standard class" if row.term in TERMS.values() else ""


def _reader(known: Iterable[GpuPriceRow], region: str) -> Callable[[Iterator[bytes]], _Listed]:
    machines = frozenset(row.instance for row in known if row.region == region)
    return lambda pieces: _listed(_lines(pieces), machines)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a stream, none longer than the limit."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LINE_BYTES:
            raise RefreshError("The AWS price list has a line without end.", "It may not be a CSV file; try later.")
    if rest:
        yield rest


def _listed(lines: Iterator[bytes], machines: frozenset[str]) -> _Listed:
    published_on, header = _preamble(lines)
    wanted = re.compile(b"|".join(rb'"%s"' % re.escape(machine.encode()) for machine in machines))
    found: dict[tuple[str, str], set[Decimal]] = {}
    for line in lines:
        if wanted.search(line):
            cells = dict(zip(header, next(csv.reader([line.decode("utf-8", "replace")])), strict=False))
            if (key := _key(cells)) and key[0] in machines and (price := number(cells.get("PricePerUnit"))):
                found.setdefault(key, set()).add(price)
    return _Listed(published_on, {key: frozenset(prices) for key, prices in found.items()})


def _preamble(lines: Iterator[bytes]) -> tuple[dt.date | None, list[str]]:
    """Publication day and column names. Raises RefreshError when this is another file."""
    published_on = None
    for _, line in zip(range(PREAMBLE_LINES), lines, strict=False):
        cells = next(csv.reader([line.decode("utf-8", "replace")]), [])
        if cells[:1] == ["Publication Date"] and len(cells) > 1:
            published_on = day(cells[1])
        if "Instance Type" in cells and "PricePerUnit" in cells:
            return published_on, cells
    raise RefreshError(
        "The AWS price list has no column names where they used to be.", "The source may have changed its form."
    )


def _key(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """Machine and term of a line; None when it is about something else."""
    if any(cells.get(column, allowed[0]) not in allowed for column, allowed in LIST.items()):
        return None
    machine = cells.get("Instance Type", "")
    if cells.get("TermType") == "OnDemand":
        return machine, "on_demand"
    if cells.get("TermType") == "Reserved" and all(cells.get(key) == value for key, value in RESERVED.items()):
        term = TERMS.get(cells.get("LeaseContractLength", ""))
        return (machine, term) if term else None
    return None


AWS = Source(
    name="aws",
    title="AWS Price List bulk files",
    url="https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current",
    door=Door(
        hosts=frozenset({"https://pricing.us-east-1.amazonaws.com"}),
        limits=Limits(total_s=900, max_bytes=1_500_000_000, tries=2),
    ),
    read=read,
    kept_from=lambda catalog: newest(catalog, _asked),
)
