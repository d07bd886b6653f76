"""Claims: what articles say about the cost of running models, computed again."""

import streamlit as st

from planner.web import claims_view
from planner.web.text import small

st.title("Published claims, computed again")
st.markdown(
    "Claims of four articles about running language models, in our words. Every figure is computed now, with the "
    "functions that answer your own scenario."
)
st.markdown(small("The articles are not quoted. Licence findings are a reading aid, not legal advice."))
claims_view.show_counts()
found = claims_view.filtered()
if found:
    claims_view.show_found(found)
else:
    claims_view.show_none()
