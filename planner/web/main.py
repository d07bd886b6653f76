"""The router. No pages/ folder may lie beside this file: Streamlit would open a deep link outside the frame."""

from contextlib import suppress

import streamlit as st

from planner.store.errors import StoreError
from planner.web.answer import theme
from planner.web.catalog_problems import stop_when_broken
from planner.web.routes import PAGES
from planner.web.state import store

# An emoji: a :material: favicon would be fetched from another machine.
st.set_page_config(page_title="LLM TCO Planner", page_icon="💶", layout="wide")
# Streamlit writes white on the light blue of the dark theme's main buttons and tags, which cannot be read.
if theme() == "dark":
    st.html(
        '<style>:is(button[kind="primary"]:enabled, [data-tag-index]), '
        ':is(button[kind="primary"]:enabled, [data-tag-index]) * {color: #0e1117}</style>'
    )
with suppress(StoreError):  # pages that need the store say what is wrong with it
    store()
stop_when_broken()
st.navigation(
    [
        st.Page(PAGES / "decide.py", title="Decide", default=True),
        st.Page(PAGES / "workload.py", title="Workload"),
        st.Page(PAGES / "capacity.py", title="Capacity"),
        st.Page(PAGES / "probe.py", title="Probe"),
        st.Page(PAGES / "costs.py", title="Costs"),
        st.Page(PAGES / "hybrid.py", title="Hybrid"),
        st.Page(PAGES / "risk.py", title="Risk"),
        st.Page(PAGES / "claims.py", title="Claims"),
        st.Page(PAGES / "catalog.py", title="Catalog"),
        st.Page(PAGES / "scenarios.py", title="Scenarios"),
        st.Page(PAGES / "method.py", title="How to read"),
        st.Page(PAGES / "view.py", title="Shared scenario", url_path="view", visibility="hidden"),
    ],
    position="top",
).run()
