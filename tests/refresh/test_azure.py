"""Azure's retail prices: pages, terms, other products. Served from this machine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from planner.catalog.catalog import Catalog, load
from planner.catalog.rows import GpuPriceRow
from planner.refresh.guard import Accept
from planner.refresh.run import SourceReport, apply, refresh
from planner.refresh.sources.azure import AZURE, PAGES
from tests.refresh.loopback import Answer, Handler, Loopback, as_json, body, status

ON = dt.date(2026, 11, 21)
H100 = "Standard_ND96isr_H100_v5"
Item = dict[str, Any]


def item(row: GpuPriceRow, usd_per_gpu_hour: float | None = None, **other: Any) -> Item:
    """What the list says of an offer: machines, not GPUs; reservations for their whole term."""
    hourly = (usd_per_gpu_hour or row.usd_per_gpu_hour) * row.gpus_per_instance
    years = {"reserved_1y": 1, "reserved_3y": 3}.get(row.term, 0)
    found: Item = {
        "currencyCode": "USD",
        "retailPrice": hourly * 8760 * years if years else hourly,
        "armRegionName": row.region.split("/")[0],
        "armSkuName": row.instance,
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "productName": "Virtual Machines Series",
        "skuName": row.instance.removeprefix("Standard_"),
        "meterName": row.instance + (" Spot" if row.term == "spot" else ""),
        "unitOfMeasure": "1 Hour",
        "type": "Reservation" if years else "Consumption",
    }
    if years:
        found["reservationTerm"] = "1 Year" if years == 1 else "3 Years"
    return found | other


def asked(row: GpuPriceRow) -> bool:
    return row.provider == "Azure" and row.instance.startswith("Standard_")


class Shop:
    """The list as a server has it: items, found by the filter in the question, two on a page."""

    def __init__(self, server: Loopback, catalog: Catalog) -> None:
        self.server = server
        self.items = [item(row) for row in catalog.tables.gpu_prices if asked(row)]
        server.answers["/prices"] = self._answer

    def of(self, machine: str) -> list[Item]:
        """Items of one machine."""
        return [found for found in self.items if found["armSkuName"] == machine]

    def _answer(self, handler: Handler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        wanted = query["$filter"][0]
        found = [i for i in self.items if f"'{i['armSkuName']}'" in wanted and f"'{i['armRegionName']}'" in wanted]
        skip = int(query.get("$skip", ["0"])[0])
        more = f"{self.server.url}{handler.path.split('&$skip')[0]}&$skip={skip + 2}" if found[skip + 2 :] else None
        as_json({"Items": found[skip : skip + 2], "NextPageLink": more, "Count": 2})(handler)


@pytest.fixture
def shop(server: Loopback, catalog: Catalog) -> Shop:
    return Shop(server, catalog)


def look(shop: Shop, catalog: Catalog, folder: Path, **accept: bool) -> SourceReport:
    source = shop.server.source(AZURE, "/prices")
    (found,) = refresh([source], catalog, ON, folder=folder, accept=Accept(**accept)).sources
    return found


def test_the_prices_we_have_are_no_news(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    found = look(shop, catalog, tmp_path)
    assert found.status == "unchanged"
    assert found.diff.unchanged == sum(asked(row) for row in catalog.tables.gpu_prices)
    assert found.diff.missing == ()
    assert any("skip=2" in path for path in shop.server.asked)


def test_prices_of_machines_and_terms_become_prices_of_one_gpu_hour(
    shop: Shop, catalog: Catalog, tmp_path: Path
) -> None:
    for found in shop.of(H100):
        found["retailPrice"] *= 1.1
    report = look(shop, catalog, tmp_path)
    news = {row.term: row.usd_per_gpu_hour for row in report.diff.rows if isinstance(row, GpuPriceRow)}
    # 12.29, 2.2712, 7.865 and 5.395 USD, each 10 % more
    assert news == {"on_demand": 13.519, "spot": 2.4983, "reserved_1y": 8.6515, "reserved_3y": 5.9345}
    assert {f"{line.change_fraction:.3f}" for line in report.diff.lines} == {"0.100"}


def test_new_rows_follow_the_old_ones_in_time(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    for found in shop.of("Standard_NC24ads_A100_v4"):
        found["retailPrice"] *= 0.9
    source = shop.server.source(AZURE, "/prices")
    report = refresh([source], catalog, ON, folder=tmp_path)
    apply(report, tmp_path)
    after = load(local_dir=tmp_path)
    new = [row for row in after.tables.gpu_prices if row.as_of == "2026-11-21" and row.term == "on_demand"]
    assert [row.usd_per_gpu_hour for row in new] == [3.3057]
    assert new[0].region == "eastus/eastus2"
    assert "price of eastus" in new[0].note
    assert refresh([source], after, ON, folder=tmp_path).sources[0].status == "unchanged"


def test_other_products_of_the_same_machine_are_not_its_price(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    (at_will,) = [found for found in shop.of(H100) if found["meterName"] == H100 and found["type"] == "Consumption"]
    shop.items += [
        at_will | {"retailPrice": 1, "productName": "Virtual Machines Series Windows"},
        at_will | {"retailPrice": 2, "meterName": f"{H100} Low Priority"},
        at_will | {"retailPrice": 3, "type": "DevTestConsumption"},
        at_will | {"retailPrice": 4, "currencyCode": "EUR"},
        at_will | {"retailPrice": 5, "unitOfMeasure": "1 Month"},
        at_will | {"retailPrice": 6, "effectiveStartDate": "2027-01-01T00:00:00Z"},
        at_will | {"retailPrice": 7, "effectiveStartDate": "2020-01-01T00:00:00Z"},
        at_will
        | {"retailPrice": 9, "effectiveStartDate": "2026-06-01T00:00:00Z", "effectiveEndDate": "2026-09-30T00:00:00Z"},
        at_will | {"retailPrice": 8, "type": "Reservation", "reservationTerm": "5 Years"},
    ]
    assert look(shop, catalog, tmp_path).status == "unchanged"


def test_two_prices_of_one_day_are_left_out(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.items += [found | {"retailPrice": 50} for found in shop.of(H100) if "Spot" in found["meterName"]]
    found = look(shop, catalog, tmp_path)
    assert any("more than one price" in note and "spot" in note for note in found.notes)
    assert found.diff.rows == ()


def test_a_reservation_that_turns_out_hourly_is_seen(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    """As if the list began to give hours: 1/8760 of the price is no price of a GPU."""
    for found in shop.of(H100):
        if found["type"] == "Reservation":
            found["retailPrice"] /= 8760
    report = look(shop, catalog, tmp_path)
    assert report.diff.rows == ()
    assert any("no price of one GPU for one hour" in note for note in report.notes)


def test_a_reservation_dearer_than_on_demand_is_left_out(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    for found in shop.of(H100):
        if found["type"] == "Reservation":
            found["retailPrice"] *= 3
    report = look(shop, catalog, tmp_path)
    assert report.diff.rows == ()
    assert sum("more than on demand" in note for note in report.notes) == 2


def test_ten_times_the_price_waits_for_a_word(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    for found in shop.of("Standard_NC4as_T4_v3"):
        found["retailPrice"] *= 10.5
    refused = look(shop, catalog, tmp_path)
    assert (refused.status, [o.code for o in refused.objections]) == ("refused", ["JUMP"])
    assert look(shop, catalog, tmp_path, jumps=True).status == "new rows"


def test_a_list_with_few_of_our_machines_is_refused(shop: Shop, catalog: Catalog, tmp_path: Path) -> None:
    shop.items = shop.of(H100)
    refused = look(shop, catalog, tmp_path)
    assert [o.code for o in refused.objections] == ["FEWER"]
    assert "4 offers, fewer than" in refused.reason
    assert any("Standard_NC4as_T4_v3" in name for name in refused.diff.missing)


@pytest.mark.parametrize(
    "answer",
    [status(500), body(b'{"Items": [{"armSku'), body(b'{"items": []}'), body(b'{"Items": [1]}'), status(404)],
    ids=["500", "cut off", "another form", "no objects", "404"],
)
def test_what_is_no_list_is_an_error(server: Loopback, catalog: Catalog, tmp_path: Path, answer: Answer) -> None:
    server.answers["/prices"] = answer
    (found,) = refresh([server.source(AZURE, "/prices")], catalog, ON, folder=tmp_path).sources
    assert found.status == "failed"
    assert "Kept the prices of 2026-09-01." in found.reason


def test_pages_without_end_are_an_error(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    server.answers["/prices"] = lambda h: as_json({"Items": [], "NextPageLink": f"{server.url}/prices"})(h)
    (found,) = refresh([server.source(AZURE, "/prices")], catalog, ON, folder=tmp_path).sources
    assert "more than 10 pages" in found.reason
    assert len(server.asked) == PAGES


def test_a_next_page_somewhere_else_is_not_read(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    server.answers["/prices"] = as_json({"Items": [], "NextPageLink": "https://example.com/prices"})
    (found,) = refresh([server.source(AZURE, "/prices")], catalog, ON, folder=tmp_path).sources
    assert "not an allowed host" in found.reason
