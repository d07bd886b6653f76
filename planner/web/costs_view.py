"""The Costs page: one option from every side that finance asks about."""

from __future__ import annotations

import streamlit as st

from planner.charts.cash_book import cash_book_alt, cash_book_chart
from planner.charts.cumulative import cumulative_alt, cumulative_chart
from planner.charts.months_stack import months_stack_alt, months_stack_chart
from planner.charts.waterfall import waterfall_alt, waterfall_chart
from planner.decision import present_costs as words
from planner.decision.cost_view import waterfall
from planner.decision.present import month_rows
from planner.domain.facts import Facts
from planner.domain.result import OptionResult, Result
from planner.domain.scenario import Scenario
from planner.web.answer import in_its_currency, show_blocked, show_table, theme, title
from planner.web.parts import draw, show_figures
from planner.web.routes import DECIDE
from planner.web.state import answer, draft
from planner.web.text import md, small

CHOICE = "costs-option"


def costs_page() -> None:
    """Everything about the cost of one option of the session's scenario."""
    scenario = draft().scenario
    facts, result = answer(scenario)
    st.markdown(small(f"{title(scenario)}. Prices of {result.on}. Options and assumptions are edited on Decide."))
    with in_its_currency(scenario, result):
        _show(scenario, facts, result)


def _show(scenario: Scenario, facts: Facts, result: Result) -> None:
    option = choose_option(result)
    if option is None:
        st.info("No option can be priced, so there are no costs to show.", icon="ℹ️")
        show_blocked(result)
        st.page_link(DECIDE, label="Go to Decide")
        return
    show_figures(words.total_metrics(scenario, result, option), "cost-figures")
    _show_waterfall(scenario, facts, option)
    _show_months(result, option)
    _show_comparison(result, option)
    _show_units(scenario, result, option)
    _show_cash(option)


def choose_option(result: Result) -> OptionResult | None:
    """The option to look at: the one chosen before, else the recommended one; None when none has a cost."""
    priced = {o.option_id: o for o in result.options if o.status != "blocked"}
    if not priced:
        return None
    wanted = st.session_state.get(f"{CHOICE}-kept", result.verdict.recommended_id)
    names = list(priced)
    index = names.index(wanted) if wanted in priced else 0
    chosen = st.selectbox(
        "Option",
        names,
        index=index,
        format_func=lambda name: _named(priced[name], result),
        key=CHOICE,
        help="Any option of the scenario that has a price.",
    )
    st.session_state[f"{CHOICE}-kept"] = chosen
    return priced[chosen]


def _named(option: OptionResult, result: Result) -> str:
    recommended = option.option_id == result.verdict.recommended_id
    excluded = option.status == "excluded"
    return option.label + (" (recommended)" if recommended else " (fails a constraint)" if excluded else "")


def _show_waterfall(scenario: Scenario, facts: Facts, option: OptionResult) -> None:
    steps = waterfall(scenario, facts, option.option_id)
    st.subheader("From the naive figure to the loaded one")
    st.markdown(md(words.waterfall_sentence(steps)))
    draw(waterfall_chart(steps, theme=theme()), waterfall_alt(steps), "waterfall-chart")
    show_table(words.waterfall_rows(steps))


def _show_months(result: Result, option: OptionResult) -> None:
    st.subheader("Month by month")
    draw(months_stack_chart(option, theme=theme()), months_stack_alt(option), "months-chart")
    show_table(words.part_rows(option))
    months = st.expander("Every month", key="costs-every-month", on_change="rerun")
    if months.open:
        with months:
            show_table(month_rows(result, [option.option_id]))


def _show_comparison(result: Result, option: OptionResult) -> None:
    found = words.comparison_of(result, option.option_id)
    st.subheader("Against the reference")
    if found is None:
        st.markdown(md(words.no_comparison(result, option)))
        return
    show_figures(words.comparison_metrics(result, found), "comparison-figures", 4)
    draw(cumulative_chart(found, theme=theme()), cumulative_alt(found), "cumulative-chart")


def _show_units(scenario: Scenario, result: Result, option: OptionResult) -> None:
    show_table(words.unit_rows(scenario, result, option))
    st.markdown(small(md(words.SPLIT_RULE)))
    st.markdown(md(words.usage_sentence(option)))


def _show_cash(option: OptionResult) -> None:
    if not option.cash:
        return
    st.subheader("Cash and book")
    st.markdown(md(words.cash_sentence(option)))
    draw(cash_book_chart(option, theme=theme()), cash_book_alt(option), "cash-chart")
    show_table(words.cash_rows(option))
