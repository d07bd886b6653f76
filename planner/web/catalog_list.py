"""One table of the catalog: search, filters, order, pages of fifty, and a way to each row."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from planner.catalog.listing import BY_KEY, TABLES, Entry, Sort, TableSpec
from planner.catalog.search import PAST, Query, facet_values, matching, ordered
from planner.decision.catalog_columns import name_of
from planner.decision.present_catalog import list_rows, spread_sentence
from planner.decision.present_contracts import contract_rows
from planner.domain.freshness import OLD
from planner.web.state import catalog, today
from planner.web.tables import html_table
from planner.web.text import md, small

PER_PAGE = 50
CONTRACTS = "contracted_prices"
TABLE_KEY, WORDS_KEY = "table", "q"
IN_A_ROW = 4
WIDE = """<style>
.st-key-catalog-table .planner-table table, .st-key-catalog-contracts .planner-table table { min-width: 62rem; }
.st-key-catalog-table .planner-table td, .st-key-catalog-table .planner-table th { overflow-wrap: break-word; }
.st-key-catalog-table .planner-table td:nth-last-child(6) { white-space: nowrap; }
</style>"""
"""On a phone the table is moved sideways: a dozen columns in 400 pixels would break every word. Sixth from the right
is the date, in one piece."""
Listed = Callable[[str], tuple[Entry, ...]]


@st.fragment
def list_panel(listed: Listed) -> None:
    """A fragment: a change of the search draws this list again and nothing else."""
    spec = _table(listed)
    if spec.key == CONTRACTS:
        _contracts()
        return
    everything = listed(spec.key)
    if not everything:
        st.info(f"The table {spec.title} has no rows yet. Add dated rows to data/{spec.key}.csv.", icon="ℹ️")
        return
    query, order = _query(spec, everything)
    found = matching(everything, query, spec, today())
    if not found:
        _none(spec, query)
        return
    _show(spec, ordered(found, order), len(everything))


def _table(listed: Listed) -> TableSpec:
    """Which table, and the box to search it with."""
    names = {spec.key: spec.title for spec in TABLES}
    first, second = st.columns([1, 2])
    with first:
        key = st.selectbox(
            "Table",
            list(names),
            format_func=lambda k: names[k],
            key=TABLE_KEY,
            bind="query-params",
            filter_mode="contains",
        )
    with second:
        if key != CONTRACTS:
            _search_box()
    return BY_KEY[key]


def _search_box() -> None:
    st.text_input(
        "Search",
        key=WORDS_KEY,
        bind="query-params",
        live=True,
        placeholder="Words, numbers or ids; all of them must occur, in any column",
    )


def _query(spec: TableSpec, everything: tuple[Entry, ...]) -> tuple[Query, Sort]:
    """What the reader asks for, and in which order."""
    wanted = {}
    by_name = {sort.name: sort for sort in spec.sorts}
    choices = [(facet, values) for facet in spec.facets if len(values := facet_values(everything, facet)) > 1]
    with st.expander("Filters and order", key="catalog-filters"):
        columns = [c for _ in range(len(choices) // IN_A_ROW + 1) for c in st.columns(IN_A_ROW)]
        with columns[0]:
            order = st.selectbox("Sort by", list(by_name), key=f"catalog-{spec.key}-sort")
        for column, (facet, values) in zip(columns[1:], choices, strict=False):
            with column:
                wanted[facet.name] = st.multiselect(
                    facet.name,
                    values,
                    format_func=_words,
                    key=f"catalog-{spec.key}-{facet.name}",
                    placeholder="All",
                )
    with st.container(horizontal=True):
        stale = st.toggle(f"{OLD[:1].upper()}{OLD[1:]}", key=f"catalog-{spec.key}-stale")
        retiring = any(entry.retiring for entry in everything) and st.toggle(
            "Retired or retiring", key=f"catalog-{spec.key}-retiring"
        )
        past = any(entry.state in PAST for entry in everything) and st.toggle(
            "Replaced rows too", key=f"catalog-{spec.key}-past"
        )
    return Query(str(st.session_state.get(WORDS_KEY) or ""), wanted, stale, retiring, not past), by_name[order]


def _words(value: str) -> str:
    return value.replace("_", " ")


def _none(spec: TableSpec, query: Query) -> None:
    """Nothing matches: say so, and the way out."""
    words = f" for “{md(query.words)}”" if query.words else ""
    st.info(f"Nothing in {spec.title}{words}. Take a filter away, or search for other words.", icon="ℹ️")
    st.button("Show all rows", key="catalog-clear", on_click=_clear, args=(spec,))


def _clear(spec: TableSpec) -> None:
    st.session_state[WORDS_KEY] = ""
    for key in [k for k in st.session_state if str(k).startswith(f"catalog-{spec.key}-")]:
        del st.session_state[key]


def _show(spec: TableSpec, found: tuple[Entry, ...], all_of_them: int) -> None:
    """One page of the list, the other pages, and a way to one row."""
    pages = -(-len(found) // PER_PAGE)
    key = f"catalog-page-{spec.key}-{len(found)}"
    start = (min(st.session_state.get(key) or 1, pages) - 1) * PER_PAGE
    shown = found[start : start + PER_PAGE]
    st.markdown(
        small(f"{start + 1:,} to {start + len(shown):,} of {len(found):,} found; {all_of_them:,} rows in {spec.title}.")
    )
    if told := spread_sentence(found):
        st.markdown(md(told))
    with st.container(key="catalog-table"):
        st.html(WIDE + html_table(list_rows(spec.title, spec.key, shown, today())))
    if pages > 1:
        st.pagination(pages, key=key)
    _open_one(spec, shown)


def _open_one(spec: TableSpec, shown: tuple[Entry, ...]) -> None:
    """All about one of the rows shown, on this page; the links in the table open it in a tab of its own."""
    by_id = {entry.row_id: entry for entry in shown}
    chosen = st.selectbox(
        "Show all about a row",
        list(by_id),
        index=None,
        format_func=lambda i: f"{name_of(by_id[i].record, spec.key)} ({i})",
        key=f"catalog-open-{spec.key}",
        placeholder="Choose one of the rows above",
        filter_mode="contains",
    )
    if chosen is not None:
        st.query_params["row"] = chosen
        st.rerun()


def _contracts() -> None:
    """Contracts beside the list: what is paid now."""
    st.markdown(
        "List unit price: what the provider publishes. Contracted unit price: what was negotiated. Effective unit "
        "price: what answers use today. A contract holds for new answers only; what is saved keeps its prices."
    )
    if not catalog().tables.contracted:
        st.info("There are no contracted prices yet. Add one below, or rows to contracted_prices.csv.", icon="ℹ️")
        return
    with st.container(key="catalog-contracts"):
        st.html(WIDE + html_table(contract_rows(catalog(), today())))
