"""AWS's bulk list: one big CSV per region, read as it arrives. Served from this machine."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest

from planner.catalog.catalog import Catalog, load
from planner.catalog.rows import GpuPriceRow
from planner.refresh.fetch import Limits
from planner.refresh.guard import Accept
from planner.refresh.run import SourceReport, apply, refresh
from planner.refresh.sources.aws import AWS
from tests.refresh.loopback import QUICK, Answer, Handler, Loopback, body, status

ON = dt.date(2026, 11, 21)
COLUMNS = (
    "SKU",
    "TermType",
    "PriceDescription",
    "Unit",
    "PricePerUnit",
    "Currency",
    "LeaseContractLength",
    "PurchaseOption",
    "OfferingClass",
    "Instance Type",
    "Tenancy",
    "Operating System",
    "Pre Installed S/W",
    "CapacityStatus",
    "MarketOption",
)
LEASES = {"reserved_1y": "1yr", "reserved_3y": "3yr"}
MB = 1_000_000
Line = dict[str, str]


def line(row: GpuPriceRow, usd_per_gpu_hour: float | None = None, **other: str) -> Line:
    """What the list says of an offer: whole machines."""
    hourly = (usd_per_gpu_hour or row.usd_per_gpu_hour) * row.gpus_per_instance
    found = {
        "SKU": row.price_id,
        "TermType": "Reserved" if row.term in LEASES else "OnDemand",
        "PriceDescription": f'${hourly} per hour, "Linux"',
        "Unit": "Hrs",
        "PricePerUnit": f"{hourly:.10f}",
        "Currency": "USD",
        "Instance Type": row.instance,
        "Tenancy": "Shared",
        "Operating System": "Linux",
        "Pre Installed S/W": "NA",
        "CapacityStatus": "Used",
        "MarketOption": "OnDemand",
    }
    if row.term in LEASES:
        found |= {"LeaseContractLength": LEASES[row.term], "PurchaseOption": "No Upfront", "OfferingClass": "standard"}
    return found | {name.replace("_", " "): value for name, value in other.items()}


def listing(lines: Iterable[Line], published: str = "2026-11-20T10:00:00Z") -> bytes:
    """The file: five lines about it, column names, prices; every cell in quotes."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(
        [["FormatVersion", "v1.0"], ["Disclaimer", "For information only"], ["Publication Date", published]]
    )
    writer.writerows([["Version", "20261120"], ["OfferCode", "AmazonEC2"], COLUMNS])
    writer.writerows([[found.get(column, "") for column in COLUMNS] for found in lines])
    return text.getvalue().encode()


def asked(row: GpuPriceRow) -> bool:
    listed = row.provider == "AWS" and row.term in ("on_demand", "reserved_1y", "reserved_3y")
    return listed and row.region in ("us-east-1", "us-east-2")


class Shop:
    """The files of both regions."""

    def __init__(self, server: Loopback, catalog: Catalog) -> None:
        self.server = server
        self.known = [row for row in catalog.tables.gpu_prices if asked(row)]
        self.changed: dict[str, float] = {}
        self.more: list[Line] = []
        self.published = "2026-11-20T10:00:00Z"

    def stock(self) -> None:
        """Put the files on the server."""
        for region in ("us-east-1", "us-east-2"):
            rows = [row for row in self.known if row.region == region]
            lines = [line(row, row.usd_per_gpu_hour * self.changed.get(row.instance, 1)) for row in rows]
            self.server.answers[f"/ec2/{region}/index.csv"] = body(
                listing([*lines, *self.more], self.published), "text/csv"
            )


@pytest.fixture
def shop(server: Loopback, catalog: Catalog) -> Shop:
    return Shop(server, catalog)


def look(shop: Shop, catalog: Catalog, folder: Path, **accept: bool) -> SourceReport:
    shop.stock()
    source = shop.server.source(AWS, "/ec2")
    (found,) = refresh([source], catalog, ON, folder=folder, accept=Accept(**accept)).sources
    return found


