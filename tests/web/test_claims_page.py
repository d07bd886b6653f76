"""The claims page: words and figures, the filter, and inputs that change a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as strategy
from streamlit.testing.v1 import AppTest

from planner.catalog.catalog import load
from planner.catalog.claims import ARTICLES, load_claims
from planner.decision.claims import Quantity, evaluate_claim, evaluate_claims
from planner.decision.present_claims import (
    VERDICT_WORDS,
    Claim,
    claim_rows,
    counts,
    figure,
    figure_rows,
    figure_with_unit,
    input_label,
    matching,
)

ROOT = Path(__file__).resolve().parents[2]
TABLES = load().tables
ROWS = load_claims()
CLAIMS = tuple(Claim(*pair) for pair in zip(ROWS, evaluate_claims(ROWS, TABLES), strict=True))
BY_ID = {claim.row.claim_id: claim for claim in CLAIMS}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (9.0, "USD/Mtok", "9.00"),
        (0.1736111, "USD/Mtok", "0.1736"),
        (2190.4, "USD/month", "2,190"),
        (28384, "tokens", "28,384"),
        (131.41651916503906, "GiB", "131.4"),
        (37.0, "%", "37"),
        (0.0, "USD", "0.00"),
        (999.96, "GB", "1,000"),
        (-3.5, "USD", "\N{MINUS SIGN}3.50"),
        (1.0, "1 = yes", "yes"),
        (None, "USD", "\N{EN DASH}"),
    ],
)
def test_figures_as_people_read_them(value: float | None, unit: str, text: str) -> None:
    assert figure(Quantity("x", value, unit)) == text


def test_units_are_said_in_words() -> None:
    assert figure_with_unit(Quantity("node", 14.4, "USD/Mtok")) == "node: 14.40 USD per 1M tokens"
    assert figure_with_unit(Quantity("volume", 8.0, "Mtok/day")) == "volume: 8M tokens/day"
    assert figure_with_unit(Quantity("share", 65.0, "%")) == "share: 65%"
    assert figure_with_unit(Quantity("robust break-even", None, "Mtok/day")) == "robust break-even: \N{EN DASH}"
    assert input_label("price of input", "USD/Mtok") == "Price of input (USD per 1M tokens)"
    assert input_label("notices asked for", "1 = yes") == "Notices asked for?"


def test_labels_read_the_same_as_markdown_and_aloud() -> None:
    """They are drawn as they are: a backslash before a bracket would be read out."""
    for row in ROWS:
        for item in row.inputs.values():
            assert not re.search(r"[\\`*\[\]<>:~#|@]|\b_|_\b|\$.*\$", item.label), (row.claim_id, item.label)


def test_the_counts_are_of_all_claims() -> None:
    assert list(counts(CLAIMS)) == list(VERDICT_WORDS)
    assert sum(counts(CLAIMS).values()) == len(CLAIMS) == 51
    assert counts(CLAIMS)["inconsistent"] == sum(row.expected_verdict == "inconsistent" for row in ROWS)


def test_the_table_has_every_claim_with_its_figures_and_its_way_to_be_true() -> None:
    rows = dict(zip(BY_ID, claim_rows(CLAIMS).rows, strict=True))
    assert rows["A6"] == (
        "A6. At 5M tokens a day the node comes to about $14 a day.",
        "article on the maturing open-source stack",
        "✘ Inconsistent. The node costs $72.00 a day; $14.40 is its price per 1M tokens.",
        "node: 72.00 USD/day; node per 1M tokens: 14.40 USD per 1M tokens",
        "True as a price per 1M tokens: the unit was lost. The node costs $72 a day at any volume.",
        "RNT-1",
    )
    assert rows["B22"][2:4] == ("? Not testable.", "\N{EN DASH}")  # nothing computed, nothing said twice
    assert all(all(cell for cell in row) for row in rows.values())


VERDICTS = strategy.sets(strategy.sampled_from(list(VERDICT_WORDS)))
NAMES = strategy.sets(strategy.sampled_from(list(ARTICLES.values())))


@given(VERDICTS, NAMES, strategy.sampled_from(["", "cap-4", "gpt-4o", "A7", "no such word", "API price"]))
def test_a_filter_keeps_what_matches_in_order(verdicts: set[Any], articles: set[str], text: str) -> None:
    found = matching(CLAIMS, verdicts=verdicts, articles=articles, text=text)
    assert list(found) == [claim for claim in CLAIMS if claim in found]
    for claim in found:
        assert not verdicts or claim.result.verdict in verdicts
        assert not articles or set(claim.row.articles) & articles
    if not text:
        parts = [matching(CLAIMS, verdicts=[v], articles=articles) for v in verdicts or VERDICT_WORDS]
        assert sum(map(len, parts)) == len(found)


def test_the_search_looks_at_ids_formulas_and_words() -> None:
    assert matching(CLAIMS) == CLAIMS
    assert [c.row.claim_id for c in matching(CLAIMS, text="speculative throughput")] == ["B10"]
    assert {c.row.claim_id for c in matching(CLAIMS, text="be-2")} == {"A7", "A8"}
    assert matching(CLAIMS, text="zebra") == ()


def test_an_edited_claim_shows_both_columns() -> None:
    row, stated = BY_ID["A6"]
    assert figure_rows(stated, stated).heads == ("Figure", "Value", "Unit")
    edited = figure_rows(stated, evaluate_claim(row, {"usd_per_month": 1080}, TABLES))
    assert edited.heads == ("Figure", "As stated", "With your figures", "Unit")
    assert edited.rows[0] == ("node", "72.00", "36.00", "USD/day")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    page.run()
    page.switch_page("../../pages/claims.py").run()
    assert not page.exception
    yield page
    st.cache_resource.clear()


def table(app: AppTest) -> str:
    """The table of claims as HTML."""
    drawn = [str(getattr(element, "value", "")) for element in app.get("html")]
    return next(text for text in drawn if ">Claims</caption>" in text)


def choose(app: AppTest, claim_id: str) -> None:
    app.selectbox(key="claim-chosen").set_value(claim_id).run()
    assert not app.exception


def test_all_claims_are_there_with_their_counts(app: AppTest) -> None:
    expected = counts(CLAIMS)
    assert [m.value for m in app.metric] == [f"{n} claims" for n in expected.values()]
    assert [m.label for m in app.metric] == list(VERDICT_WORDS.values())
    assert table(app).count('<th scope="row">') == 51


def test_the_filters_narrow_the_table_and_can_be_taken_away(app: AppTest) -> None:
    app.multiselect(key="claims-verdicts").set_value(["consistent"]).run()
    assert table(app).count('<th scope="row">') == counts(CLAIMS)["consistent"]
    app.multiselect(key="claims-articles").set_value([ARTICLES["S3"]]).run()
    assert '<th scope="row">C3. ' in table(app)
    app.text_input(key="claims-search").set_value("zebra").run()
    assert [i.value for i in app.info] == ["No claim matches. Take a filter away, or search for another word."]
    app.button(key="claims-clear").click().run()
    assert not app.exception
    assert table(app).count('<th scope="row">') == 51


def test_an_edit_moves_the_verdict_is_kept_and_can_be_taken_back(app: AppTest) -> None:
    choose(app, "A6")
    assert app.error[0].value.startswith("**✘ Inconsistent.**")
    assert app.button(key="claim-reset-A6").disabled
    app.number_input(key="claim-A6-claimed-usd-per-day").set_value(72.0).run()
    assert app.success[0].value.startswith("**✔ Consistent with your figures.**")
    assert app.success[0].value.endswith("As stated: ✘ Inconsistent.")

    choose(app, "A1")
    choose(app, "A6")
    assert app.number_input(key="claim-A6-claimed-usd-per-day").value == 72.0

    app.button(key="claim-reset-A6").click().run()
    assert app.number_input(key="claim-A6-claimed-usd-per-day").value == 14.0
    assert app.error[0].value.startswith("**✘ Inconsistent.**")


def test_a_yes_or_no_is_a_tick(app: AppTest) -> None:
    choose(app, "C1")
    app.checkbox(key="claim-C1-notice-duty").uncheck().run()
    assert app.success[0].value.startswith("**✔ Consistent with your figures.**")


def test_what_cannot_be_computed_says_so(app: AppTest) -> None:
    choose(app, "A6")
    app.number_input(key="claim-A6-volume-mtok-per-day").set_value(0.0).run()
    assert not app.exception
    assert "not defined" in app.info[0].value
    choose(app, "B22")
    assert app.info[0].value.startswith("**? Not testable.** No data is given")
    assert not [b for b in app.button if b.key == "claim-reset-B22"]


def test_every_claim_opens_with_a_widget_for_each_input(app: AppTest) -> None:
    for claim_id, claim in BY_ID.items():
        choose(app, claim_id)
        assert len(app.number_input) + len(app.checkbox) == len(claim.row.inputs), claim_id
