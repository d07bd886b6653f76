"""The claims page in a browser: filter, change a figure, take it back; by keyboard, and accessible in both schemes."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import AppPage, axe

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


def rows(app: AppPage) -> Locator:
    return app.page.get_by_role("region", name="Claims", exact=True).locator("tbody tr")


def choose(app: AppPage, claim_id: str) -> None:
    """Take a claim by keyboard: type its number, Enter."""
    box = app.page.get_by_role("combobox", name="Claim", exact=True)
    box.focus()
    box.press_sequentially(f"{claim_id}:")
    box.press("Enter")
    app.settle()


@SCHEMES
def test_the_page_is_accessible_with_claims_and_with_none(app: AppPage, scheme: str) -> None:
    app.open("/claims", scheme)
    expect(rows(app)).to_have_count(51)
    assert axe(app) == []
    search = app.page.get_by_role("textbox", name="Search")
    search.fill("zebra")
    search.press("Enter")
    app.settle()
    expect(app.page.get_by_text("No claim matches.")).to_be_visible()
    assert axe(app) == []
    app.page.get_by_role("button", name="Show all claims").press("Enter")
    app.settle()
    expect(rows(app)).to_have_count(51)


@SCHEMES
def test_every_verdict_is_accessible(app: AppPage, scheme: str) -> None:
    app.open("/claims", scheme)
    for claim_id in ("A1", "A6", "A4", "B22", "C1"):
        choose(app, claim_id)
        expect(app.key("one-claim").get_by_text("Said in")).to_be_visible()
        assert axe(app) == [], claim_id


def test_a_figure_is_changed_and_taken_back_by_keyboard(app: AppPage) -> None:
    app.open("/claims")
    choose(app, "A6")
    panel = app.key("one-claim")
    expect(panel.get_by_text("✘ Inconsistent.")).to_be_visible()
    claimed = panel.get_by_role("spinbutton", name="Claimed (USD/day)")
    claimed.focus()
    claimed.fill("72")
    claimed.press("Enter")
    app.settle()
    expect(panel.get_by_text("✔ Consistent with your figures.")).to_be_visible()
    panel.get_by_role("button", name="Back to the claim's own figures").press("Enter")
    app.settle()
    expect(claimed).to_have_value("14")
    expect(panel.get_by_text("✘ Inconsistent.")).to_be_visible()


def test_a_verdict_is_picked_by_keyboard(app: AppPage) -> None:
    app.open("/claims")
    verdict = app.page.get_by_role("combobox", name="Verdict")
    verdict.focus()
    verdict.press_sequentially("not test")
    verdict.press("Enter")
    verdict.press("Escape")
    app.settle()
    expect(rows(app)).to_have_count(6)
    expect(app.page.get_by_text("6 of 51 claims shown.")).to_be_visible()


def test_it_fits_a_phone(app: AppPage) -> None:
    app.page.set_viewport_size({"width": 400, "height": 800})
    app.open("/claims")
    assert app.page.evaluate("document.documentElement.scrollWidth") <= 400
    choose(app, "A5")
    assert axe(app) == []
