"""The catalog as its reader sees it: search, one row by its address, contracts, and re-pricing a saved scenario."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.harness import AppPage, Server, axe

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
DAY = "2026-11-21"
PRICE_ID = "runpod-h100-sxm-pod-on-demand"
ROW = f"/catalog?row=gpu_prices/{PRICE_ID}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation's own rows: none at first."""
    return tmp_path_factory.mktemp("installation") / "catalog"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], folder: Path) -> Server:
    """A server of one day, whose visitors may add contracts."""
    return serve(PLANNER_DATE=DAY, PLANNER_CATALOG=str(folder), PLANNER_OPERATOR="1")


def choose(app: AppPage, label: str, text: str) -> None:
    box = app.page.get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(text)
    app.page.get_by_role("option", name=text).first.click()
    app.settle()


def found(app: AppPage) -> str:
    return app.page.get_by_text(re.compile(r"\d of [\d,]+ found")).inner_text()


def test_a_deep_link_is_opened_by_the_first_visitor_of_a_fresh_server(app: AppPage) -> None:
    app.open(ROW)
    expect(app.page.get_by_role("heading", name="RunPod pod, h100-sxm, on demand")).to_be_visible()
    expect(app.page.get_by_role("link", name="Open the source")).to_have_attribute("href", re.compile("^https://"))
    expect(app.page.get_by_role("region", name="All fields")).to_contain_text("usd_per_gpu_hour")


@SCHEMES
def test_the_list(app: AppPage, scheme: str) -> None:
    app.open("/catalog", scheme)
    expect(app.page.get_by_role("region", name="API prices").get_by_role("row")).to_have_count(51)
    assert axe(app) == []


@SCHEMES
def test_the_refresh_panel(app: AppPage, scheme: str) -> None:
    app.open("/catalog?table=Contracts", scheme)
    app.page.get_by_text("Refresh from public sources").click()
    app.settle()
    expect(app.page.get_by_role("button", name="Look for new prices")).to_be_visible()
    assert axe(app) == []


@SCHEMES
@pytest.mark.parametrize(
    "row",
    [f"gpu_prices/{PRICE_ID}", "api/google/gemini-3.8-flash", "models/llama-3.3-70b", "formats/awq-int4", "gpus/none"],
)
def test_one_row(app: AppPage, row: str, scheme: str) -> None:
    app.open(f"/catalog?row={row}", scheme)
    expect(app.page.get_by_role("button", name="Back to the list")).to_be_visible()
    assert axe(app) == []


def test_a_search_answers_while_typing_and_stays_in_the_address(app: AppPage) -> None:
    app.open("/catalog")
    app.page.get_by_role("textbox", name="Search").press_sequentially("gpt-4o openai 2.5", delay=20)
    expect(app.page.get_by_text(re.compile(r"1 to \d+ of \d+ found"))).to_be_visible()
    expect(app.page).to_have_url(re.compile(r"q=gpt-4o\+openai"))
    app.settle()
    for model in app.page.get_by_role("region", name="API prices").get_by_role("rowheader").all_inner_texts():
        assert "gpt-4o" in model


def test_a_row_opens_in_place_and_back_is_where_one_was(app: AppPage) -> None:
    app.open("/catalog?table=GPU+prices&q=runpod+h200")
    before = found(app)
    choose(app, "Show all about a row", "RunPod")
    expect(app.page).to_have_url(re.compile("row=gpu_prices"))
    expect(app.page.get_by_role("region", name="All fields")).to_contain_text("h200")
    app.page.get_by_role("button", name="Back to the list").click()
    app.settle()
    expect(app.page.get_by_text(before)).to_be_visible()


def test_a_figure_of_an_answer_leads_to_its_row(app: AppPage) -> None:
    app.open("/")
    app.page.get_by_role("tab", name="Sources").click()
    app.settle()
    link = app.page.get_by_role("region", name="Figures and their sources").get_by_role("link", name="row").first
    with app.page.context.expect_page() as opened:
        link.click()
    tab: Page = opened.value
    expect(tab.get_by_role("region", name="All fields")).to_be_visible(timeout=20_000)
    expect(tab).to_have_url(re.compile(r"catalog\?row="))


