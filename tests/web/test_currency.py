"""Results in another currency through AppTest: picked in the sidebar, shown on every page, kept with its rate."""

from __future__ import annotations

import re
from decimal import Decimal
from threading import Thread

import pytest
from streamlit.testing.v1 import AppTest

from planner.decision.present import headline
from planner.domain.currency import DisplayCurrency
from planner.web.state import answer
from tests.web.editor import choose, draft_of, errors, go, labelled, new_session, open_panel, press, type_in

TOLD = "Shown in EUR at 0.895095 EUR per USD (ECB, 2026-10-30); computed in USD."
PICK = "Amounts are shown in"


def words(app: AppTest) -> str:
    shown = [element.value for element in (*app.markdown, *app.info, *app.subheader)]
    return " ".join(shown).replace("\\", "").replace("\u2060", "")


def tables(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def money(app: AppTest) -> list[str]:
    return [metric.value for metric in app.metric]


def in_euros(app: AppTest) -> AppTest:
    open_panel(app, "panel-rules")
    choose(app, PICK, "EUR")
    return app


def test_picking_a_currency_pins_the_newest_rate(app: AppTest) -> None:
    in_euros(app)
    assert draft_of(app).scenario.currency == DisplayCurrency(
        code="EUR",
        units_per_usd=Decimal("0.895095"),
        as_of="2026-10-30",
        source="ECB",
        source_url="https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip",
    )
    assert "Prices and wages here are in USD." in words(app)


def test_every_amount_of_the_answer_is_in_it_and_the_rate_is_told_once(app: AppTest) -> None:
    dollars = money(app)
    in_euros(app)
    assert words(app).count(TOLD) == 1
    assert "The rate is 22 days older than the prices." in words(app)
    for before, after in zip(dollars, money(app), strict=True):
        if "$" in before:
            figure = (Decimal(re.sub(r"[^\d.]", "", text)) for text in (before, after))
            assert after.startswith("€")
            assert next(figure) * Decimal("0.895095") == pytest.approx(next(figure), rel=Decimal("0.001"))
        else:
            assert after == before
    answered = next(m.value for m in app.markdown if m.value.startswith("### ")).replace("\\", "")
    assert "€" in answered
    assert "$" not in answered
    assert "NPV (EUR)" in tables(app)
    assert "(USD" not in tables(app)


def test_undo_brings_the_dollars_back(app: AppTest) -> None:
    dollars = money(app)
    in_euros(app)
    press(app, "Undo")
    assert draft_of(app).scenario.currency is None
    assert money(app) == dollars
    assert "Shown in" not in words(app)


@pytest.mark.parametrize("page", ["costs", "hybrid", "risk"])
def test_the_other_pages_follow(app: AppTest, page: str) -> None:
    in_euros(app)
    go(app, page)
    assert words(app).count(TOLD) == 1
    assert not any("$" in figure for figure in money(app))
    assert any("€" in figure for figure in money(app))
    assert "(USD" not in tables(app)
    assert "(EUR" in tables(app)


def test_the_claims_stay_in_the_dollars_they_are_stated_in(app: AppTest) -> None:
    in_euros(app)
    go(app, "claims")
    assert "€" not in words(app) + tables(app)


def test_a_rate_typed_in_is_no_longer_that_of_the_bank(app: AppTest) -> None:
    in_euros(app)
    open_panel(app, "more-currency-rate")
    type_in(app, "Rate (EUR per USD)", 0.9)
    held = draft_of(app).scenario.currency
    assert held is not None
    assert (held.units_per_usd, held.as_of) == (Decimal("0.9"), "2026-11-21")
    assert (held.source, held.source_url) == ("typed in by the scenario's owner", "")
    type_in(app, "Rate (EUR per USD)", 0.0)
    assert "0 is out of range" in errors(app)
    assert draft_of(app).scenario.currency == held
    press(app, "Take the newest rate")
    assert draft_of(app).scenario.currency != held
    assert not app.error


def test_a_currency_without_a_rate_today_stays_as_it_is_pinned(app: AppTest) -> None:
    roubles = DisplayCurrency(code="RUB", units_per_usd=Decimal(105), as_of="2022-03-01", source="ECB")
    current = draft_of(app)
    current.scenario = current.scenario.model_copy(update={"currency": roubles})
    current.start_afresh()
    app.run()
    open_panel(app, "panel-rules", "more-currency-rate")
    assert labelled(app.selectbox, PICK).value == "RUB"
    press(app, "Take the newest rate")
    assert "no ECB rate of RUB for 2026-11-21" in errors(app)
    assert draft_of(app).scenario.currency == roubles
    choose(app, PICK, "USD")
    assert draft_of(app).scenario.currency is None
    assert not app.error


def test_what_is_saved_says_it_in_the_same_currency_everywhere(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    in_euros(app)
    press(app, "Save")
    scenario = draft_of(app).scenario
    said = headline(scenario, answer(scenario)[1])
    assert "€" in said
    go(app, "scenarios")
    assert said in words(app)
    shared = new_session()
    ref = draft_of(app).saved
    assert ref is not None
    shared.query_params["s"] = ref.scenario_id
    shared.run()
    go(shared, "view")
    assert words(shared).count(TOLD) == 1
    assert not shared.warning


def test_another_session_at_the_same_time_stays_in_dollars(app: AppTest) -> None:
    in_euros(app)
    other = new_session().run()
    seen: dict[str, set[str]] = {"euros": set(), "dollars": set()}

    def work(name: str, session: AppTest) -> None:
        for _ in range(3):
            session.run()
            seen[name] |= {figure[0] for figure in money(session) if figure[0] in "$€"}

    both = [Thread(target=work, args=("euros", app)), Thread(target=work, args=("dollars", other))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert seen == {"euros": {"€"}, "dollars": {"$"}}


def test_a_source_links_to_its_page_and_to_its_row(app: AppTest) -> None:
    app.session_state["details"] = "Sources"
    app.run()
    shown = tables(app)
    assert re.search(r'<a href="https://[^"]+" target="_blank"', shown)
    assert re.search(
        r'<a href="catalog\?row=gpu_prices/[^"]+" target="_blank" rel="noopener noreferrer">catalog row</a>', shown
    )
    assert 'class="badge">older than 90 days<' in shown
