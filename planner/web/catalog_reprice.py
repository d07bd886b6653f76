"""Re-pricing a saved scenario at today's catalog: the difference line by line, and a new revision of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from planner.decision import present, present_reprice
from planner.decision.evaluate import decide
from planner.decision.reprice import Priced, Repricing, reprice
from planner.domain.currency import written_in
from planner.domain.scenario import Scenario
from planner.store.errors import StoreError
from planner.store.revisions import Saved, SavedRef
from planner.web.answer import show_table
from planner.web.routes import VIEW
from planner.web.state import answer, store, was_repriced
from planner.web.text import md, small

LABEL = "Re-price at today's catalog"
DONE, WRONG = "repriced", "reprice-problems"


def reprice_panel(scenario: Scenario, pinned: Priced, ref: SavedRef | None, latest_revision: int | None) -> None:
    """What today's catalog changes. Nothing is computed before the panel is opened, and nothing saved is edited."""
    name = ref.scenario_id if ref else "link"
    _told(name)
    box = st.expander(LABEL, key=f"reprice-{name}-{ref.revision if ref else 0}", on_change="rerun")
    if box.open:
        with box:
            _opened(scenario, pinned, ref, latest_revision)


def reprice_saved(ref: SavedRef, load: Callable[[], Saved]) -> None:
    """The same for the newest revision in a list, which is read when the panel is opened."""
    _told(ref.scenario_id)
    box = st.expander(LABEL, key=f"reprice-{ref.scenario_id}-{ref.revision}", on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            saved = load()
        except StoreError as error:
            st.error(md(str(error)), icon="⚠️")
            return
        with written_in(saved.scenario.currency):
            pinned = Priced(saved.facts, decide(saved.scenario, saved.facts))
            _opened(saved.scenario, pinned, ref, saved.latest_revision)


def _opened(scenario: Scenario, pinned: Priced, ref: SavedRef | None, latest_revision: int | None) -> None:
    found = reprice(pinned, Priced(*answer(scenario)))
    show_difference(found)
    _save_button(scenario, found, ref, latest_revision)


def show_difference(found: Repricing) -> None:
    """Sentences, then figures, options, parts and warnings; empty tables are left out."""
    then, now = present_reprice.days(found)
    st.markdown(small(md(f"Then: prices of {then}. Now: prices of {now}.")))
    for sentence in present_reprice.sentences(found):
        st.markdown(md(sentence))
    if found.nothing:
        return
    for rows in (
        present_reprice.line_rows(found),
        present_reprice.option_rows(found),
        present_reprice.part_rows(found),
        present_reprice.warning_rows(found),
    ):
        if rows.rows:
            show_table(rows)


def _told(name: str) -> None:
    """After a save: where the new revision is, or why there is none."""
    for problem in st.session_state.pop(f"{WRONG}-{name}", []):
        st.error(md(problem), icon="⚠️")
    done = st.session_state.pop(f"{DONE}-{name}", None)
    if done is not None:
        st.success(f"Saved as revision {done.revision}. Earlier revisions keep their figures.", icon="✅")
        st.page_link(
            VIEW,
            label=f"Open revision {done.revision}",
            query_params={"s": done.scenario_id, "r": str(done.revision)},
        )


def _save_button(scenario: Scenario, found: Repricing, ref: SavedRef | None, latest_revision: int | None) -> None:
    if ref is None:
        st.markdown(md("This link is not saved here. Make your own copy to keep today's prices."))
        return
    if latest_revision is not None and latest_revision > ref.revision:
        st.markdown(md(f"There is a newer revision, {latest_revision}: re-price that one."))
        return
    st.button(
        "Save as a new revision",
        key=f"reprice-save-{ref.scenario_id}",
        type="primary",
        disabled=found.nothing,
        on_click=_save,
        args=(scenario, found.after, ref),
        help="The same scenario with today's prices. Nothing saved is changed.",
    )


def _save(scenario: Scenario, priced: Priced, ref: SavedRef) -> None:
    """The next revision of `ref`, when nobody was faster."""
    try:
        saved = store().save(
            scenario,
            priced.facts,
            present.headline(scenario, priced.result),
            scenario_id=ref.scenario_id,
            expected_revision=ref.revision,
            author=scenario.owner,
        )
    except StoreError as error:
        st.session_state[f"{WRONG}-{ref.scenario_id}"] = [str(error)]
        return
    was_repriced(ref, saved)
    st.session_state[f"{DONE}-{ref.scenario_id}"] = saved
