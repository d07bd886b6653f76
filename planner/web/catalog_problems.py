"""A catalog that cannot be read: every problem on the page, with file, line, column and the way out."""

from __future__ import annotations

import streamlit as st

from planner.catalog.tables import CatalogError
from planner.web.state import catalog
from planner.web.text import md


def stop_when_broken() -> None:
    """Say what is wrong with the catalog and draw nothing else: no answer can be trusted then."""
    try:
        catalog()
    except CatalogError as error:
        st.title("The catalog cannot be used")
        st.markdown("Rows of it were edited by hand and cannot be read. Mend them and restart the server.")
        for problem in error.problems:
            st.error(md(str(problem)), icon="⚠️")
        st.stop()
