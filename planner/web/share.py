"""Saving, links and downloads: the buttons under an answer."""

from __future__ import annotations

import datetime as dt
import os
import re
from urllib.parse import urlsplit

import streamlit as st

from planner import export
from planner.decision import present
from planner.domain.document import dump_yaml
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.store.errors import StoreError
from planner.store.link import LinkSize, LinkTooLong, encode
from planner.store.revisions import SavedRef
from planner.web.state import draft, store, store_or_warn, undo, was_saved
from planner.web.text import md, small


def base_url() -> str:
    """Address of this server as the visitor sees it: PLANNER_PUBLIC_URL, else what the browser used."""
    public = os.environ.get("PLANNER_PUBLIC_URL")
    if public:
        return public.rstrip("/")
    seen = urlsplit(str(st.context.url or "http://localhost:8501"))
    return f"{seen.scheme}://{seen.netloc}"


def saved_link(ref: SavedRef) -> str:
    """Link to one exact revision."""
    return f"{base_url()}/view?s={ref.scenario_id}&r={ref.revision}"


def file_stem(scenario: Scenario) -> str:
    """A file name for downloads that every system takes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", scenario.name).strip("-").lower()[:60] or "scenario"


def downloads(scenario: Scenario, facts: Facts, result: Result) -> None:
    """PDF, CSV and the scenario itself; each is made when it is asked for."""
    stem = file_stem(scenario)
    st.download_button(
        "Download PDF",
        data=lambda: export.pdf(scenario, facts, result, dt.datetime.now(dt.UTC)),
        file_name=f"{stem}.pdf",
        mime="application/pdf",
        on_click="ignore",
        key="download-pdf",
    )
    st.download_button(
        "Download CSV",
        data=lambda: export.csv(scenario, result),
        file_name=f"{stem}.csv",
        mime="text/csv",
        on_click="ignore",
        key="download-csv",
    )
    st.download_button(
        "Download scenario",
        data=lambda: dump_yaml(scenario),
        file_name=f"{stem}.yaml",
        mime="application/yaml",
        on_click="ignore",
        key="download-yaml",
        help="The inputs as a YAML file, for `planner evaluate` or another installation.",
    )


def save_and_share(scenario: Scenario, facts: Facts, result: Result) -> None:
    """Save a revision, or a new scenario, and links to it."""
    current = draft()
    label = "Save" if current.saved is None else "Save a new revision"
    st.button(
        label,
        type="primary",
        key="save",
        on_click=_save,
        args=(scenario, facts, result, current.saved),
        disabled=current.saved is not None and not current.dirty,
        help="Keeps inputs, prices and answer as they are now. Nothing saved is ever changed.",
    )
    if current.saved is not None:
        st.button(
            "Save as a new scenario",
            key="save-as",
            on_click=_save,
            args=(scenario, facts, result, None),
            help="Keeps what is saved as it is, and starts another scenario at revision 1.",
        )
    with st.popover("Share", key="share"):
        _links(scenario, facts)
    for problem in st.session_state.pop("save_problems", []):
        st.error(md(problem))
    if current.saved is not None:
        state = "not saved since" if current.dirty else "saved"
        st.markdown(small(f"Revision {current.saved.revision}, {state}"))


def undo_button() -> None:
    """Back to the scenario before the last change, the sidebar included."""
    if st.button("Undo", key="undo", disabled=not draft().history, help="Back to the scenario before the last change."):
        undo()
        st.rerun()


def _save(scenario: Scenario, facts: Facts, result: Result, onto: SavedRef | None) -> None:
    """Save as the next revision of `onto`, or as a new scenario."""
    try:
        ref = store().save(
            scenario,
            facts,
            present.headline(scenario, result),
            scenario_id=onto.scenario_id if onto else None,
            expected_revision=onto.revision if onto else None,
            author=scenario.owner,
        )
    except StoreError as error:
        st.session_state["save_problems"] = [str(error)]
        return
    was_saved(scenario, ref)


def _links(scenario: Scenario, facts: Facts) -> None:
    current = draft()
    if current.saved is None:
        st.write("Save first to get a short link to this exact revision.")
        store_or_warn()
    else:
        st.markdown(f"**Link to revision {current.saved.revision}**, for everybody who reaches this server:")
        st.code(saved_link(current.saved), language=None, wrap_lines=True)
    st.markdown("**Self-contained link**, works on any installation. It holds every figure: treat it as the document.")
    try:
        token = encode(scenario, facts)
    except LinkTooLong as too_long:
        st.info(md(str(too_long)), icon="ℹ️")
        return
    link = f"{base_url()}/view?x={token}"
    st.code(link, language=None, wrap_lines=True)
    if LinkSize(len(token)).may_be_cut:
        st.markdown(small(f"{len(link):,} characters: some mail and chat programs cut links this long."))
