"""Looking for new prices from the catalog page: choose sources, see what would change, add it. For operators.

The sources are asked in the server process, one look at a time; every question has a deadline.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import streamlit as st

from planner.catalog.catalog import local_folder
from planner.catalog.tables import CatalogError
from planner.decision.present_tables import ROW, Column, Table
from planner.format import plural
from planner.refresh import words
from planner.refresh.errors import RefreshError
from planner.refresh.guard import Accept
from planner.refresh.run import Report, SourceReport, apply, chosen, refresh
from planner.refresh.snapshot import Source
from planner.refresh.sources import SOURCES
from planner.web.catalog_contracts import OPERATOR, is_operator
from planner.web.state import catalog, today
from planner.web.tables import html_table
from planner.web.text import md

REPORT, TOLD, WRONG, SOURCES_KEY = "refresh-report", "refresh-told", "refresh-wrong", "refresh-sources"
FIRST_CHOICE = ("genai", "openrouter")
"""Asked unless others are chosen: a few seconds; the price list of AWS takes minutes."""
ACCEPT = {
    "fewer": "Take lists that have less than before",
    "older": "Take lists of an earlier day",
    "jumps": "Take prices that move more than 10 times",
}
CODES = {"fewer": "FEWER", "older": "OLDER", "jumps": "JUMP"}
NOTES = 10
RIGHT = ("Old", "New", "%")
_one_look = threading.Lock()


def refresh_panel() -> None:
    """The panel, or how to be allowed it."""
    if (told := st.session_state.pop(TOLD, None)) is not None:
        st.success(md(told), icon="✅")
    if not is_operator():
        st.info(
            f"Looking for new prices is for operators. Start the server with {md(OPERATOR)}=1, or run "
            "`planner catalog refresh` beside it and restart.",
            icon="ℹ️",
        )
        return
    st.markdown(
        "The sources are asked for today's prices. Nothing is written before you say so; then new prices are added as "
        "rows of today, and saved scenarios keep what they used."
    )
    st.multiselect("Sources", list(SOURCES), FIRST_CHOICE, format_func=_title, key=SOURCES_KEY)
    report: Report | None = st.session_state.get(REPORT)
    accept = _accepted(report)
    if st.button("Look for new prices", key="refresh-look", icon="🔎", disabled=not st.session_state[SOURCES_KEY]):
        _look(st.session_state[SOURCES_KEY], accept)
    if (wrong := st.session_state.pop(WRONG, None)) is not None:
        st.error(md(wrong), icon="🚫")
    if report is not None:
        _show(report)


def _title(name: str) -> str:
    return SOURCES[name].title


def _accepted(report: Report | None) -> Accept:
    """What the operator takes upon themselves; asked only for what the last look was refused for."""
    refused = {o.code for source in report.sources for o in source.objections} if report is not None else set()
    given = {name: st.session_state.get(_key(name), False) for name in ACCEPT}
    return Accept(
        **{
            name: st.toggle(label, key=_key(name))
            for name, label in ACCEPT.items()
            if CODES[name] in refused or given[name]
        }
    )


def _key(name: str) -> str:
    return f"refresh-accept-{name}"


def _look(names: Sequence[str], accept: Accept) -> None:
    """Ask the sources, keep the report and draw the page again with it; say so when somebody else is asking."""
    if not _one_look.acquire(blocking=False):
        st.warning("Somebody is looking for new prices right now. Wait until they are done.", icon="⏳")
        return
    try:
        with st.status("Looking for new prices", expanded=True) as status:

            def tell(source: Source) -> None:
                status.update(label=f"Asking {source.title}")

            found = refresh(chosen(names), catalog(), today(), folder=local_folder(), accept=accept, tell=tell)
    except RefreshError as error:
        st.error(md(str(error)), icon="🚫")
        return
    finally:
        _one_look.release()
    st.session_state[REPORT] = found
    st.rerun()


def _show(report: Report) -> None:
    for source in report.sources:
        _show_source(source)
    if report.rows:
        st.button(
            f"Add {plural(len(report.rows), 'row')}", key="refresh-add", type="primary", on_click=_add, args=(report,)
        )
    else:
        st.markdown("There is nothing to add.")


def _show_source(source: SourceReport) -> None:
    """What came of one source."""
    said = f"**{md(source.title)}**: {md(words.summary(source))}"
    if source.status in ("failed", "refused"):
        st.warning(said, icon="⚠️")
    else:
        st.markdown(said)
    if source.diff.lines:
        st.html(html_table(_diff(source)))
    if findings := words.finding_rows(source):
        columns = tuple(Column(name) for name in words.FINDING_COLUMNS)
        st.html(html_table(Table(f"Differences: {source.title}", columns, tuple(findings))))
    notes = words.notes(source)
    if notes:
        more = [f"and {len(notes) - NOTES} more; the command line prints them all"] if len(notes) > NOTES else []
        st.markdown("\n".join(f"- {md(note)}" for note in (*notes[:NOTES], *more)))


def _diff(source: SourceReport) -> Table:
    """The differences; a row that is not there yet has no address."""
    rows = tuple(
        (*row[:-1], row[-1] if line.change == "changed" else "")
        for row, line in zip(words.diff_rows(source.diff), source.diff.lines, strict=True)
    )
    columns = tuple(Column(name, align="right" if name in RIGHT else "left") for name in words.DIFF_COLUMNS)
    assert columns[-1].name == ROW
    return Table(f"Differences: {source.title}", columns, rows)


def _add(report: Report) -> None:
    """Write the rows; everybody's next answer uses them."""
    try:
        apply(report, local_folder())
    except CatalogError as error:
        st.session_state[WRONG] = " ".join(map(str, error.problems))
        return
    except RefreshError as error:
        st.session_state[WRONG] = str(error)
        return
    catalog.clear()
    st.session_state.pop(REPORT, None)
    st.session_state[TOLD] = f"Added {plural(len(report.rows), 'row')} of {report.on}. New answers use them."
