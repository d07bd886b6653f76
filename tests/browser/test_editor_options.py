"""The editor in a browser: every kind of option is added, its sections open, and nothing fails or is out of reach."""

from itertools import cycle

import pytest
from playwright.sync_api import Locator, expect

from planner.web.option_kinds import KIND_NAMES
from tests.browser.harness import AppPage, axe


def sidebar(app: AppPage) -> Locator:
    return app.page.get_by_test_id("stSidebar")


def add(app: AppPage, kind: str) -> Locator:
    """Add an option: it opens of itself."""
    kinds = sidebar(app).get_by_role("combobox", name="Add an option")
    kinds.focus()
    kinds.press_sequentially(KIND_NAMES[kind])
    kinds.press("Enter")
    app.settle()
    sidebar(app).get_by_role("button", name="Add it").click()
    app.settle()
    return app.key(f"option-{kind}-1")


@pytest.mark.parametrize(("kind", "scheme"), list(zip(KIND_NAMES, cycle(("light", "dark")), strict=False)))
def test_a_new_option_of_each_kind_opens_and_is_accessible(app: AppPage, kind: str, scheme: str) -> None:
    app.open("/", scheme)
    panel = add(app, kind)
    for section in panel.locator("summary").all()[1:]:
        section.click()
        app.settle()
    expect(app.page.get_by_test_id("stException")).to_have_count(0)
    expect(panel.get_by_role("button", name="Remove this option")).to_be_visible()
    assert axe(app) == []


def test_a_discount_is_added_without_closing_what_is_open(app: AppPage) -> None:
    app.open("/")
    panel = add(app, "api")
    panel.locator("summary", has_text="Volume discounts").click()
    app.settle()
    panel.get_by_role("button", name="Add a volume discount").click()
    app.settle()
    first = panel.get_by_role("spinbutton", name="Discount 1 above (USD a month)")
    expect(first).to_have_value("10000")
    first.fill("20000")
    first.press("Tab")
    app.settle()
    panel.get_by_role("button", name="Add a volume discount").click()
    app.settle()
    expect(panel.get_by_role("spinbutton", name="Discount 2 above (USD a month)")).to_have_value("40000")


def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(app: AppPage) -> None:
    app.open("/")
    panel = add(app, "owned")
    panel.locator("summary", has_text="Power, place and upkeep").click()
    app.settle()
    idle = panel.get_by_role("spinbutton", name="Power of an idle server (kW)")
    idle.fill("20")
    idle.press("Tab")
    app.settle()
    expect(panel.get_by_role("alert")).to_contain_text("above max_kw")
    expect(idle).to_have_value("20")
    busy = panel.get_by_role("spinbutton", name="Power of a busy server (kW)")
    busy.fill("30")
    busy.press("Tab")
    app.settle()
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(idle).to_have_value("20")


def test_ranges_are_edited_by_keyboard(app: AppPage) -> None:
    app.open("/")
    panel = app.key("panel-ranges")
    panel.locator("summary").first.focus()
    app.page.keyboard.press("Enter")
    app.settle()
    panel.get_by_role("button", name="Start from the assumed ranges").press("Enter")
    app.settle()
    panel.locator("summary", has_text="Busiest hour").press("Enter")
    app.settle()
    high = panel.get_by_role("spinbutton", name="Highest: Busiest hour over mean (times today's)")
    high.fill("2.5")
    high.press("Enter")
    app.settle()
    expect(high).to_have_value("2.5")
    assert axe(app) == []
