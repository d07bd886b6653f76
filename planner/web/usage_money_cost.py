"""What a log cost: as it was, on every option of the scenario, and against the export's own cost."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from planner.charts.log_cost import log_cost_alt, log_cost_chart
from planner.decision import present_log_options as option_words
from planner.decision import present_usage as words
from planner.decision.log_options import OnOption
from planner.decision.log_price import EmptyLog
from planner.decision.log_values import LogPrice, Reconciliation
from planner.decision.present_currency import currency_sentence
from planner.decision.present_reconciled import reconciled_sentence
from planner.decision.present_tables import LINK, Column, Table
from planner.domain.currency import DisplayCurrency, written_in
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.report.usage_csv import price_csv, reconciliation_csv
from planner.report.usage_options_csv import options_csv
from planner.units import CALENDARS
from planner.web.answer import show_table, theme
from planner.web.parts import draw
from planner.web.state import draft, today
from planner.web.text import md, small
from planner.web.usage_money_ask import ask
from planner.web.usage_money_log import every_option, kept_log, price_of
from planner.web.usage_money_names import for_page, names_panel, page_table
from planner.web.usage_words import file_stem

DAYS = frozenset({"Month", "From", "To"})
"""Columns that a log without known dates does not have."""


def cost_panel(profile: UsageProfile) -> None:
    """All of it; amounts in the scenario's currency."""
    kept = kept_log(profile)
    if kept is None:
        return
    asked, scenario = ask(profile, kept), draft().scenario
    try:
        price, reconciliation = price_of(asked)
        options = every_option(asked, scenario, today(), profile)
    except EmptyLog as error:
        st.info(md(str(error)), icon="ℹ️")
        return
    with written_in(scenario.currency):
        say_currency(scenario.currency)
        st.markdown("**As it was.** Every model of the log at its own list price.")
        sentences(words.price_sentences(price, dated=profile.has_calendar))
        show_table(_dated(words.line_rows(price), profile))
    names_panel(price, kept)
    with written_in(scenario.currency):
        _show_options(price, options, scenario)
        if any(found.requests is None for found in profile.classes):
            st.markdown(small("What the log lacks for a fleet can be given under “Use in scenario”."))
        _show_reconciliation(reconciliation, profile)
    _show_sources(price, profile)
    _downloads(price, options, reconciliation, profile)


def say_currency(currency: DisplayCurrency | None) -> None:
    """At which rate amounts are shown; nothing for US dollars."""
    if told := currency_sentence(currency, today()):
        st.markdown(small(md(told)))


def sentences(told: Sequence[str]) -> None:
    """The first as it is, the others as a list below it."""
    first, *more = map(for_page, told)
    st.markdown(md(first))
    if more:
        st.markdown("\n".join(f"- {md(line)}" for line in more))


def _show_options(price: LogPrice, options: tuple[OnOption, ...], scenario: Scenario) -> None:
    days = CALENDARS[scenario.calendar].days_per_month
    st.markdown(f"**On every option of {md(scenario.name)}.** The same log, bought in another way.")
    if not options:
        st.info("The scenario has no options yet: add one under Decide.", icon="ℹ️")
        return
    sentences(option_words.compared_sentences(price, options, days))
    draw(log_cost_chart(price, options, days, theme=theme()), log_cost_alt(price, options, days), "money-options")
    show_table(page_table(option_words.option_rows(price, options, days)))
    notes = option_words.note_rows(options)
    if notes.rows:
        with st.expander("Notes on the options", key="money-option-notes", on_change="rerun") as box:
            if box.open:
                show_table(page_table(notes))


def _dated(table: Table, profile: UsageProfile) -> Table:
    """Without the days of a log that has no known ones."""
    if profile.has_calendar:
        return table
    kept = [place for place, column in enumerate(table.columns) if column.name not in DAYS]
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return Table(table.title, tuple(table.columns[place] for place in kept), rows)


def _show_reconciliation(found: Reconciliation | None, profile: UsageProfile) -> None:
    """The export's own cost, or that there is none."""
    if found is None:
        st.markdown(small("The export states no cost of its own, so there is nothing to hold the list prices against."))
        return
    st.markdown("**Against the export's own cost.** What it says was billed, and what the list asks.")
    st.markdown(md(reconciled_sentence(found)))
    show_table(_dated(words.reconciliation_rows(found), profile))
    if found.notes:
        st.markdown("\n".join(f"- {md(note)}" for note in found.notes))


def _show_sources(price: LogPrice, profile: UsageProfile) -> None:
    """Rates are those of the sources, in US dollars."""
    if not price.prices:
        return
    with st.expander("Prices used, with source and date", key="money-sources", on_change="rerun") as box:
        if box.open:
            show_table(_dated(_with_links(price), profile))


def _with_links(price: LogPrice) -> Table:
    """Each price with the address of its source."""
    table = words.used_price_rows(price)
    rows = tuple((*row, used.source_url) for row, used in zip(table.rows, price.prices, strict=True))
    return table._replace(columns=(*table.columns, Column(LINK)), rows=rows)


def _downloads(
    price: LogPrice, options: tuple[OnOption, ...], reconciliation: Reconciliation | None, profile: UsageProfile
) -> None:
    stem = file_stem(profile)
    with st.container(horizontal=True, key="money-downloads"):
        csv_button("Cost as CSV", price_csv(price, dated=profile.has_calendar), f"{stem}-cost.csv", "money-csv-cost")
        csv_button("Options as CSV", options_csv(options), f"{stem}-options.csv", "money-csv-options")
        if reconciliation is not None:
            content = reconciliation_csv(reconciliation)
            csv_button("Export's own cost as CSV", content, f"{stem}-reconciliation.csv", "money-csv-own")


def csv_button(label: str, content: bytes, name: str, key: str) -> None:
    """A download for finance; its amounts are US dollars."""
    st.download_button(label, data=content, file_name=name, mime="text/csv", on_click="ignore", key=key)
