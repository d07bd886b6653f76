"""Pieces that several pages draw the same way: figures on top, charts with their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from planner.decision.present import Metric
from planner.web.answer import CHART_CONFIG
from planner.web.text import md, small

IN_A_ROW = 3


def show_figures(metrics: Sequence[Metric], key: str, in_a_row: int = IN_A_ROW) -> None:
    """Figures with their units and what they are counted over, a few in a row."""
    with st.container(key=key):
        for start in range(0, len(metrics), in_a_row):
            for column, metric in zip(st.columns(in_a_row), metrics[start : start + in_a_row], strict=False):
                with column:
                    st.metric(md(metric.label), metric.value)
                    st.markdown(small(md(metric.note)))


def draw(figure: dict[str, Any], alt: str, key: str) -> None:
    """A chart as it is, with the same in words."""
    st.plotly_chart(figure, theme=None, key=key, config=CHART_CONFIG, alt=alt)
