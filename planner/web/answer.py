"""The answer on the page: words, metrics, chart and tables, all read from the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from planner.charts.break_even import break_even_alt, break_even_chart
from planner.charts.cost_stack import cost_stack_alt, cost_stack_chart
from planner.charts.palette import Theme
from planner.decision import present
from planner.decision.present import Table
from planner.domain.currency import written_in
from planner.domain.result import OptionResult, Result
from planner.domain.scenario import Scenario
from planner.web.state import catalog
from planner.web.tables import html_table
from planner.web.text import md, small

CHART_CONFIG = {"displayModeBar": False, "responsive": True}


def theme() -> Theme:
    """light or dark, as the browser shows it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def title(scenario: Scenario) -> str:
    """The scenario's name, safe to draw."""
    return md(scenario.name)


@contextmanager
def in_its_currency(scenario: Scenario, result: Result) -> Iterator[None]:
    """Write amounts in the scenario's currency inside the block, and say first at which rate.

    A fragment runs again without the page around it, so one that shows money opens its own block.
    """
    with written_in(scenario.currency):
        told = present.currency_sentence(scenario.currency, result.on)
        if told:
            st.markdown(small(md(told)))
        yield


def show_headline(scenario: Scenario, result: Result) -> None:
    """The answer in one sentence, what supports it, and the metrics."""
    box = st.container(border=True, key="answer")
    with box:
        st.markdown(f"### {md(present.headline(scenario, result))}")
        for sentence in present.support(scenario, result):
            st.markdown(md(sentence))
    show_metrics(scenario, result)


def show_metrics(scenario: Scenario, result: Result) -> None:
    """Four to six figures with their units."""
    metrics = present.metrics(scenario, result)
    with st.container(key="metrics"):
        for column, metric in zip(st.columns(3) + st.columns(3), metrics, strict=False):
            with column:
                st.metric(md(metric.label), metric.value)
                st.markdown(small(md(metric.note)))


def show_chart(result: Result) -> None:
    """Break-even chart, or why there is none."""
    if not result.curves:
        priced = any(option.status == "ok" for option in result.options)
        why = "the workload asks for no tokens" if priced else "no option can be priced"
        st.info(f"No chart: {why}.", icon="ℹ️")
        return
    st.plotly_chart(
        break_even_chart(result, theme=theme()),
        theme=None,
        key="break-even-chart",
        config=CHART_CONFIG,
        alt=break_even_alt(result),
    )


def show_table(table: Table) -> None:
    """A table of the report."""
    if table.rows:
        st.html(html_table(table))
    else:
        st.markdown(small(f"{md(table.title)}: nothing to show."))


def show_blocked(result: Result) -> None:
    """Options that cannot be priced, or may not be chosen: what is wrong, where, and the way out."""
    blocked = [option for option in result.options if option.status != "ok"]
    if blocked:
        st.subheader("Blocked and excluded options")
    for option in blocked:
        st.warning(_blocked_text(option), icon="⛔")


def _blocked_text(option: OptionResult) -> str:
    state = "is not priced" if option.status == "blocked" else "is priced, but fails a hard constraint"
    lines = [f"**{md(option.label)}** {state}:"]
    lines += [f"- {md(r.code)}: {with_link(r.message)} {md(r.remedy)} (field: {md(r.field)})" for r in option.reasons]
    return "\n".join(lines)


def with_link(text: str) -> str:
    """The address of a licence as a link. One that the catalog does not have stays text: anybody can write a link."""
    known = {row.source_url for row in catalog().tables.licences}
    found = next((url for url in sorted(known, key=len, reverse=True) if url and url in text), None)
    if found is None:
        return md(text)
    before, _, after = text.partition(found)
    return f"{md(before)} [{md(found)}](<{found}>){md(after)}"


def show_details(scenario: Scenario, result: Result) -> None:
    """Everything below the chart. Only the open tab is drawn, which halves the time of every change."""
    show_table(present.option_rows(scenario, result))
    show_blocked(result)
    sections: dict[str, Callable[[], None]] = {
        "Break-even": lambda: _show_break_even(result),
        "What would change it": lambda: _show_switching(result),
        "Sources": lambda: show_table(present.evidence_rows(result)),
        "Assumptions": lambda: _show_assumptions(scenario),
        "Costs over time": lambda: _show_months(result),
        "Notes and versions": lambda: _show_notes(scenario, result),
    }
    for tab, draw in zip(st.tabs(list(sections), key="details", on_change="rerun"), sections.values(), strict=True):
        with tab:
            if tab.open:
                draw()


def _show_break_even(result: Result) -> None:
    show_table(present.break_even_rows(result))
    show_table(present.required_rows(result))


def _show_switching(result: Result) -> None:
    show_table(present.switch_rows(result))
    show_table(present.comparison_rows(result))


def _show_assumptions(scenario: Scenario) -> None:
    show_table(present.workload_rows(scenario))
    show_table(present.assumption_rows(scenario))


def _show_notes(scenario: Scenario, result: Result) -> None:
    show_table(present.note_rows(result))
    show_table(present.version_rows(scenario, result))


def _show_months(result: Result) -> None:
    if not any(option.months for option in result.options):
        return
    st.subheader("Cost by year and by month")
    st.plotly_chart(
        cost_stack_chart(result, theme=theme()),
        theme=None,
        key="cost-stack-chart",
        config=CHART_CONFIG,
        alt=cost_stack_alt(result),
    )
    show_table(present.year_rows(result))
    months = st.expander("Every month", key="every-month", on_change="rerun")
    if months.open:
        with months:
            show_table(present.month_rows(result))
