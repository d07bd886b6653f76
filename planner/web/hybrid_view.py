"""The Hybrid page: an own fleet for the base of the load, the rest by the token."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.charts.fleet_cost import fleet_cost_alt, fleet_cost_chart
from planner.charts.load_duration import load_duration_alt, load_duration_chart
from planner.charts.screening import screening_alt, screening_chart
from planner.decision import present_hybrid as words
from planner.decision.hybrid_view import HybridView, hybrid_view, parts
from planner.domain.options import HybridOption
from planner.domain.scenario import Scenario
from planner.web.answer import in_its_currency, show_blocked, show_table, theme, title
from planner.web.editing import as_lists, change_list
from planner.web.field_info import most_entries
from planner.web.parts import draw, show_figures
from planner.web.routes import DECIDE
from planner.web.state import PathKey, answer, draft
from planner.web.text import md, small

OPTIONS: PathKey = ("options",)


def hybrid_page() -> None:
    """The best mix of two options of the session's scenario, and why."""
    scenario = draft().scenario
    facts, result = answer(scenario)
    st.markdown(small(f"{title(scenario)}. Prices of {result.on}. {md(words.LEVELISED)}"))
    found = parts(result)
    why_not = words.nothing_to_combine(found)
    if why_not:
        st.info(md(why_not), icon="ℹ️")
        show_blocked(result)
        st.page_link(DECIDE, label="Go to Decide")
        return
    left, right = st.columns(2)
    with left:
        base = _choose("Own fleet", found.own, "hybrid-base", "Runs the base of the load.")
    with right:
        overflow = _choose("Per token", found.per_token, "hybrid-overflow", "Takes what the fleet cannot.")
    view = hybrid_view(scenario, facts, base, overflow)
    if view is not None:
        with in_its_currency(scenario, result):
            _show(scenario, view)


def _choose(label: str, options: tuple[tuple[str, str], ...], key: str, help_text: str) -> str:
    """One of the priced options, kept when the page is left; the cheapest at first."""
    labels = dict(options)
    kept = st.session_state.get(f"{key}-kept")
    index = list(labels).index(kept) if kept in labels else 0
    chosen = st.selectbox(label, list(labels), index=index, format_func=labels.__getitem__, key=key, help=help_text)
    st.session_state[f"{key}-kept"] = chosen
    return chosen


def _show(scenario: Scenario, view: HybridView) -> None:
    with st.container(border=True, key="hybrid-answer"):
        st.markdown(f"### {md(words.hybrid_sentence(view))}")
        for note in words.notes(view):
            st.markdown(md(note))
        _add_button(scenario, view)
    show_figures(words.hybrid_metrics(view), "hybrid-figures")
    st.subheader("How often each replica is needed")
    draw(load_duration_chart(view, theme=theme()), load_duration_alt(view), "load-duration-chart")
    st.subheader("Above how many hours owning pays")
    draw(screening_chart(view, theme=theme()), screening_alt(view), "screening-chart")
    show_table(words.slice_rows(view))
    st.subheader("What every size of the fleet costs")
    draw(fleet_cost_chart(view, theme=theme()), fleet_cost_alt(view), "fleet-cost-chart")
    show_table(words.merit_rows(view))


def _add_button(scenario: Scenario, view: HybridView) -> None:
    there = any(_same(o, view) for o in scenario.options if isinstance(o, HybridOption))
    most = most_entries(OPTIONS)
    full = len(scenario.options) >= most
    st.button(
        "In the scenario already" if there else "Add this hybrid to the scenario",
        key="add-hybrid",
        disabled=there or full,
        on_click=add_hybrid,
        args=(view,),
        help=f"A scenario has at most {most} options: remove one first." if full and not there else None,
    )


def _same(option: HybridOption, view: HybridView) -> bool:
    pair = (option.base_id, option.overflow_id) == (view.base_id, view.overflow_id)
    return pair and option.mode == "overflow" and option.base_replicas is None


def add_hybrid(view: HybridView) -> None:
    """A hybrid option of the two, its fleet left open: it joins the comparison at the cheapest size."""

    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        taken = {o["option_id"] for o in document["options"]}
        name = next(f"hybrid-{n}" for n in range(1, 100) if f"hybrid-{n}" not in taken)
        new = {"kind": "hybrid", "option_id": name, "label": words.new_label(view)}
        document["options"].append(new | {"base_id": view.base_id, "overflow_id": view.overflow_id})

    change_list(update, OPTIONS)
