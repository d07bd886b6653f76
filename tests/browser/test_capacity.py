"""The Capacity page in a browser: the question it is for, its charts, its files, and that everybody can use it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.harness import AppPage, Server, axe

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
TABS = ("Candidates", "Price and speed", "Load and latency", "Sources", "Set it up", "Memory", "Left out", "How sure")
CHARTS = {
    "Price and speed": "capacity-pareto-chart",
    "Load and latency": "capacity-curve-chart",
    "Memory": "capacity-memory-chart",
}


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server]) -> Server:
    """A server whose prices are those of one day, so that figures can be compared."""
    return serve(PLANNER_DATE="2026-11-21")


def tab(app: AppPage, name: str) -> None:
    app.page.get_by_role("tab", name=name).click()
    app.settle()


def fill(app: AppPage, label: str, value: str) -> None:
    box = app.page.get_by_role("spinbutton", name=label)
    box.fill(value)
    box.press("Enter")
    app.settle()


def only(app: AppPage, label: str, name: str) -> None:
    """One entry of a list in place of the one that is chosen."""
    box = app.page.get_by_role("combobox", name=label)
    box.click()
    box.press("Backspace")
    box.fill(name)
    app.page.get_by_role("option", name=name, exact=True).click()
    box.press("Escape")
    app.settle()


def ask_about_llama(app: AppPage) -> None:
    """Llama 3.3 70B FP8 at 5 requests/s, 1,500 in and 300 out, P95 TPOT 40 ms."""
    app.open("/capacity")
    only(app, "Models", "Llama 3.3 70B")
    only(app, "Weight formats", "FP8 (W8A8)")
    fill(app, "Peak load (requests/s)", "5")
    fill(app, "Prompt (tokens per request)", "1500")
    fill(app, "Output (tokens per request)", "300")
    fill(app, "P95 time per output token, TPOT (ms)", "40")


def headline(app: AppPage) -> str:
    return app.key("capacity-answer").locator("h3").inner_text()


def test_what_is_needed_for_llama_70b_at_5_requests_a_second(app: AppPage) -> None:
    ask_about_llama(app)
    told = headline(app)
    assert re.search(r"^\d+ replicas? of \d+ x .+ with vLLM", told), told
    assert "Llama 3.3 70B in FP8 (W8A8) at 5 requests/s with P95 TPOT" in told
    found = re.search(r"TPOT (\d+) ms; \$[\d,]+ a month (\(\$[\d,]+ to \$[\d,]+\)|over the whole band), modelled", told)
    assert found, told
    assert int(found[1]) <= 40
    box = app.key("capacity-answer")
    expect(box).to_contain_text("rent of GPUs alone")
    expect(box).to_contain_text("predicted weakly")
    expect(box).to_contain_text("2026-11-21")
    app.page.get_by_text("The same as a table, with the reasons").click()
    app.settle()
    table = app.page.get_by_role("region", name="Candidates, cheapest first", exact=True)
    assert table.get_by_role("row").count() > 5
    expect(table).to_contain_text("Llama 3.3 70B, FP8 (W8A8), on")
    expect(app.page.get_by_test_id("stException")).to_have_count(0)


@SCHEMES
def test_every_part_of_the_page_reads_well(app: AppPage, scheme: str) -> None:
    app.open("/capacity", scheme)
    for name in TABS:
        tab(app, name)
        expect(app.page.get_by_test_id("stException")).to_have_count(0)
        assert axe(app) == [], name
        if name in CHARTS:
            figure = app.key(CHARTS[name]).get_by_role("figure")
            expect(figure).to_be_visible()
            assert len(figure.get_attribute("aria-label") or "") > 60
    app.page.get_by_text("Prices, limits and engine").click()
    app.settle()
    assert axe(app) == []


def test_nothing_is_wider_than_a_phone(app: AppPage) -> None:
    app.page.set_viewport_size({"width": 400, "height": 900})
    app.open("/capacity")
    for name in TABS:
        tab(app, name)
        assert app.page.evaluate("document.documentElement.scrollWidth") <= 400, name
        assert axe(app) == [], name


def test_an_impossible_target_is_answered_with_the_best_reachable(app: AppPage) -> None:
    app.open("/capacity")
    fill(app, "P95 time per output token, TPOT (ms)", "0.5")
    expect(app.key("capacity-answer").locator("h3")).to_contain_text("Nothing in the catalog meets P95 TPOT 0.5 ms")
    expect(app.key("capacity-answer")).to_contain_text("best reachable is")
    assert axe(app) == []


def test_a_row_of_the_list_is_chosen_with_the_mouse(app: AppPage) -> None:
    app.open("/capacity")
    before = headline(app)
    grid = app.page.get_by_test_id("stDataFrame")
    grid.scroll_into_view_if_needed()
    place = grid.bounding_box()
    assert place is not None
    app.page.mouse.click(place["x"] + 16, place["y"] + 36 * 2 + 18)
    app.settle()
    expect(app.page.get_by_text("Chosen by you.")).to_be_visible()
    assert headline(app) != before


def test_a_candidate_is_chosen_with_the_keyboard_alone(app: AppPage) -> None:
    app.open("/capacity")
    before = headline(app)
    box = app.page.get_by_role("combobox", name=re.compile("Deployment shown"))
    box.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        app.page.keyboard.press(key)
    app.settle()
    expect(app.page.get_by_text("Chosen by you.")).to_be_visible()
    assert headline(app) != before


def test_a_candidate_goes_into_the_scenario_and_out_again(app: AppPage) -> None:
    app.open("/capacity")
    app.page.get_by_role("button", name="Use it in the scenario").click()
    app.settle()
    expect(app.page.get_by_text("is in the scenario.")).to_be_visible()
    assert axe(app) == []
    app.page.get_by_role("link", name="See the answer").click()
    app.settle()
    option = app.page.get_by_test_id("stSidebar").get_by_text(re.compile(r", on \d+ x "))
    expect(option.first).to_be_visible()
    app.page.get_by_role("button", name="Undo").click()
    app.settle()
    expect(option).to_have_count(0)


def test_files_to_take_away(app: AppPage) -> None:
    app.open("/capacity")
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Download candidates").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert rows
    costs = [float(row["usd_per_month"]) for row in rows]
    assert costs == sorted(costs)
    assert {row["on"] for row in rows} == {"2026-11-21"}
    tab(app, "Set it up")
    expect(app.page.get_by_test_id("stCode").first).to_contain_text("vllm serve")
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Download manifest").click()
    kinds = [part["kind"] for part in yaml.safe_load_all(Path(download.value.path()).read_text(encoding="utf-8"))]
    assert kinds == ["Deployment", "Service"]


def test_the_way_back_to_the_scenarios_figures(app: AppPage) -> None:
    app.open("/capacity")
    before = headline(app)
    fill(app, "Peak load (requests/s)", "50")
    assert headline(app) != before
    app.page.get_by_role("button", name="Back to the scenario's figures").click()
    app.settle()
    assert headline(app) == before
