"""One row of the catalog: source, every field, price history, what else is said of it, and who uses it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from planner.catalog.history import price_history
from planner.catalog.listing import Entry, TableSpec
from planner.catalog.search import spec_of
from planner.charts.price_history import price_history_alt, price_history_chart
from planner.decision.catalog_columns import name_of
from planner.decision.present_catalog import badges, origin_of
from planner.decision.present_catalog_others import (
    licence_of,
    licence_rows,
    opinion_rows,
    recovery_rows,
    recovery_sentences,
    score_rows,
)
from planner.decision.present_catalog_row import detail_rows, history_rows, related
from planner.decision.present_tables import Table
from planner.domain.freshness import age_text
from planner.domain.nearest import did_you_mean
from planner.store.errors import StoreError
from planner.web.answer import show_table, theme
from planner.web.parts import draw
from planner.web.routes import CATALOG, VIEW
from planner.web.state import catalog, store, today
from planner.web.tables import html_table
from planner.web.text import md, small

WORDS_WHOLE = """<style>
.st-key-catalog-fields .planner-table th { overflow-wrap: break-word; white-space: nowrap; }
.st-key-catalog-fields .planner-table td:nth-child(2) { min-width: 9rem; }
</style>"""
Listed = Callable[[str], tuple[Entry, ...]]


def row_panel(row_id: str, listed: Listed) -> None:
    """All about the row that the address names, or what to do when there is none."""
    spec = spec_of(row_id)
    found = listed(spec.key) if spec else ()
    entry = next((e for e in found if e.row_id == row_id), None)
    st.button("Back to the list", key="catalog-back", on_click=_back, args=(spec,))
    if spec is None or entry is None:
        near = did_you_mean(row_id, [e.row_id for e in found], "Search for it in the list.")
        st.error(f"The catalog has no row {md(row_id[:120])}. {md(near)}", icon="⚠️")
        return
    _head(spec, entry)
    with st.container(key="catalog-fields"):
        st.html(WORDS_WHOLE + html_table(detail_rows(entry, today())))
    _history(entry)
    _others(entry, listed)
    _related(entry)
    _used_by(entry)


def _back(spec: TableSpec | None) -> None:
    """The list of the same table."""
    st.query_params.pop("row", None)
    if spec is not None:
        st.session_state["table"] = spec.key


def _head(spec: TableSpec, entry: Entry) -> None:
    """Name, source, origin, date, age and what to look out for."""
    record = entry.record
    st.subheader(md(name_of(record, spec.key)))
    said = (spec.title, entry.row_id, origin_of(record), entry.as_of or "undated", age_text(entry.as_of, today()))
    st.markdown(md(", ".join(said)))
    for badge in filter(None, badges(entry, today()).split("; ")):
        st.warning(f"{md(badge[:1].upper() + badge[1:])}.", icon="⚠️")
    source, url = getattr(record, "source", ""), getattr(record, "source_url", "")
    if source:
        st.markdown(f"Source: {md(source)}")
    if url:
        st.link_button("Open the source", url)


def _history(entry: Entry) -> None:
    """The chart where there is a change to draw, and the same as a table."""
    history = price_history(catalog().tables, entry.row_id, today())
    if not history.series:
        return
    if history.dated:
        draw(price_history_chart(history, theme=theme()), price_history_alt(history), "price-history-chart")
    else:
        st.markdown(small("There is one price and no dated change: nothing to draw."))
    show_table(history_rows(history))


def _others(entry: Entry, listed: Listed) -> None:
    """What other tables say of the same thing; empty tables are left out."""
    tables = catalog().tables
    for sentence in recovery_sentences(tables, entry):
        st.markdown(md(sentence))
    prices = listed("api_prices") if entry.row_id.startswith("api") else ()
    shown: list[Table] = [opinion_rows(tables, entry, prices), recovery_rows(tables, entry), score_rows(tables, entry)]
    licence = licence_of(tables, entry)
    if licence is not None:
        shown.append(licence_rows(licence))
    for table in shown:
        if table.rows:
            show_table(table)


def _related(entry: Entry) -> None:
    found = related(entry)
    if found:
        st.subheader("Rows it names")
    for other in found:
        st.page_link(CATALOG, label=md(other.label), query_params={"row": other.row_id})


def _used_by(entry: Entry) -> None:
    """Saved scenarios whose newest revision rests on this row."""
    st.subheader("Used by these scenarios")
    try:
        using = store().using(entry.row_id)
    except StoreError as error:
        st.warning(md(str(error)), icon="⚠️")
        return
    if not using:
        st.markdown("No saved scenario rests on this row. Archived ones and earlier revisions are not counted.")
    for scenario in using:
        st.page_link(
            VIEW,
            label=f"{md(scenario.name)}, revision {scenario.revision}",
            query_params={"s": scenario.scenario_id, "r": str(scenario.revision)},
        )
        st.markdown(small(md(scenario.answer)))
