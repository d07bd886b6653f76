"""The money of a log as a person sees it: what it cost, who pays, and against the plan; each part when it is opened."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from planner.usage.importer import ImportRequest, import_usage
from tests.browser.harness import AppPage, Server, axe

ON = dt.date(2026, 11, 21)
START = dt.datetime(2026, 9, 21, tzinfo=dt.UTC)
HOURS = 45 * 24
PARTS = ("What it cost", "Who pays", "Against the plan")
MODELS = ("gpt-4o", "gpt-4o-mini", "our-deployment")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("usage")


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], folder: Path) -> Server:
    return serve(PLANNER_DATE=ON.isoformat(), PLANNER_USAGE=str(folder))


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A log of 45 days in three months: one model without a price, two teams, and a cost of its own."""
    path = tmp_path_factory.mktemp("logs") / "gateway.csv"
    lines = ["timestamp,model,input_tokens,cached_input_tokens,output_tokens,cost_usd,team"]
    lines += [
        f"{START + dt.timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},{MODELS[hour % 3]},90000,30000,4000,0.2,team-{hour % 2}"
        for hour in range(HOURS)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    imported = import_usage(ImportRequest((path,), name="Gateway", on=ON, owner_by="team"), folder)
    return f"/workload?import={imported.profile.profile_id}"


def tab(app: AppPage, name: str) -> None:
    app.page.get_by_role("tab", name=name).click()
    app.settle()


def download(app: AppPage, button: str) -> list[dict[str, str]]:
    with app.page.expect_download() as got:
        app.page.get_by_role("button", name=button, exact=True).click()
    content = Path(got.value.path()).read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 1400), ("light", 400)])
def test_every_part_reads_well(app: AppPage, address: str, scheme: str, width: int) -> None:
    app.page.set_viewport_size({"width": width, "height": 900})
    app.open(address, scheme)
    for name in PARTS:
        tab(app, name)
        expect(app.page.get_by_test_id("stException")).to_have_count(0)
        assert axe(app) == [], name
        assert not app.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth"), name


def test_nothing_is_priced_before_it_is_opened(app: AppPage, address: str) -> None:
    app.open(address)
    expect(app.page.get_by_role("region", name="Cost of the log")).to_have_count(0)
    tab(app, "What it cost")
    expect(app.page.get_by_role("region", name="Cost of the log")).to_contain_text("2026-10")
    expect(app.page.get_by_role("figure", name=re.compile("Stacked bars of what a month"))).to_be_visible()
    expect(app.page.get_by_role("region", name="This log on each option")).to_contain_text("As it was")
    expect(app.page.get_by_role("region", name="Prices used")).to_have_count(0)
    app.page.get_by_text("Prices used, with source and date").click()
    app.settle()
    expect(app.page.get_by_role("region", name="Prices used")).to_contain_text("catalog row")


def test_a_model_gets_a_price_by_saying_which_offer_it_is(app: AppPage, address: str) -> None:
    """360 requests of 60,000 fresh, 30,000 cached and 4,000 output tokens of gpt-4o at 2.50, 1.25 and 10: 81.90 USD."""
    app.open(address)
    tab(app, "What it cost")
    expect(app.page.get_by_role("region", name="Without a price")).to_contain_text("our-deployment")
    for label, value in (("Provider", "openai"), ("Offer", "gpt-4o")):
        box = app.page.get_by_role("combobox", name=label, exact=True)
        box.click()
        box.fill(value)
        app.page.get_by_role("option", name=value, exact=True).click()
        app.settle()
    app.page.get_by_role("button", name="Price it so").click()
    app.settle()
    expect(app.page.get_by_role("region", name="Without a price")).to_have_count(0)
    rows = [row for row in download(app, "Cost as CSV") if row["x_Model"] == "our-deployment"]
    assert sum(Decimal(row["ListCost (USD)"]) for row in rows) == Decimal("81.90")


def test_who_pays_adds_up_in_the_file_too(app: AppPage, address: str) -> None:
    app.open(address)
    tab(app, "Who pays")
    expect(app.page.get_by_text("They are equal to the cent")).to_be_visible()
    rows = download(app, "Who pays as CSV")
    parts = ("x_Used (USD)", "x_Idle (USD)", "x_Shared (USD)")
    assert {row["x_Owner"] for row in rows} == {"team-0", "team-1"}
    for row in rows:
        assert sum(Decimal(row[part]) for part in parts) == Decimal(row["BilledCost (USD)"])


def test_the_plan_is_chosen_and_its_difference_taken_apart(app: AppPage, address: str) -> None:
    app.open(address)
    tab(app, "Against the plan")
    steps = app.page.get_by_role("figure", name=re.compile("Waterfall from plan to actual cost"))
    expect(steps).to_be_visible()
    expect(app.page.get_by_role("region", name="Cost against plan")).to_contain_text("All months")
    rows = download(app, "Against the plan as CSV")
    assert [row["ChargePeriodStart"][:7] for row in rows] == ["2026-09", "2026-10", "2026-11"]
    effects = ("x_VolumeEffect (USD)", "x_MixEffect (USD)", "x_PriceEffect (USD)", "x_Rounding (USD)")
    for row in rows:
        assert sum(Decimal(row[effect]) for effect in effects) == Decimal(row["x_Difference (USD)"])
