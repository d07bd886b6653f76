"""The Capacity page: what is needed to serve a load within a latency target, and what it costs to rent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import streamlit as st

from planner.capacity.lookup import Neighbour, RowIndex, index_rows
from planner.charts.pareto import ParetoPoint, Role, pareto_alt, pareto_chart
from planner.decision import present_capacity as words
from planner.decision.candidates import find, request_problems
from planner.decision.candidates.deployments import fit_of
from planner.decision.present_capacity import Names, key_of
from planner.decision.present_capacity_curve import Operating, calibrated_line, operating
from planner.decision.present_capacity_sources import near_rows
from planner.decision.present_capacity_tables import cheapest_each, refused_rows
from planner.decision.present_currency import currency_sentence
from planner.domain.capacity import Candidate, CapacityRequest, Found
from planner.domain.currency import written_in
from planner.web.answer import show_table, theme
from planner.web.capacity_ask import NotAnswerable, request_of, start
from planner.web.capacity_choice import candidates_panel, choice_box, chosen
from planner.web.capacity_curve import curve_panel
from planner.web.capacity_form import question
from planner.web.capacity_memory import memory_panel
from planner.web.capacity_serve import serve_panel
from planner.web.capacity_sources import sources_panel
from planner.web.capacity_trust import trust_panel
from planner.web.capacity_use import use_panel
from planner.web.parts import draw, show_figures
from planner.web.state import catalog, draft, today
from planner.web.text import md, small

TABS = "capacity-tabs"
NARROW = """<style>
@media (max-width: 640px) {
  :is(.st-key-capacity-load, .st-key-capacity-latency, .st-key-capacity-figures) [data-testid="stColumn"] {
    min-width: calc(50% - 1rem); flex: 1 1 calc(50% - 1rem); }
}
</style>"""
"""On a phone two figures side by side: one below the other, the answer would be two screens away."""
LOOSER = 4.0
"""How many times looser the target is for the points that are drawn as missing it."""


def _text(value: CapacityRequest | Candidate) -> str:
    return value.model_dump_json()


_BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {CapacityRequest: _text, Candidate: _text}


@st.cache_data(show_spinner="Searching\N{HORIZONTAL ELLIPSIS}", max_entries=64, hash_funcs=_BY_TEXT)
def searched(request: CapacityRequest, on: dt.date, version: str) -> Found:
    """The search; once for the same question, day and catalog (`version` tells catalogs apart)."""
    return find(request, catalog().tables, on)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=_BY_TEXT)
def operated(candidate: Candidate, request: CapacityRequest, on: dt.date, version: str) -> Operating:
    """The curves of one candidate."""
    return operating(candidate, request, catalog().tables, on)


@st.cache_resource(max_entries=2, show_spinner=False)
def measured_index(version: str) -> RowIndex:
    """The published rows as columns, once per catalog."""
    return index_rows(catalog().tables)


def capacity_page() -> None:
    """Question, answer, and what is behind it."""
    scenario, tables = draft().scenario, catalog().tables
    st.html(NARROW)
    begin = start(scenario, tables)
    now = question(begin, tables)
    try:
        request = request_of(now)
    except NotAnswerable as error:
        for problem in error.problems:
            st.error(md(problem), icon="⚠️")
        return
    if problems := request_problems(request, tables):
        for problem in problems:
            st.error(md(problem), icon="⚠️")
        return
    found = searched(request, today(), catalog().version)
    with written_in(scenario.currency):
        if told := currency_sentence(scenario.currency, found.on):
            st.markdown(small(md(told)))
        _answer(found, Names(tables))


def _answer(found: Found, names: Names) -> None:
    best = chosen(found)
    with st.container(border=True, key="capacity-answer"):
        st.markdown(f"### {md(words.headline(found, names, best))}")
        for sentence in words.support(found, names, best):
            st.markdown(md(sentence))
        st.markdown(small(md(" ".join((words.searched(found), *found.notes)))))
    if best is not None:
        _same_as_cheapest(found, best, names)
        show_figures(words.metrics(found, best), "capacity-figures", in_a_row=5)
        choice_box(found, names)
        use_panel(best, found.request)
    _sections(found, best, names)


def _same_as_cheapest(found: Found, best: Candidate, names: Names) -> None:
    """That something else is shown than the cheapest, and by how much it is dearer."""
    cheapest = found.cheapest
    if cheapest is not None and key_of(cheapest) != key_of(best):
        more = best.usd_per_month / cheapest.usd_per_month - 1 if cheapest.usd_per_month else 0.0
        st.markdown(
            md(f"Chosen by you. The cheapest is {names.deployment(cheapest)}, {cheapest.provider}: {more:+.0%}.")
        )


def _sections(found: Found, best: Candidate | None, names: Names) -> None:
    """Only the open tab is drawn."""
    parts: dict[str, Callable[[], None]] = {}
    if best is not None:
        parts |= {
            "Candidates": lambda: candidates_panel(found, names),
            "Price and speed": lambda: _pareto(found, best, names),
            "Load and latency": lambda: _curve(found, best, names),
            "Sources": lambda: sources_panel(draft().scenario, found, best, names, _near(found, best)),
            "Set it up": lambda: serve_panel(best, found.request, names),
        }
    parts |= {
        "Memory": lambda: _memory(found, best, names),
        "Left out": lambda: _left_out(found),
        "How sure": lambda: trust_panel(fit_of(names.tables)),
    }
    for tab, show in zip(st.tabs(list(parts), key=TABS, on_change="rerun"), parts.values(), strict=True):
        with tab:
            if tab.open:
                show()


def _operating(found: Found, best: Candidate) -> Operating:
    return operated(best, found.request, found.on, catalog().version)


def _near(found: Found, best: Candidate) -> tuple[Neighbour, ...]:
    index = measured_index(catalog().version)
    return near_rows(index, best, found.request, _operating(found, best).in_service)


def _curve(found: Found, best: Candidate, names: Names) -> None:
    own = calibrated_line(draft().scenario, best, found.request)
    curve_panel(found, best, names, _operating(found, best), _near(found, best), own)


def _memory(found: Found, best: Candidate | None, names: Names) -> None:
    shown = best or (found.best_reachable.placement if found.best_reachable else None)
    in_service = None if best is None else _operating(found, best).in_service
    memory_panel(shown, found.request, names.tables, in_service)


def _pareto(found: Found, best: Candidate, names: Names) -> None:
    """Every deployment at its cheapest price; those that a looser target would let in are grey."""
    looser = found.request.latency.model_copy(update={"tpot_slo_ms": found.request.latency.tpot_slo_ms * LOOSER})
    wider = searched(found.request.model_copy(update={"latency": looser}), found.on, catalog().version)
    target = found.request.latency.tpot_slo_ms
    drawn = cheapest_each([*found.pareto, *found.candidates, best])
    points = [_point(c, best, names) for c in drawn if key_of(c) != key_of(best)] + [_point(best, best, names)]
    over = [c for c in cheapest_each(wider.candidates) if c.tpot_ms > target]
    points = [ParetoPoint(c.usd_per_mtok, c.tpot_ms, names.deployment(c), "over") for c in over] + points
    draw(
        pareto_chart(points, target, found.request.latency.slo_percentile, theme=theme()),
        pareto_alt(points, target),
        "capacity-pareto-chart",
    )
    st.markdown(
        small(
            f"One mark per deployment at its cheapest price, the cheapest {len(drawn):,} of them. Grey ones miss the "
            f"target, but would meet one {LOOSER:g} times as long. Rent of GPUs alone; modelled; prices of {found.on}."
        )
    )


def _point(c: Candidate, best: Candidate, names: Names) -> ParetoPoint:
    role: Role = "front" if c.pareto else "meets"
    return ParetoPoint(c.usd_per_mtok, c.tpot_ms, names.deployment(c), role, chosen=key_of(c) == key_of(best))


def _left_out(found: Found) -> None:
    if found.refused:
        show_table(refused_rows(found.refused))
    else:
        st.markdown("Nothing was left out.")
