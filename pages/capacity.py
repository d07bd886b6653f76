"""Capacity: what serves a load within a latency target, and what it costs to rent."""

import streamlit as st

from planner.web.capacity_view import capacity_page

st.title("What do I need to serve this load?")
capacity_page()
