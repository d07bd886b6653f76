"""The catalog page: one row when the address names it, else the lists, contracts and the refresh."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from planner.catalog.listing import BY_KEY, Entry
from planner.catalog.search import entries
from planner.web.catalog_contracts import contract_form
from planner.web.catalog_list import list_panel
from planner.web.catalog_row import row_panel
from planner.web.refresh_view import refresh_panel
from planner.web.state import catalog, today
from planner.web.text import md, small

ROW_PARAMETER = "row"


def catalog_page() -> None:
    """What the address asks for: `?row=gpu_prices/<id>` is one row."""
    wanted = st.query_params.get(ROW_PARAMETER)
    if wanted:
        row_panel(wanted, listed)
        return
    read = catalog()
    st.markdown(
        "Every price and every fact that an answer can rest on: where it is from, and how old it is. Nothing here is "
        "ever changed: a new price is a new dated row, and a saved scenario keeps what it used."
    )
    st.markdown(small(f"Catalog {md(read.version)}, on {today()}."))
    list_panel(listed)
    contract_form()
    with st.expander("Refresh from public sources", key="catalog-refresh", on_change="rerun") as box:
        if box.open:
            refresh_panel()


def listed(key: str) -> tuple[Entry, ...]:
    """The entries of a table on today's date, built once for each version of the catalog and day."""
    return _entries(catalog().version, key, today())


@st.cache_resource(max_entries=64)
def _entries(version: str, key: str, on: dt.date) -> tuple[Entry, ...]:
    """The version is the key: another one is another catalog."""
    return entries(catalog(), BY_KEY[key], on)
