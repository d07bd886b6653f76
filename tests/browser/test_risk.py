"""The risk page in a browser: what it shows, that inputs are kept, and that it can be read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import AppPage, Server, axe


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server]) -> Server:
    """A server whose prices are those of one day, so that figures can be compared."""
    return serve(PLANNER_DATE="2026-11-21")


CHARTS = ("risk-band-chart", "tornado-chart", "winner-map-chart")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shows_chances_charts_and_ranges(app: AppPage, scheme: str) -> None:
    app.open("/risk", scheme)
    expect(app.key("risk-answer").locator("h3")).to_contain_text("is the cheapest in 99.97% of 10,000 draws")
    for name in CHARTS:
        figure = app.key(name).get_by_role("figure")
        expect(figure).to_be_visible()
        assert len(figure.get_attribute("aria-label") or "") > 60
    expect(app.page.get_by_text("Is measuring worth it?")).to_be_visible()
    expect(app.page.get_by_text("Nearest flip: ")).to_be_visible()
    expect(app.page.get_by_role("table")).to_have_count(5)
    assert axe(app) == []


def test_fits_a_phone(app: AppPage) -> None:
    app.page.set_viewport_size({"width": 400, "height": 800})
    app.open("/risk")
    assert app.page.evaluate("document.documentElement.scrollWidth") <= 400


def test_draws_and_seed_are_used_and_kept(app: AppPage) -> None:
    app.open("/risk")
    draws = app.page.get_by_role("spinbutton", name="Draws")
    draws.fill("2000")
    draws.press("Enter")
    app.settle()
    expect(app.page.get_by_text("2,000 draws with seed 20261121")).to_be_visible()
    app.page.get_by_role("link", name="Scenarios").click()
    app.settle()
    app.page.get_by_role("link", name="Risk").click()
    app.settle()
    expect(app.page.get_by_role("spinbutton", name="Draws")).to_have_value("2000")
    expect(app.page.get_by_text("2,000 draws with seed 20261121")).to_be_visible()


def test_another_figure_up_the_map(app: AppPage) -> None:
    app.open("/risk")
    box = app.key("map-driver").get_by_role("combobox")
    box.click()
    box.fill("GPU prices")
    app.page.get_by_role("option", name="GPU prices, times today's").click()
    app.settle()
    figure = app.key("winner-map-chart").get_by_role("figure")
    assert "GPU prices, times today's up" in (figure.get_attribute("aria-label") or "")
