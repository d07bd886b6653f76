"""Probe: what a server of one's own really does, and what that does to the plan."""

import streamlit as st

from planner.web.probe_view import probe_page

st.title("What does your server really do?")
probe_page()
