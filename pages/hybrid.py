"""Hybrid: an own fleet for the base of the load, the rest by the token."""

import streamlit as st

from planner.web.hybrid_view import hybrid_page

st.title("Hybrid")
hybrid_page()
