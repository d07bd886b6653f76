"""The list of saved scenarios: open, duplicate, rename, archive. There is no delete."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from planner.domain.document_problems import DocumentError
from planner.store.duck import Store
from planner.store.errors import StoreError
from planner.store.revisions import Entry, SavedRef
from planner.web.catalog_reprice import reprice_saved
from planner.web.routes import DECIDE, VIEW
from planner.web.share import saved_link
from planner.web.state import open_in_editor, was_renamed
from planner.web.text import md, small


def show_entry(kept: Store, entry: Entry) -> None:
    """One saved scenario with what can be done with it."""
    key = entry.scenario_id
    with st.container(border=True, key=f"entry-{key}"):
        st.subheader(md(entry.name) + (" (archived)" if entry.archived else ""))
        owner = f"{md(entry.owner)}, " if entry.owner else ""
        st.markdown(small(f"{owner}revision {entry.revision}, saved {entry.saved_at:%Y-%m-%d %H:%M} UTC"))
        st.markdown(md(entry.answer))
        with st.container(horizontal=True):
            if st.button("Open", key=f"open-{key}", type="primary"):
                _open(kept, entry)
            st.button("Duplicate", key=f"dup-{key}", on_click=_try, args=(key, lambda: _duplicate(kept, entry)))
            _rename(kept, entry)
            _archive(kept, entry)
            st.page_link(
                VIEW,
                label="View",
                query_params={"s": key, "r": str(entry.revision)},
                help=saved_link(SavedRef(key, entry.revision)),
            )
        _reprice(kept, entry)
        for problem in st.session_state.pop(f"problem-{key}", []):
            st.error(md(problem))


def _try(scenario_id: str, action: Callable[[], object]) -> None:
    """Run an action of a button; what goes wrong is said at the entry after the rerun."""
    try:
        action()
    except (StoreError, DocumentError) as error:
        st.session_state[f"problem-{scenario_id}"] = str(error).splitlines()


def _open(kept: Store, entry: Entry) -> None:
    try:
        saved = kept.load(entry.scenario_id, entry.revision)
    except StoreError as error:
        st.error(md(str(error)))
        return
    open_in_editor(saved.scenario, SavedRef(saved.scenario_id, saved.revision))
    st.switch_page(DECIDE)


def _duplicate(kept: Store, entry: Entry) -> None:
    kept.duplicate(entry.scenario_id, f"Copy of {entry.name}"[:200])


def _rename(kept: Store, entry: Entry) -> None:
    key = entry.scenario_id
    with st.popover("Rename", key=f"ren-{key}"):
        name = st.text_input("New name", value=entry.name, max_chars=200, key=f"name-{key}-{entry.revision}")
        st.button(
            "Save the name as a new revision",
            key=f"rename-{key}",
            disabled=not name.strip() or name == entry.name,
            on_click=_try,
            args=(key, lambda: _do_rename(kept, entry, name)),
        )


def _do_rename(kept: Store, entry: Entry, name: str) -> None:
    ref = kept.rename(entry.scenario_id, name.strip(), expected_revision=entry.revision)
    was_renamed(SavedRef(entry.scenario_id, entry.revision), ref, name.strip())


def _archive(kept: Store, entry: Entry) -> None:
    label = "Bring back" if entry.archived else "Archive"
    st.button(
        label,
        key=f"arc-{entry.scenario_id}",
        on_click=_try,
        args=(entry.scenario_id, lambda: kept.archive(entry.scenario_id, not entry.archived)),
        help="Archived scenarios stay readable by their links.",
    )


def _reprice(kept: Store, entry: Entry) -> None:
    """What today's catalog changes; the saved revision is read when the panel is opened."""
    ref = SavedRef(entry.scenario_id, entry.revision)
    reprice_saved(ref, lambda: kept.load(*ref))
