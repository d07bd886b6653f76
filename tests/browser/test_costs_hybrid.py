"""Costs and Hybrid as their reader sees them: charts with words, light, dark and narrow, accessible."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import AppPage, Server, axe

COST_CHARTS = ("waterfall-chart", "months-chart", "cumulative-chart")
HYBRID_CHARTS = ("load-duration-chart", "screening-chart", "fleet-cost-chart")
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server]) -> Server:
    """A server whose prices are those of one day, so that figures can be compared."""
    return serve(PLANNER_DATE="2026-11-21")


def choose(app: AppPage, label: str, text: str) -> None:
    box = app.page.get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(text)
    app.page.get_by_role("option").first.click()
    app.settle()


def words_of(app: AppPage, chart: str) -> str:
    return app.key(chart).get_by_role("figure").get_attribute("aria-label") or ""


@SCHEMES
def test_costs_of_an_own_fleet(app: AppPage, scheme: str) -> None:
    app.open("/costs", scheme)
    choose(app, "Option", "own H200s")
    for chart in COST_CHARTS:
        expect(app.key(chart).get_by_role("figure")).to_be_visible()
    assert "$11,014" in words_of(app, "waterfall-chart")
    assert "month 36" in words_of(app, "months-chart")
    assert "never repaid" in words_of(app, "cumulative-chart")
    assert axe(app) == []


@SCHEMES
def test_the_hybrid_of_two_options(app: AppPage, scheme: str) -> None:
    app.open("/hybrid", scheme)
    choose(app, "Per token", "Gemini")
    expect(app.key("hybrid-answer")).to_contain_text("Run 1 replica of gpt-oss-120b on own H200s")
    for chart in HYBRID_CHARTS:
        expect(app.key(chart).get_by_role("figure")).to_be_visible()
    assert "367 hours" in words_of(app, "load-duration-chart")
    assert axe(app) == []


def test_a_hybrid_is_added_and_taken_back(app: AppPage) -> None:
    app.open("/hybrid")
    choose(app, "Per token", "Gemini")
    app.page.get_by_role("button", name="Add this hybrid to the scenario").click()
    app.settle()
    expect(app.page.get_by_role("button", name="In the scenario already")).to_be_disabled()
    app.page.get_by_role("link", name="Costs").click()
    app.settle()
    choose(app, "Option", "own H200s + Gemini")
    expect(app.page.get_by_text("Levelised cost")).to_be_visible()
    expect(app.page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("path", ["/costs", "/hybrid"])
def test_nothing_is_wider_than_a_phone(app: AppPage, path: str) -> None:
    app.page.set_viewport_size({"width": 400, "height": 900})
    app.open(path)
    wide = app.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth")
    assert not wide
    expect(app.page.get_by_test_id("stException")).to_have_count(0)