@pytest.mark.parametrize("path", ["/catalog", ROW, "/catalog?row=api/google/gemini-3.8-flash", "/catalog?table=Models"])
def test_nothing_is_wider_than_a_phone(app: AppPage, path: str) -> None:
    app.page.set_viewport_size({"width": 400, "height": 900})
    app.open(path)
    assert not app.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth")
    expect(app.page.get_by_test_id("stException")).to_have_count(0)
    assert axe(app) == []


def test_a_contract_is_typed_in_and_stands_beside_the_list(app: AppPage, folder: Path) -> None:
    app.open("/catalog?table=Contracts")
    app.page.get_by_text("Add a contracted price").click()
    app.settle()
    choose(app, "Contract with", "openai")
    choose(app, "Contract with", "deepinfra")
    assert "claude" not in app.page.get_by_role("combobox", name="Contracted model").input_value()
    choose(app, "Contract with", "openai")
    choose(app, "Contracted model", "gpt-4o")
    assert axe(app) == []
    app.page.get_by_role("textbox", name="Contracted input, USD per 1M tokens").fill("2")
    app.page.get_by_role("textbox", name="Contracted output, USD per 1M tokens").fill("8")
    app.page.get_by_role("textbox", name="Owner").fill("Procurement")
    app.page.get_by_role("button", name="Add this contract").click()
    app.settle()
    expect(app.page.get_by_text("Reason: may not be blank.")).to_be_visible()
    app.page.get_by_role("textbox", name="Reason").fill("Contract 4711")
    # the click is the first the server hears of the reason: what was typed last counts
    app.page.get_by_role("button", name="Add this contract").click()
    app.settle()
    table = app.page.get_by_role("region", name="Contracted prices")
    expect(table).to_contain_text("Contract 4711")
    expect(table).to_contain_text("−20.0")
    assert axe(app) == []
    assert (folder / "contracted_prices.csv").is_file()


def test_a_contract_changes_what_was_saved_only_by_a_new_revision(app: AppPage) -> None:
    """Saved at 3.49 USD an hour; a contract says 2.75; the difference names it, and revision 2 has it."""
    app.open("/")
    app.page.get_by_role("button", name="Save", exact=True).click()
    app.settle()
    app.page.get_by_role("link", name="Catalog").click()
    app.settle()
    app.page.get_by_text("Add a contracted price").click()
    app.settle()
    app.page.get_by_text("A GPU offer, per hour").click()
    app.settle()
    choose(app, "Contracted GPU offer", "RunPod pod, h100-sxm, on demand")
    app.page.get_by_role("textbox", name="Contracted price, USD per GPU and hour").fill("2.75")
    app.page.get_by_role("textbox", name="Owner").fill("Platform team")
    app.page.get_by_role("textbox", name="Reason").fill("Quote 12")
    app.page.get_by_role("button", name="Add this contract").click()
    app.settle()
    app.page.get_by_role("link", name="Scenarios").click()
    app.settle()
    app.page.get_by_text("Re-price at today's catalog").first.click()
    app.settle()
    lines = app.page.get_by_role("region", name="Figures that differ")
    expect(lines).to_contain_text("contracted unit price")
    expect(lines).to_contain_text("2.75")
    expect(app.page.get_by_role("region", name="What it does to the options")).to_contain_text("−")
    assert axe(app) == []
    app.open("/scenarios", "dark")
    app.page.get_by_text("Re-price at today's catalog").first.click()
    app.settle()
    assert axe(app) == []
    app.page.get_by_role("button", name="Save as a new revision").click()
    app.settle()
    expect(app.page.get_by_text("Saved as revision 2")).to_be_visible()
    app.page.get_by_role("link", name="Open revision 2").click()
    app.settle()
    expect(app.page.get_by_text("Read-only, revision 2")).to_be_visible()
