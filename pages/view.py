"""A shared scenario, read-only, with the prices it was made with."""

import streamlit as st

from planner.web import answer, share, shared
from planner.web.usage_badge import origin_line

opened = shared.open_link()
if opened is not None:
    result = opened.result
    st.title(answer.title(opened.scenario))
    shared.banner(opened)
    origin_line(opened.scenario)
    with answer.in_its_currency(opened.scenario, result):
        answer.show_headline(opened.scenario, result)
        answer.show_chart(result)
        with st.container(horizontal=True, key="actions"):
            st.button("Make my own copy", type="primary", key="copy", on_click=shared.start_copy, args=(opened,))
            share.downloads(opened.scenario, opened.facts, result)
        shared.finish_copy()
        shared.reprice(opened)
        answer.show_details(opened.scenario, result)
