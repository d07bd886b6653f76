"""The router. No pages/ folder may lie beside this file: Streamlit would open a deep link outside the frame."""

from contextlib import suppress

import streamlit as st

from planner.store.errors import StoreError
from planner.web.routes import PAGES
from planner.web.state import store

# An emoji: a :material: favicon would be fetched from another machine.
st.set_page_config(page_title="LLM TCO Planner", page_icon="💶", layout="wide")
with suppress(StoreError):  # pages that need the store say what is wrong with it
    store()
st.navigation(
    [
        st.Page(PAGES / "decide.py", title="Decide", default=True),
        st.Page(PAGES / "scenarios.py", title="Scenarios"),
        st.Page(PAGES / "method.py", title="How to read"),
        st.Page(PAGES / "view.py", title="Shared scenario", url_path="view", visibility="hidden"),
    ],
    position="top",
).run()
