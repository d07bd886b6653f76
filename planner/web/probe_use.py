"""A measurement into the scenario: for which option, the decision before and after, and the button."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import streamlit as st

from planner.decision.present_currency import currency_sentence
from planner.decision.present_probe_effect import cited, doubt_sentences, effect_rows, effect_sentence, gained_sentence
from planner.decision.probe_apply import NotApplied
from planner.decision.probe_effect import ProbeEffect, probe_effect
from planner.domain.currency import written_in
from planner.domain.measurement import Measurement
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.web.answer import show_table
from planner.web.editing import replace
from planner.web.probe_declared import CPU, option_box, own_fleets
from planner.web.routes import DECIDE
from planner.web.share import undo_button
from planner.web.state import catalog, draft, today
from planner.web.text import md, small

USED = "probe-used"


def _text(value: Scenario | Measurement) -> str:
    return value.model_dump_json()


_BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {Scenario: _text, Measurement: _text}


@st.cache_resource(
    show_spinner="Working out the decision with it\N{HORIZONTAL ELLIPSIS}", max_entries=16, hash_funcs=_BY_TEXT
)
def effect(
    scenario: Scenario, on: dt.date, version: str, option_id: str, measurement: Measurement, accept: bool
) -> ProbeEffect:
    """Before and after; once for the same question, day and catalog (`version` tells catalogs apart)."""
    return probe_effect(scenario, catalog(), on, option_id, measurement, accept_without_gpu=accept)


def use_panel(m: Measurement) -> None:
    """The option, what would change, and the button."""
    scenario = draft().scenario
    _after_use(m)
    option = option_box("Put it into the option", f"probe-into-{m.measurement_id}")
    if option is None:
        st.info(
            f"{md(scenario.name)} has no option on GPUs of its own that could take it. Add one on the page Decide.",
            icon="ℹ️",
        )
        return
    accept = _accepted(m, option)
    try:
        found = effect(scenario, today(), catalog().version, option.option_id, m, accept)
    except NotApplied as error:
        for reason in error.reasons:
            st.error(md(f"It cannot be used: {reason.message} {reason.remedy}"), icon="⛔")
        return
    _side_by_side(found)
    same = found.scenario == scenario
    st.button(
        "Use it in the scenario",
        type="primary",
        key="probe-use",
        on_click=_use,
        args=(found.scenario, m.measurement_id),
        disabled=same,
        help="The scenario rests on this measurement already." if same else None,
    )
    st.markdown(
        small(
            "The option takes its throughput from the measured points and cites the measurement. Nothing else changes; "
            "Undo brings the figures back."
        )
    )


def _accepted(m: Measurement, option: SelfHosted) -> bool:
    """A server without a GPU says nothing of one: its figures are taken only when somebody says so."""
    if m.declared.gpu_id != CPU:
        return False
    return st.checkbox(
        f"It was measured without a GPU. Let it stand for {option.gpus_per_replica} x {md(option.gpu_id)} all the same",
        key=f"probe-accept-{m.measurement_id}",
        help="To try the way through. It stays a doubt wherever the figure goes, and confidence is low.",
    )


def _side_by_side(found: ProbeEffect) -> None:
    with written_in(found.scenario.currency):
        if told := currency_sentence(found.scenario.currency, today()):
            st.markdown(small(md(told)))
        with st.container(border=True, key="probe-effect"):
            st.markdown(f"**{md(effect_sentence(found))}**")
            st.markdown(md(gained_sentence(found)))
            if by := cited(found):
                st.markdown(small(md(f"The plan will cite {by}.")))
        for doubt in doubt_sentences(found):
            st.warning(md(doubt), icon="⚠️")
        show_table(effect_rows(found))


def _use(changed: Scenario, measurement_id: str) -> None:
    replace(changed)
    st.session_state[USED] = measurement_id


def _after_use(m: Measurement) -> None:
    """What was done, with the way to the answer and back."""
    if st.session_state.get(USED) != m.measurement_id:
        return
    cited = [o.calibration.measured_by for o in own_fleets(draft().scenario).values() if o.calibration]
    if not any(by is not None and by.measurement_id == m.measurement_id for by in cited):
        st.session_state.pop(USED)
        return
    with st.container(key="probe-done"):
        st.success("The scenario rests on this measurement, and cites it.", icon="✅")
        with st.container(horizontal=True):
            st.page_link(DECIDE, label="See the answer")
            undo_button()
