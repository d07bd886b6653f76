"""Two measurements side by side: what was not the same, and which rates differ by more than their repeats."""

from __future__ import annotations

import streamlit as st

from planner.capacity.measurement.compare import Differences, differences
from planner.decision.present_probe import comparison_rows, difference_rows
from planner.domain.measurement import Measurement
from planner.format import plural
from planner.probe.errors import ProbeError
from planner.web import probe_words as words
from planner.web.answer import show_table
from planner.web.probe_desk import words_of
from planner.web.probe_kept import kept_list
from planner.web.state import catalog
from planner.web.text import md, small


def compare_panel(m: Measurement) -> None:
    """Choose another one, and what differs."""
    try:
        others = {o.measurement_id: o for o in kept_list().measurements if o.measurement_id != m.measurement_id}
    except ProbeError as error:
        st.warning(md(words_of(error)), icon="⚠️")
        return
    if not others:
        st.markdown("There is no other measurement here. Probe or import a second one to see what changed.")
        return
    tables = catalog().tables
    chosen = st.selectbox(
        "Compare with", list(others), format_func=lambda i: words.listed(others[i], tables), key="probe-other"
    )
    found = differences(m, others[chosen])
    if found.nothing:
        st.markdown("Both say the same.")
        return
    for sentence in sentences(found):
        st.markdown(f"**{md(sentence)}**")
    st.markdown("First is the measurement of this page, second the one chosen.")
    if found.loads:
        show_table(comparison_rows(found))
    if found.fields or found.knee or found.status:
        show_table(difference_rows(found))
    st.markdown(
        small(
            "More than the repeats differ: the slowest run of one is faster than the fastest of the other; loads "
            "that ran once have to differ by a quarter."
        )
    )


def sentences(found: Differences) -> list[str]:
    """How many loads changed beyond doubt."""
    certain = sum(load.certain for load in found.loads)
    both = sum(load.change_fraction is not None for load in found.loads)
    if not both:
        return ["No load was held in both, so their rates cannot be compared."]
    return [f"{certain} of {plural(both, 'load')} that both held changed by more than their repeats."]
