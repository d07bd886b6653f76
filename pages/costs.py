"""Costs: one option month by month, from the naive figure to the loaded one."""

import streamlit as st

from planner.web.costs_view import costs_page

st.title("Costs")
costs_page()
