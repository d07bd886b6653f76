"""Scenarios: what is saved on this server."""

import streamlit as st

from planner.web import library
from planner.web.routes import DECIDE
from planner.web.state import store_or_warn

st.title("Scenarios")
kept = store_or_warn()
if kept is not None:
    archived = st.toggle("Show archived scenarios", key="show-archived")
    entries = kept.entries(include_archived=archived)
    if not entries:
        st.info("Nothing is saved yet. Make a scenario on the Decide page and press Save.", icon="ℹ️")
        st.page_link(DECIDE, label="Go to Decide")
    for entry in entries:
        library.show_entry(kept, entry)
