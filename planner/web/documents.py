"""The project's own documents, shown in the app."""

from __future__ import annotations

import streamlit as st

from planner.web.state import ROOT


@st.cache_data(show_spinner=False)
def document(name: str) -> str:
    """Text of a file in docs/, without its first heading, which the page already shows."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    first, _, rest = text.partition("\n")
    return rest if first.startswith("# ") else text
