"""Where a throughput comes from: typed in, calibrated, measured, modelled, side by side and never averaged."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from planner.capacity.lookup import Neighbour
from planner.decision.present_capacity import Names, band_words, why_words
from planner.decision.present_capacity_option import as_scenario, same_deployment_in
from planner.decision.present_capacity_sources import apart, measured_rows, source_evidence, source_rows
from planner.decision.throughput_sources import throughput_sources
from planner.domain.capacity import Candidate, Found
from planner.domain.scenario import Scenario
from planner.domain.serving import engine_words
from planner.format import short
from planner.web.answer import show_table
from planner.web.text import md, small


def sources_panel(scenario: Scenario, found: Found, c: Candidate, names: Names, near: Sequence[Neighbour]) -> None:
    """Each source that exists for the deployment, which one the scenario takes, and what is published nearby."""
    _search(c)
    asked, option = as_scenario(scenario, c, found.request, names.tables)
    answers = throughput_sources(option, asked, names.tables)
    known = same_deployment_in(scenario, c)
    of = f"as the option {md(known.label)} of the scenario has it" if known else "as the scenario would have it"
    st.markdown(f"**All sources** for this deployment, request and target, {of}. They are never averaged.")
    show_table(source_rows(answers))
    st.markdown(
        small(
            "What you know better goes in at the option on Decide: a typed figure, the points of your own server, or "
            "the choice of a source by name."
        )
    )
    _nearest(near)
    show_table(measured_rows(near, names))
    box = st.expander("What the sources rest on", key="capacity-evidence", on_change="rerun")
    if box.open:
        with box:
            show_table(source_evidence(answers, found.on))


def _search(c: Candidate) -> None:
    st.markdown(
        f"**This page** uses the modelled figure for every candidate: {short(c.output_tokens_per_s_at_target)} output "
        f"tokens/s of one replica within the target, 80% band {band_words(c)}, {c.confidence} confidence."
    )
    st.markdown(small(md(why_words(c.why))))


def _nearest(near: Sequence[Neighbour]) -> None:
    if not near:
        st.markdown("**Measured.** No published row is of this model's architecture.")
        return
    first = near[0]
    engine = engine_words(first.row.engine, first.row.engine_version or "of no stated version")
    st.markdown(
        f"**Measured.** The nearest published row is {first.distance:.2f} away ({md(apart(first))}): "
        f"{md(first.row.source_id)}, {md(first.row.as_of or 'no date')}, {md(engine)}."
    )
