"""Catalog: every dated fact that answers rest on, with its source; one row with its history and who uses it."""

import streamlit as st

from planner.web.catalog_view import catalog_page

st.title("Catalog")
catalog_page()
