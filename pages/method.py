"""How to read the answer: the guide, the method and the glossary, as they are in docs/."""

import streamlit as st

from planner.web.documents import document

st.title("How to read the answer")
guide, method, glossary = st.tabs(["Guide", "Method", "Glossary"])
with guide:
    st.markdown(document("reading.md"))
with method:
    st.markdown(document("method.md"))
with glossary:
    st.markdown(document("glossary.md"))
