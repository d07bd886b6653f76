"""Widgets bound to one field of the draft: label and help come from the domain, mistakes show under the widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from planner.web.state import PathKey, draft, value_at, widget_key, write_back
from planner.web.text import md


def _problem(path: PathKey) -> None:
    problem = draft().problems.get(path)
    if problem is not None:
        st.error(md(f"{problem.message}. {problem.remedy}. The last good value is still used."), icon="⚠️")


def number(
    label: str,
    path: PathKey,
    *,
    help_text: str,
    low: float = 0.0,
    high: float | None = None,
    step: float = 1.0,
    style: str = "%.10g",
) -> None:
    """A number, as float."""
    st.number_input(
        label,
        min_value=float(low),
        max_value=None if high is None else float(high),
        value=float(value_at(path)),
        step=float(step),
        format=style,
        key=widget_key(path),
        help=help_text,
        on_change=write_back,
        args=(path,),
    )
    _problem(path)


def whole(label: str, path: PathKey, *, help_text: str, low: int = 0, high: int | None = None) -> None:
    """A whole number."""
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=int(value_at(path)),
        step=1,
        key=widget_key(path),
        help=help_text,
        on_change=write_back,
        args=(path,),
    )
    _problem(path)


def price(label: str, path: PathKey, *, help_text: str) -> None:
    """A price: shown as a number, kept as an exact decimal."""
    st.number_input(
        label,
        min_value=0.0,
        value=float(value_at(path)),
        step=0.01,
        format="%.10g",
        key=widget_key(path),
        help=help_text,
        on_change=write_back,
        args=(path, lambda value: Decimal(repr(value))),
    )
    _problem(path)


def text(
    label: str,
    path: PathKey,
    *,
    help_text: str,
    area: bool = False,
    limit: int = 200,
    on_change: Callable[..., None] = write_back,
    args: tuple[Any, ...] | None = None,
) -> None:
    """Free text."""
    make = st.text_area if area else st.text_input
    make(
        label,
        value=str(value_at(path)),
        max_chars=limit,
        key=widget_key(path),
        help=help_text,
        on_change=on_change,
        args=(path,) if args is None else args,
    )
    _problem(path)


def choice(
    label: str,
    path: PathKey,
    options: Sequence[Any],
    *,
    help_text: str,
    show: Callable[[Any], str] = str,
    on_change: Callable[..., None] = write_back,
    args: tuple[Any, ...] | None = None,
) -> None:
    """One of several values; a value that is not on offer is put first, so that nothing changes unasked."""
    current = value_at(path)
    offered = list(options) if current in options else [current, *options]
    st.selectbox(
        label,
        offered,
        index=offered.index(current),
        format_func=show,
        key=widget_key(path),
        help=help_text,
        on_change=on_change,
        args=(path,) if args is None else args,
    )
    _problem(path)


VOLUMES = (
    0.0,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.3,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    7.5,
    10.0,
    15.0,
    20.0,
    30.0,
    50.0,
    100.0,
)


def volume() -> None:
    """The what-if factor on the whole workload."""
    path: PathKey = ("workload", "volume_multiplier")
    current = float(value_at(path))
    st.select_slider(
        "What if the volume were … times the workload?",
        sorted({*VOLUMES, current}),
        value=current,
        format_func=lambda factor: f"{factor:g}\N{MULTIPLICATION SIGN}",
        key=widget_key(path),
        help="Multiplies the requests of every class; tokens per request and the peak stay as they are.",
        on_change=write_back,
        args=(path,),
    )
