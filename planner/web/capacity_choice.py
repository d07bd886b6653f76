"""The candidates as a list: filter, order by cost, one chosen for everything below, and the whole list as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from planner.decision.present_capacity import Names, key_of
from planner.decision.present_capacity_tables import candidate_rows, cheapest_each, unpriced_rows
from planner.domain.capacity import Candidate, Found
from planner.format import count, plural, shown, shown_amount, usd
from planner.report.csv import safe
from planner.web.answer import show_table
from planner.web.tables import html_table
from planner.web.text import md, small

CHOSEN = "capacity-chosen"
WORDS, EACH = "capacity-words", "capacity-each"
PER_PAGE = 25
WIDE = """<style>
.st-key-capacity-table .planner-table table { min-width: 66rem; }
.st-key-capacity-table .planner-table td, .st-key-capacity-table .planner-table th { overflow-wrap: break-word; }
</style>"""
"""On a phone the table is moved sideways: a dozen columns in 400 pixels would break every word."""


def chosen(found: Found) -> Candidate | None:
    """The candidate that was chosen, while the answer still holds it; else the cheapest."""
    wanted = st.session_state.get(CHOSEN)
    return next((c for c in found.candidates if key_of(c) == wanted), found.cheapest)


def choose(key: str | None) -> None:
    """Another candidate for everything below."""
    st.session_state[CHOSEN] = key


def choice_box(found: Found, names: Names) -> None:
    """One line to choose with: the same choice as a row of the list."""
    now = chosen(found)
    if now is None:
        return
    by_key = {key_of(c): c for c in found.candidates}
    box = f"capacity-box-{key_of(now)}"
    st.selectbox(
        "Deployment shown",
        list(by_key),
        index=list(by_key).index(key_of(now)),
        format_func=lambda key: line(by_key[key], names),
        key=box,
        on_change=lambda: choose(st.session_state[box]),
        help="Cheapest first. Everything on this page is about the one chosen.",
        filter_mode="contains",
    )


def line(c: Candidate, names: Names) -> str:
    """A candidate in one line: the price first, as a narrow box cuts the end."""
    return (
        f"{usd(c.usd_per_month)} a month, {plural(c.replicas, 'replica')} of {names.replica(c)}, "
        f"{names.model(c.model_id)} {names.format(c.format_id)}, {c.provider} ({c.term.replace('_', ' ')})"
    )


def candidates_panel(found: Found, names: Names) -> None:
    """Filter, list, choice by row, download."""
    offered = _filtered(found, names)
    if not offered:
        st.info(f"No candidate holds “{md(st.session_state.get(WORDS, ''))}”. Take the filter away.", icon="ℹ️")
    else:
        _grid(found, offered, names)
        _folded("The same as a table, with the reasons", "capacity-reasons", lambda: _table(found, offered, names))
    _more(found, names)


def _folded(label: str, key: str, show: Callable[[], None]) -> None:
    """Drawn only when it is open."""
    box = st.expander(label, key=key, on_change="rerun")
    if box.open:
        with box:
            show()


def _filtered(found: Found, names: Names) -> tuple[Candidate, ...]:
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        words = st.text_input(
            "Filter", key=WORDS, placeholder="Model, format, GPU, provider, term: all words must occur"
        )
    with right:
        each = st.toggle("Only the cheapest price of each deployment", value=True, key=EACH)
    offered = cheapest_each(found.candidates) if each else found.candidates
    asked = words.lower().split()
    return tuple(c for c in offered if all(word in _said(c, names) for word in asked))


def _said(c: Candidate, names: Names) -> str:
    parts = (names.deployment(c), c.provider, c.provider_tier, c.instance, c.region, c.term, c.confidence, c.gpu_id)
    return " ".join(parts).lower()


def _grid(found: Found, offered: Sequence[Candidate], names: Names) -> None:
    """Rows to choose from; "Deployment shown" above chooses the same with the keyboard alone."""
    key = f"capacity-grid-{len(offered)}-{hash(tuple(map(key_of, offered))) & 0xFFFFFF:x}"
    st.dataframe(
        _cells(offered, names),
        key=key,
        hide_index=True,
        height=min(36 * (len(offered) + 1) + 3, 320),
        on_select=lambda: _selected(key, offered),
        selection_mode="single-row",
        column_config=_columns(),
        alt=f"{count(len(offered))} candidates, cheapest first; the table folded below has the same with reasons.",
    )
    listed = len(found.candidates)
    more = f" The {count(listed)} cheapest of {count(found.meeting)} are listed." if listed < found.meeting else ""
    told = f"{count(len(offered))} shown, cheapest first; tick one, and everything on this page is about it.{more}"
    st.markdown(small(f"{told} Rent of GPUs alone."))


def _selected(key: str, offered: Sequence[Candidate]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        choose(key_of(offered[rows[0]]))


def _cells(listed: Sequence[Candidate], names: Names) -> dict[str, list[Any]]:
    code = shown().code
    return {
        "Model": [names.model(c.model_id) for c in listed],
        "Format": [names.format(c.format_id) for c in listed],
        "Replica": [names.replica(c) for c in listed],
        "Replicas": [c.replicas for c in listed],
        f"{code}/month": [float(shown_amount(c.usd_per_month)) for c in listed],
        f"{code} per 1M tokens": [float(shown_amount(c.usd_per_mtok)) for c in listed],
        "TPOT (ms)": [c.tpot_ms for c in listed],
        "Confidence": [c.confidence for c in listed],
        "Provider": [c.provider for c in listed],
        "Term": [c.term.replace("_", " ") for c in listed],
        "On the front": [c.pareto for c in listed],
    }


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    code = shown().code
    return {
        f"{code}/month": number(format="%,.0f"),
        f"{code} per 1M tokens": number(format="%.3f"),
        "TPOT (ms)": number(format="%.1f"),
    }


def _table(found: Found, offered: Sequence[Candidate], names: Names) -> None:
    pages = -(-len(offered) // PER_PAGE)
    key = f"capacity-page-{len(offered)}"
    first = (min(st.session_state.get(key) or 1, pages) - 1) * PER_PAGE
    part = offered[first : first + PER_PAGE]
    st.markdown(small(f"{first + 1} to {first + len(part)} of {count(len(offered))} shown."))
    with st.container(key="capacity-table"):
        st.html(WIDE + html_table(candidate_rows(found, part, names)))
    if pages > 1:
        st.pagination(pages, key=key)


def _more(found: Found, names: Names) -> None:
    st.download_button(
        "Download candidates",
        data=lambda: candidates_csv(found),
        file_name=f"candidates-{found.on}.csv",
        mime="text/csv",
        on_click="ignore",
        key="capacity-csv",
        help="Every candidate with every figure, one row each; amounts in US dollars.",
    )
    if found.unpriced:
        label = f"{count(found.unpriced_count)} more would meet the target, but no price is known"
        _folded(label, "capacity-unpriced", lambda: show_table(unpriced_rows(found, names)))


def candidates_csv(found: Found) -> bytes:
    """UTF-8 with a byte-order mark, a column per field; text that a spreadsheet would run is defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    fields = list(Candidate.model_fields)
    writer.writerow(["on", *fields])
    for candidate in found.candidates:
        values = (getattr(candidate, name) for name in fields)
        cells = (" ".join(value) if isinstance(value, tuple) else "" if value is None else value for value in values)
        writer.writerow([found.on.isoformat(), *(safe(cell) for cell in cells)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
