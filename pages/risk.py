"""Risk: how sure the answer is when figures are ranges."""

import streamlit as st

from planner.web import risk_view
from planner.web.answer import in_its_currency, title
from planner.web.routes import DECIDE
from planner.web.state import answer, draft
from planner.web.text import small

scenario = draft().scenario
facts, result = answer(scenario)
st.title("How sure is the answer?")
st.markdown(small(f"{title(scenario)}, prices of {result.on}"))
st.page_link(DECIDE, label="Change the scenario")
draws, seed = risk_view.settings(scenario)
risk = risk_view.assessed(scenario, facts, draws, seed)
with in_its_currency(scenario, result):
    risk_view.show_headline(risk)
    if risk.status == "known":
        risk_view.show_spread(risk)
        risk_view.show_tornado(risk)
        risk_view.show_worth(risk)
    risk_view.show_flips(result)
    risk_view.show_map(scenario, facts, result)
    if risk.status == "known":
        risk_view.show_ranges(risk)
