"""How sure the model is: its errors on rows that it had not seen, and where it is weak."""

from __future__ import annotations

import streamlit as st

from planner.catalog.predictor import PredictorFit
from planner.decision.present_capacity_trust import band_rows, constant_rows, error_rows, summary_sentences
from planner.web.answer import show_table
from planner.web.text import md


def trust_panel(fit: PredictorFit) -> None:
    """Sentences, errors by class, bands, and the constants folded."""
    for sentence in summary_sentences(fit):
        st.markdown(md(sentence))
    show_table(error_rows("Errors on rows kept from the fit", fit.cross_validated))
    show_table(band_rows(fit.bands))
    show_table(error_rows("Errors on a source when no row of it was used", fit.source_left_out))
    box = st.expander("Constants of the model", key="capacity-constants", on_change="rerun")
    if box.open:
        with box:
            show_table(constant_rows(fit.fitted))
    st.markdown(f"Written by `{fit.command}` from the measured rows of the catalog.")