def test_the_prices_we_have_are_no_news(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    found = look(shop, catalog, tmp_path)
    assert (found.status, found.diff.unchanged) == ("unchanged", len(shop.known))
    assert found.diff.missing == ()
    assert len(shop.server.asked) == 2


def test_a_machine_of_eight_is_divided_by_eight(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.changed = {"p5.48xlarge": 1.25}
    report = look(shop, catalog, tmp_path)
    news = {row.term: row.usd_per_gpu_hour for row in report.diff.rows if isinstance(row, GpuPriceRow)}
    # 6.88 x 1.25 = 8.6; 2.9721 x 1.25 = 3.715125
    assert news == {"on_demand": 8.6, "reserved_3y": 3.7151}


def test_other_lines_of_the_same_machine_are_not_its_price(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    h100 = next(row for row in shop.known if row.instance == "p5.48xlarge" and row.term == "on_demand")
    shop.more = [
        line(h100, 1, Tenancy="Dedicated"),
        line(h100, 2, Operating_System="Windows"),
        line(h100, 3, CapacityStatus="UnusedCapacityReservation"),
        line(h100, 4, Currency="CNY"),
        line(h100, 5, Unit="Quantity"),
        line(h100, 6, MarketOption="CapacityBlock"),
        line(h100, 7) | {"Pre Installed S/W": "SQL Ent"},
        line(h100, 0) | {"PricePerUnit": "0.0000000000"},
        line(h100) | {"TermType": "Reserved", "LeaseContractLength": "3yr", "PurchaseOption": "All Upfront"},
        line(h100) | {"TermType": "Reserved", "LeaseContractLength": "3yr", "OfferingClass": "convertible"},
        line(h100) | {"Instance Type": "p5.48xlarge.metal", "PricePerUnit": "8"},
    ]
    assert look(shop, catalog, tmp_path).status == "unchanged"


def test_two_prices_for_one_machine_are_left_out(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    t4 = next(row for row in shop.known if row.gpu_id == "t4")
    shop.more = [line(t4, 0.6)]
    found = look(shop, catalog, tmp_path)
    assert any("g4dn.xlarge" in note and "more than one price" in note for note in found.notes)
    assert found.diff.rows == ()


def test_ten_times_the_price_waits_for_a_word(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.changed = {"g4dn.xlarge": 10.1}
    assert [o.code for o in look(shop, catalog, tmp_path).objections] == ["JUMP"]
    assert look(shop, catalog, tmp_path, jumps=True).status == "new rows"


def test_a_list_with_few_of_our_machines_is_refused(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.known = shop.known[:5]
    assert [o.code for o in look(shop, catalog, tmp_path).objections] == ["FEWER"]


def test_a_list_of_an_earlier_day_than_the_last_is_refused(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.changed = {"g4dn.xlarge": 1.1}
    shop.stock()
    apply(refresh([shop.server.source(AWS, "/ec2")], catalog, ON, folder=tmp_path), tmp_path)
    mine = load(local_dir=tmp_path)
    assert look(shop, mine, tmp_path).status == "unchanged"
    shop.published = "2026-11-01T00:00:00Z"
    refused = look(shop, mine, tmp_path)
    assert [o.code for o in refused.objections] == ["OLDER"]
    assert "of 2026-11-01, older than what is here (2026-11-20)" in refused.reason


@pytest.mark.parametrize(
    "answer",
    [
        status(500),
        body(b"<html>sign in</html>", "text/csv"),
        body(b"a,b\n1,2\n", "text/csv"),
        body(b"x" * 200_000, "text/csv"),
        body(b"", "text/csv"),
    ],
    ids=["500", "html", "another form", "no lines", "empty"],
)
def test_what_is_no_list_is_an_error(server: Loopback, catalog: Catalog, tmp_path: Path, answer: Answer) -> None:
    server.answers["/ec2/us-east-1/index.csv"] = answer
    (found,) = refresh([server.source(AWS, "/ec2")], catalog, ON, folder=tmp_path).sources
    assert found.status == "failed"
    assert "Kept the prices of 2026-09-17." in found.reason


def test_a_long_list_is_never_held_in_memory(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.stock()
    start = listing(line(row) for row in shop.known if row.region == "us-east-1")
    other = b'"SKU","OnDemand","0.1 per hour","Hrs","0.1","USD","","","","m7i.large","Shared","Linux","NA","Used",""\n'
    block = other * (MB // len(other))

    def answer(handler: Handler) -> None:
        handler.start(Content_Type="text/csv")
        handler.put(start)
        for _ in range(40):
            handler.put(block)

    shop.server.answers["/ec2/us-east-1/index.csv"] = answer
    source = shop.server.source(AWS, "/ec2", QUICK.model_copy(update={"max_bytes": 50 * MB, "total_s": 60}))
    tracemalloc.start()
    (found,) = refresh([source], catalog, ON, folder=tmp_path).sources
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.status == "unchanged"
    assert shop.server.sent > 39 * MB
    assert peak < 10 * MB


def test_a_list_longer_than_the_limit_is_cut_off(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.stock()
    source = shop.server.source(AWS, "/ec2", Limits(max_bytes=1000))
    (found,) = refresh([source], catalog, ON, folder=tmp_path).sources
    assert found.status == "failed"
    assert "1,000" in found.reason
