"""Workload: a team's own usage logs in, measured demand out, and into the scenario."""

import streamlit as st

from planner.web.usage_view import workload_page

st.title("Workload")
workload_page()
