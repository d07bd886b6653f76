"""Decide: the question in the sidebar, the answer beside it."""

import streamlit as st

from planner.web import answer, share
from planner.web.fields import volume
from planner.web.inputs import sidebar
from planner.web.state import answer as current_answer
from planner.web.state import draft
from planner.web.text import small
from planner.web.usage_badge import origin_line


@st.fragment
def live() -> None:
    """The answer. A fragment: a change made inside it does not draw the sidebar again."""
    scenario = draft().scenario
    facts, result = current_answer(scenario)
    st.markdown(small(f"Prices of {result.on}. {answer.title(scenario)}"))
    origin_line(scenario)
    with answer.in_its_currency(scenario, result):
        answer.show_headline(scenario, result)
        volume()
        answer.show_chart(result)
        with st.container(horizontal=True, key="actions"):
            share.save_and_share(scenario, facts, result)
            share.downloads(scenario, facts, result)
            share.undo_button()
        answer.show_details(scenario, result)


sidebar()
st.title("Keep paying per token, or run the model ourselves?")
live()
